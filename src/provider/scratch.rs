//! The record by which homelab proves that it may edit a zone: its name and its content are the same at every provider.

use crate::evidence::{Fault, Record, Zone};

/// The first label of the scratch record.
pub(super) const LABEL: &str = "_homelab-check";
/// Its content, or what it begins with; nothing else is ever removed.
pub(super) const MARK: &str = "homelab scratch record";
/// Its time to live at a server of one's own, in seconds.
pub(super) const TTL: u32 = 10;
/// How many names are tried: others may have records at the first ones.
const NAMES: u32 = 5;

/// Whether a record at a server of one's own is a scratch record, which a run that was stopped left behind.
#[must_use]
pub(super) fn is_scratch(record: &Record) -> bool {
    record.kind == "TXT" && record.name.starts_with(LABEL) && record.text() == MARK
}

/// The names that are tried in turn, without a final dot.
pub(super) fn names(zone: &Zone) -> impl Iterator<Item = String> {
    let zone = zone.name.clone();
    let label = |n| if n == 1 { LABEL.to_owned() } else { format!("{LABEL}-{n}") };
    (1..=NAMES).map(move |n| format!("{}.{zone}", label(n)))
}

/// None of them is free.
pub(super) fn none_is_free(zone: &Zone) -> Fault {
    Fault::Unexpected {
        what: format!("others have records at `{LABEL}.{}` and at the names beside it", zone.name),
    }
}
