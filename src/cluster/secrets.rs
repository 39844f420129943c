//! Secrets whole, for `homelab backup`, `restore`, `cert export` and `protect`.

use http::StatusCode;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::desired::meta::{HOMELAB, RESTORE};
use crate::desired::object::Key;
use crate::error::Result;
use crate::plan::ownership::Doomed;

impl Cluster {
    /// An object as it is; none if it is not there.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses.
    pub async fn read(&self, key: &Key) -> Result<Option<Value>> {
        match self.send::<Value>(request::get(&request::object(key), false)).await {
            Ok(live) => Ok(Some(live)),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == StatusCode::NOT_FOUND.as_u16() => {
                Ok(None)
            }
            Err(failed) => Err(self.explain(&Purpose { verb: "get", what: key.to_string() }, failed)),
        }
    }

    /// Applies a Secret of a backup, with a field manager of its own. Over what is there, only if it still is what was seen.
    ///
    /// # Errors
    /// When the API server refuses, also because somebody has written there meanwhile.
    pub async fn restore(&self, key: &Key, body: &Value, over: Option<&Doomed>) -> Result<()> {
        self.write_secret(RESTORE, key, body, over).await
    }

    /// Applies the Secret with the users of a service; over what is there, only if it still is what was seen.
    ///
    /// # Errors
    /// When the API server refuses, also because somebody has written there meanwhile.
    pub async fn write_users(&self, key: &Key, body: &Value, over: Option<&Doomed>) -> Result<()> {
        self.write_secret(HOMELAB, key, body, over).await
    }

    async fn write_secret(
        &self,
        manager: &str,
        key: &Key,
        body: &Value,
        over: Option<&Doomed>,
    ) -> Result<()> {
        let mut query = format!("fieldManager={manager}&fieldValidation=Strict");
        let mut body = body.clone();
        if let Some(seen) = over {
            query.push_str("&force=true");
            body["metadata"]["uid"] = seen.uid.as_str().into();
            body["metadata"]["resourceVersion"] = seen.version.as_str().into();
        }
        let request = request::apply(&request::object(key), &query, &body);
        let sent = self.send::<Value>(request).await.map(drop);
        sent.map_err(|failed| self.explain(&Purpose { verb: "patch", what: key.to_string() }, failed))
    }
}
