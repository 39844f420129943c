//! The one proof that the key may edit records: to make one and take it away again. An update adds beside what is there and removes
//! one record alone, so that nobody else's can be lost; the record is made only at a name that has none all the same.

use super::client::Client;
use super::fault::of_update;
use super::message::Update;
use super::wire::rcode;
use crate::evidence::{Fault, Record, Zone};

/// The first label of the scratch record.
const LABEL: &str = "_homelab-check";
/// Its content; nothing else is ever removed.
const MARK: &str = "homelab scratch record";
/// How many names are tried: others may have records at the first ones.
const NAMES: u32 = 5;
/// Seconds.
const TTL: u32 = 10;
/// "Some name that ought not to exist, does exist" (RFC 2136, section 2.2).
const USED: u8 = 6;

/// Whether a record is a scratch record, which a run that was stopped left behind.
#[must_use]
pub(super) fn is_scratch(record: &Record) -> bool {
    record.kind == "TXT" && record.name.starts_with(LABEL) && record.text() == MARK
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and with it what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        for n in 1..=NAMES {
            let label = if n == 1 { LABEL.to_owned() } else { format!("{LABEL}-{n}") };
            let name = format!("{label}.{}", zone.name);
            let removal = || Update::default().remove_text(&name, MARK);
            self.update(zone, removal()?).await?.map_or(Ok(()), |code| Err(of_update(code)))?;
            let made = Update::default().where_unused(&name)?.add_text(&name, TTL, MARK)?;
            match self.update(zone, made).await? {
                Some(USED) => continue,
                Some(code) => return Err(of_update(code)),
                None => {}
            }
            let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
            return match self.update(zone, removal()?).await.map_err(leftover)? {
                None => Ok(()),
                Some(code) => Err(leftover(of_update(code))),
            };
        }
        let what = format!("others have records at `{LABEL}.{}` and at the names beside it", zone.name);
        Err(Fault::Unexpected { what })
    }

    /// Sends an update; `Some` code where the server says no.
    async fn update(&self, zone: &Zone, update: Update) -> Result<Option<u8>, Fault> {
        let checked = self.exchange(&update.of_zone(&zone.name)?).await?;
        Ok(rcode(&checked.bytes).filter(|code| *code != 0))
    }
}
