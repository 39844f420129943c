//! The call that writes. The API knows sets of records alone (docs/http-api/zone.rst, "rrset"): one is changed by all that is to be
//! in it.

use reqwest::Method;
use serde_json::json;

use super::answers::undotted;
use super::client::Client;
use crate::evidence::{Fault, Permission, Zone};
use crate::provider::call::Call;

impl Client {
    /// Lets a name have these records of one type and no others, or none; `ttl` is their time to live, in seconds.
    pub(super) async fn change(
        &self,
        zone: &Zone,
        (name, kind): (&str, &str),
        ttl: u32,
        contents: &[String],
    ) -> Result<(), Fault> {
        let records: Vec<_> =
            contents.iter().map(|content| json!({ "content": content, "disabled": false })).collect();
        let mut rrset = json!({ "name": format!("{}.", undotted(name)), "type": kind, "records": records });
        match contents {
            [] => rrset["changetype"] = "DELETE".into(),
            _ => (rrset["changetype"], rrset["ttl"]) = ("REPLACE".into(), ttl.into()),
        }
        let call = Call::new(Method::PATCH, &format!("zones/{}", zone.id), Permission::DnsEdit);
        self.send(call.body(json!({ "rrsets": [rrset] }))).await.map(drop)
    }
}
