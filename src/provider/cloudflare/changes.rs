//! The calls that write (developers.cloudflare.com/api, "Create DNS Record", "Delete DNS Record").

use reqwest::Method;
use serde_json::Value;

use crate::evidence::{Fault, Permission, Record, Zone};
use crate::provider::call::Call;
use crate::provider::cloudflare::client::Client;

/// "An identical record already exists."
const EXISTS: u32 = 81058;
/// "Record does not exist."
const GONE: u32 = 81044;

impl Client {
    /// Adds a record. One that is there already is as good: a call whose answer got lost has written it.
    pub(super) async fn create(&self, zone: &Zone, record: Value) -> Result<(), Fault> {
        let call = Call::new(Method::POST, &format!("zones/{}/dns_records", zone.id), Permission::DnsEdit);
        match self.send(call.body(record)).await {
            Ok(_) | Err(Fault::Refused { code: EXISTS, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Deletes this record, and no other one. One that is gone already is as good.
    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let path = format!("zones/{}/dns_records/{}", zone.id, record.id);
        match self.send(Call::new(Method::DELETE, &path, Permission::DnsEdit)).await {
            Ok(_) | Err(Fault::Refused { code: GONE, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
