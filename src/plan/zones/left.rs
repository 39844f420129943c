//! What clusters have left in the zone of an organisation.

use crate::desired::external_dns::TXT_PREFIX;
use crate::evidence::Record;
use crate::evidence::ownership::owners_of;
use crate::facts::organisations;
use crate::facts::ownership::{KINDS, Owner, Ownership, WILDCARD};

/// The records that external-dns wrote for the organisation in these clusters, given by their owner ids, and the TXT records that
/// say so. Whole sets of one name and type: one in which anybody else has anything is not among them.
#[must_use]
pub fn left_by<'r>(labs: &[&str], organisation: &str, records: &'r [Record]) -> Vec<&'r Record> {
    let registry = Ownership {
        id: String::new(),
        txt_prefix: TXT_PREFIX.to_owned(),
        wildcard_replacement: WILDCARD.to_owned(),
    };
    let is_theirs =
        |owner: &Owner| labs.iter().any(|lab| organisations::of(lab, &owner.id) == Some(organisation));
    let is_left = |record: &Record| match record.kind.as_str() {
        "TXT" => Owner::parse(&record.text()).is_some_and(|owner| is_theirs(&owner)),
        kind if KINDS.contains(&kind) => {
            let mut owners = owners_of(records, &registry, record).peekable();
            owners.peek().is_some() && owners.all(|owner| is_theirs(&owner))
        }
        _ => false,
    };
    let same_set = |a: &Record, b: &Record| a.kind == b.kind && a.name.eq_ignore_ascii_case(&b.name);
    let others: Vec<&Record> = records.iter().filter(|record| !is_left(record)).collect();
    records.iter().filter(|record| !others.iter().any(|other| same_set(other, record))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, name: &str, content: &str) -> Record {
        let fields = serde_json::json!({ "id": "", "type": kind, "name": name, "content": content });
        serde_json::from_value(fields).unwrap()
    }

    fn text(owner: &str) -> Record {
        let said =
            format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/a/b\"");
        record("TXT", "a-homelab.wiki.acme.test", &said)
    }

    fn left(records: &[Record]) -> Vec<&str> {
        left_by(&["lab"], "acme", records).into_iter().map(|record| record.kind.as_str()).collect()
    }

    #[test]
    fn a_set_in_which_somebody_else_has_something_is_not_left_and_neither_is_what_two_call_theirs() {
        let host = || record("A", "wiki.acme.test", "192.168.1.2");
        assert_eq!(left(&[host(), text("lab/acme/shop")]), ["A", "TXT"]);
        assert_eq!(left(&[host(), text("lab/acme/shop"), text("lab/acme/office")]), ["A", "TXT", "TXT"]);
        for stranger in ["attic/acme/shop", "lab/globex/shop", "lab", "lab2/acme/shop"] {
            assert!(left(&[host(), text("lab/acme/shop"), text(stranger)]).is_empty(), "{stranger}");
            assert!(left(&[host(), text(stranger)]).is_empty(), "{stranger}");
        }
        let by_hand = record("TXT", "A-homelab.wiki.acme.test", "\"mine\"");
        assert_eq!(left(&[host(), text("lab/acme/shop"), by_hand]), ["A"]);
        assert!(
            left(&[host(), record("NS", "acme.test", "ns-1.test"), record("MX", "acme.test", "m")])
                .is_empty()
        );
    }
}
