//! The accounts that homelab's own timers have, that which may only read above all: their tokens, and a kubeconfig with one.

use k8s_openapi::ByteString;
use kube::config::{AuthInfo, Kubeconfig};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::desired::reader::{NAME, NAMESPACE, user};
use crate::error::{Error, Result};
use crate::evidence::at;
use crate::facts::secret::Secret;

/// A token of an account.
pub struct Granted {
    account: &'static str,
    token: Secret,
    /// Until when it is good, as the API server says (RFC 3339).
    pub until: String,
}

impl Cluster {
    /// Whether the kubeconfig's user is the account that may only read.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        self.certificates.reads_only
    }

    /// A token of the account that may only read.
    ///
    /// # Errors
    /// When the API server cannot be asked, or refuses.
    pub async fn reader_token(&self, seconds: u64) -> Result<Option<Granted>> {
        self.account_token(NAME, seconds).await
    }

    /// Asks for a token of an account beside homelab's own services that is good for so many seconds, 600 at least (Kubernetes
    /// API, TokenRequest); `None` when the account is not there.
    ///
    /// # Errors
    /// When the API server cannot be asked, or refuses.
    pub async fn account_token(&self, account: &'static str, seconds: u64) -> Result<Option<Granted>> {
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "expirationSeconds": seconds },
        });
        let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token");
        let purpose =
            || Purpose { verb: "create", what: format!("a token of ServiceAccount {NAMESPACE}/{account}") };
        let answer = match self.send::<Value>(request::create(&path, &body)).await {
            Ok(answer) => answer,
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => return Ok(None),
            Err(failed) => return Err(self.explain(&purpose(), failed)),
        };
        let token = Secret::new(at(&answer, "/status/token"))
            .map_err(|_| Error::unfinished("the API server answered without a token"))?;
        Ok(Some(Granted { account, token, until: at(&answer, "/status/expirationTimestamp").to_owned() }))
    }

    /// A kubeconfig with the token, for the cluster that the one in use leads to.
    ///
    /// # Errors
    /// When that cannot be read any more.
    pub fn account_kubeconfig(&self, context: Option<&str>, granted: &Granted) -> Result<Value> {
        let unread = |why: &dyn std::fmt::Display| {
            Error::unfinished(format!("cannot read the kubeconfig `{}`", self.kubeconfig.display()))
                .because(why)
        };
        let file = Kubeconfig::read_from(&self.kubeconfig).map_err(|error| unread(&error))?;
        let (name, cluster) = cluster_of(&file, context).map_err(|why| unread(&why))?;
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": name, "cluster": cluster }],
            "users": [{ "name": granted.account, "user": { "token": granted.token.expose() } }],
            "contexts": [{ "name": granted.account, "context": { "cluster": name, "user": granted.account } }],
            "current-context": granted.account,
        }))
    }
}

/// The entry of the cluster that a context is for, with its authority inside, since a file beside it stays behind.
fn cluster_of(file: &Kubeconfig, context: Option<&str>) -> std::result::Result<(String, Value), String> {
    let wanted = context.or(file.current_context.as_deref()).unwrap_or_default();
    let named = file.contexts.iter().find(|one| one.name == wanted).and_then(|one| one.context.as_ref());
    let name = &named.ok_or_else(|| format!("it has no context `{wanted}`"))?.cluster;
    let entry = file.clusters.iter().find(|one| one.name == *name).and_then(|one| one.cluster.as_ref());
    let entry = entry.ok_or_else(|| format!("it has no cluster `{name}`"))?;
    let mut value = serde_json::to_value(entry).map_err(|error| error.to_string())?;
    if let (Some(path), Some(fields)) = (&entry.certificate_authority, value.as_object_mut()) {
        let bytes = std::fs::read(path).map_err(|error| format!("`{path}`: {error}"))?;
        fields.remove("certificate-authority");
        fields.insert("certificate-authority-data".to_owned(), json!(ByteString(bytes)));
    }
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    Ok((name.clone(), value))
}

/// Whether the user of a kubeconfig has a token of the account. Nobody relies on it: the API server judges the token.
pub(super) fn is_reader(auth: &AuthInfo) -> bool {
    let value = serde_json::to_value(auth).unwrap_or_default();
    // A pod has it in a file, which its kubelet renews.
    let of_file = auth.token_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    let token = of_file.as_deref().map_or(at(&value, "/token"), str::trim);
    subject(token).is_some_and(|subject| subject == user())
}

/// The subject of a JSON Web Token (RFC 7519); `None` when it is none.
fn subject(token: &str) -> Option<String> {
    let mut payload = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    while payload.len() % 4 != 0 {
        payload.push('=');
    }
    let bytes: ByteString = serde_json::from_value(payload.into()).ok()?;
    let claims: Value = serde_json::from_slice(&bytes.0).ok()?;
    Some(at(&claims, "/sub").to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cluster::access::Certificates;
    use crate::cluster::examine::lists;
    use crate::cluster::log::places;
    use crate::config::Controller;
    use crate::desired::kind;
    use crate::desired::kind::KINDS;
    use crate::desired::reader::rules;
    use crate::evidence::entries;
    use crate::ingress::traits_of;

    /// A token with this payload in base64url; nobody signed it.
    fn token(payload: &str) -> String {
        format!("e30.{payload}.c2ln")
    }

    #[test]
    fn the_account_is_known_by_its_token_and_nobody_else_is() {
        // {"sub":"system:serviceaccount:homelab:homelab-doctor"}
        let ours = token("eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6aG9tZWxhYjpob21lbGFiLWRvY3RvciJ9");
        // {"sub":"system:serviceaccount:homelab:other"}
        let other = token("eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6aG9tZWxhYjpvdGhlciJ9");
        let auth = |token: &str| serde_json::from_value::<AuthInfo>(json!({ "token": token })).unwrap();
        assert!(is_reader(&auth(&ours)));
        for token in [other.as_str(), "", "abc", "a.b.c", "a.%%.c"] {
            assert!(!is_reader(&auth(token)), "{token}");
        }
        assert!(!is_reader(&AuthInfo::default()));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), ours + "\n").unwrap();
        let auth = |path: &std::path::Path| serde_json::from_value(json!({ "tokenFile": path })).unwrap();
        assert!(is_reader(&auth(file.path())) && !is_reader(&auth("/nowhere".as_ref())));
    }

    #[test]
    fn the_cluster_of_the_context_is_taken_with_its_authority() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.crt");
        std::fs::write(&path, "authority").unwrap();
        let file: Kubeconfig = serde_json::from_value(json!({
            "clusters": [
                { "name": "a", "cluster": { "server": "https://a:6443", "certificate-authority-data": "YQ==" } },
                { "name": "b", "cluster": { "server": "https://b:6443", "certificate-authority": path } },
            ],
            "contexts": [
                { "name": "first", "context": { "cluster": "a", "user": "admin" } },
                { "name": "second", "context": { "cluster": "b", "user": "admin" } },
            ],
            "users": [{ "name": "admin", "user": { "token": "t0p-secret" } }],
            "current-context": "first",
        }))
        .unwrap();
        let data = |context| cluster_of(&file, context).unwrap().1["certificate-authority-data"].clone();
        assert_eq!((data(None), data(Some("second"))), (json!("YQ=="), json!("YXV0aG9yaXR5")));
        let (name, entry) = cluster_of(&file, Some("second")).unwrap();
        assert_eq!((name.as_str(), &entry["server"]), ("b", &json!("https://b:6443")));
        assert!(entry.get("certificate-authority").is_none());
        assert!(cluster_of(&file, Some("third")).unwrap_err().contains("`third`"));
    }

    /// Whether one of the account's rules lets it read the resource there.
    fn may(controller: Controller, group: &str, resource: &str, namespace: Option<&str>) -> bool {
        let has =
            |rule: &Value, field: &str, value: &str| entries(rule, field).iter().any(|one| one == value);
        rules(controller).iter().any(|(place, rule)| {
            (place.is_none() || place.as_deref() == namespace)
                && has(rule, "/apiGroups", group)
                && has(rule, "/resources", resource)
        })
    }

    #[test]
    fn the_account_may_read_whatever_the_doctor_reads_with_each_controller() {
        for controller in Controller::ALL {
            let traits = traits_of(*controller);
            let may = |group: &str, resource: &str, namespace: Option<&str>| {
                may(*controller, group, resource, namespace)
            };
            for (_, path, _) in lists(traits) {
                let path = path.split('?').next().unwrap();
                let (group, rest) = match path.strip_prefix("/apis/") {
                    Some(rest) => rest.split_once('/').unwrap(),
                    None => ("", path.strip_prefix("/api/").unwrap()),
                };
                let (_, rest) = rest.split_once('/').unwrap();
                let inside = rest.strip_prefix("namespaces/").and_then(|rest| rest.split_once('/'));
                let (namespace, resource) =
                    inside.map_or((None, rest), |(at, resource)| (Some(at), resource));
                assert!(may(group, resource, namespace), "{path}");
            }
            for kind in KINDS.iter().filter(|kind| **kind != &kind::SECRET) {
                let namespace = (**kind == kind::CONFIG_MAP).then_some(traits.namespace);
                assert!(may(kind.group, kind.plural, namespace), "{}", kind.plural);
            }
            for (namespace, _) in places(traits, "cert-manager") {
                assert!(may("", "pods/log", Some(namespace)), "{namespace}");
            }
            for namespace in [traits.namespace, "external-dns"] {
                assert!(may("", "pods/proxy", Some(namespace)), "{namespace}");
            }
            assert!(!may("", "secrets", None) && !may("", "pods/proxy", Some("homelab")));
        }
    }

    #[tokio::test]
    async fn a_snapshot_of_who_may_only_read_asks_for_no_secret() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let noted = log.clone();
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            noted.lock().unwrap().push(request.uri().path().to_owned());
            let body = kube::client::Body::from(br#"{"metadata":{},"items":[]}"#.to_vec());
            async move { Ok::<_, std::convert::Infallible>(http::Response::new(body)) }
        });
        let client = kube::Client::new(service, "default");
        let mut certificates = Certificates::default();
        certificates.reads_only = true;
        let cluster = Cluster {
            asking: client.clone(),
            client,
            server: String::new(),
            kubeconfig: "fake".into(),
            certificates,
        };
        cluster.snapshot("home.example.com", Controller::default()).await.unwrap();
        let log = log.lock().unwrap();
        assert!(!log.iter().any(|path| path.contains("secrets") || path == "/api/v1/configmaps"), "{log:?}");
        assert!(log.contains(&"/api/v1/namespaces/ingress-nginx/configmaps".to_owned()));
    }

    /// As modules/doctor.nix gives it to the doctor's unit until there is a token.
    #[tokio::test]
    async fn a_kubeconfig_without_a_user_is_enough_to_see_that_nobody_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let text = r#"{"apiVersion":"v1","clusters":[{"cluster":{"server":"https://127.0.0.1:1"},"name":"k3s"}],"contexts":[{"context":{"cluster":"k3s"},"name":"k3s"}],"current-context":"k3s","kind":"Config"}"#;
        std::fs::write(&path, text).unwrap();
        let cluster = Cluster::connect(Some(&path), None, false).await.map_err(Error::from).unwrap();
        let error = cluster.reader_token(600).await.map(|_| ()).unwrap_err();
        assert!(error.what.contains("cannot reach the API server"), "{}", error.what);
        assert!(!cluster.reads_only());
    }
}
