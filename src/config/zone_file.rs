//! The file of a zone (`dns.insideZones`, `file`): what of RFC 1035, section 5, a house needs, and every mistake with its line.
//!
//! What is read is written anew for CoreDNS: nothing of the file itself gets there. Its SOA record and its times to live are not
//! taken: homelab gives the zone a serial that changes with its content, and every answer the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::facts::names::{is_label, is_within};

mod words;

pub use words::Mistake;
use words::{Line, Word, lines};

/// The longest file, in bytes: a ConfigMap holds 1 MiB (Kubernetes docs, "ConfigMaps").
pub const LONGEST: usize = 256 << 10;
const TYPES: &str = "A, AAAA, CNAME, MX, NS, PTR, SRV and TXT";

/// One record of a zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZoneRecord {
    /// Its whole name, in lower case, without the final dot; the first label may be `*`.
    pub name: String,
    /// What it says.
    pub data: RecordData,
}

/// What a record says; names in it are whole, in lower case, without the final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that this one is an alias of.
    Cname(String),
    /// Preference and name of a mail server.
    Mx(u16, String),
    /// A name server.
    Ns(String),
    /// The name behind an address.
    Ptr(String),
    /// Priority, weight, port and name of a server.
    Srv([u16; 3], String),
    /// Texts.
    Txt(Vec<String>),
}

impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => write!(f, "A {address}"),
            Self::Aaaa(address) => write!(f, "AAAA {address}"),
            Self::Cname(name) => write!(f, "CNAME {name}."),
            Self::Mx(preference, name) => write!(f, "MX {preference} {name}."),
            Self::Ns(name) => write!(f, "NS {name}."),
            Self::Ptr(name) => write!(f, "PTR {name}."),
            Self::Srv([priority, weight, port], name) => write!(f, "SRV {priority} {weight} {port} {name}."),
            Self::Txt(texts) => {
                f.write_str("TXT")?;
                texts.iter().try_for_each(|text| {
                    write!(f, " \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                })
            }
        }
    }
}

/// Reads the records of `zone`, sorted, each once.
///
/// # Errors
/// Every mistake, in the order of the file.
pub(super) fn parse(zone: &str, text: &str) -> Result<Vec<ZoneRecord>, Vec<Mistake>> {
    let mut reader = Reader { zone, origin: zone.to_owned(), owner: None };
    let (mut records, mut mistakes) = (BTreeMap::new(), Vec::new());
    if text.len() > LONGEST {
        let why = format!("the file is longer than {} KiB", LONGEST >> 10);
        return Err(vec![Mistake { line: 1, why }]);
    }
    match lines(text) {
        Ok(lines) => {
            for line in &lines {
                match reader.record(line) {
                    Ok(Some(record)) => drop(records.entry(record).or_insert(line.number)),
                    Ok(None) => {}
                    Err(why) => mistakes.push(Mistake { line: line.number, why }),
                }
            }
        }
        Err(mistake) => mistakes.push(mistake),
    }
    mistakes.extend(beside_an_alias(zone, &records));
    mistakes.sort_by_key(|mistake| mistake.line);
    match (mistakes.is_empty(), records.is_empty()) {
        (true, true) => Err(vec![Mistake {
            line: 1,
            why: "no record is in it: write one, such as `db A 192.168.1.9`".to_owned(),
        }]),
        (true, false) => Ok(records.into_keys().collect()),
        (false, _) => Err(mistakes),
    }
}

/// Nothing else may be at the name of an alias (RFC 1034, section 3.6.2), nor an alias at that of the zone, which has an SOA record.
fn beside_an_alias(zone: &str, records: &BTreeMap<ZoneRecord, usize>) -> Vec<Mistake> {
    let is_alias = |record: &ZoneRecord| matches!(record.data, RecordData::Cname(_));
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records.keys() {
        *count.entry(&record.name).or_default() += 1;
    }
    let wrong = records.iter().filter(|(record, _)| is_alias(record));
    let wrong = wrong.filter_map(|(record, line)| {
        let why = match count.get(record.name.as_str()) {
            _ if record.name == zone => format!("`{zone}` is the zone itself, which cannot be an alias"),
            Some(2..) => format!("`{}` is an alias (CNAME), and has another record beside it", record.name),
            _ => return None,
        };
        Some(Mistake { line: *line, why })
    });
    wrong.collect()
}

struct Reader<'z> {
    zone: &'z str,
    /// What names without a final dot end in.
    origin: String,
    /// The name of the record before.
    owner: Option<String>,
}

impl Reader<'_> {
    /// The record of a line; none of a line that has none that is taken.
    fn record(&mut self, line: &Line) -> Result<Option<ZoneRecord>, String> {
        let mut words = line.words.iter();
        if !line.is_indented
            && let Some(first) = words.next()
        {
            match first.text.as_str() {
                "$TTL" => return Ok(None),
                "$ORIGIN" => {
                    let origin = words.next().ok_or("`$ORIGIN` names no zone")?;
                    self.origin = self.name(&origin.text)?;
                    return Ok(None);
                }
                other if other.starts_with('$') => {
                    return Err(format!("`{other}` is not read here: write the records themselves"));
                }
                owner => self.owner = Some(self.name(owner)?),
            }
        }
        let rest: Vec<&Word> = words.collect();
        let owner = self.owner.clone().ok_or("the first record has no name")?;
        let (kind, data) = kind_of(&rest)?;
        if kind == "SOA" {
            return Ok(None);
        }
        if !is_within(&owner, self.zone) {
            return Err(format!("`{owner}` is not in the zone `{}`", self.zone));
        }
        Ok(Some(ZoneRecord { data: self.data(&kind, data)?, name: owner }))
    }

    fn data(&self, kind: &str, words: &[&Word]) -> Result<RecordData, String> {
        let count = |wanted: usize, of: &str| match words.len() == wanted {
            true => Ok(()),
            false => Err(format!("a record of type {kind} needs {of}, and nothing more")),
        };
        let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
        let number = |at: usize| {
            text(at).parse::<u16>().map_err(|_| format!("`{}` is not a number from 0 to 65535", text(at)))
        };
        match kind {
            "A" => {
                count(1, "one IPv4 address")?;
                text(0)
                    .parse()
                    .map(RecordData::A)
                    .map_err(|_| format!("`{}` is not an IPv4 address", text(0)))
            }
            "AAAA" => {
                count(1, "one IPv6 address")?;
                let address = text(0).parse().map(RecordData::Aaaa);
                address.map_err(|_| format!("`{}` is not an IPv6 address", text(0)))
            }
            "CNAME" | "NS" | "PTR" => {
                count(1, "one name")?;
                let name = self.name(text(0))?;
                Ok(match kind {
                    "CNAME" => RecordData::Cname(name),
                    "NS" => RecordData::Ns(name),
                    _ => RecordData::Ptr(name),
                })
            }
            "MX" => {
                count(2, "a preference and a name")?;
                Ok(RecordData::Mx(number(0)?, self.name(text(1))?))
            }
            "SRV" => {
                count(4, "a priority, a weight, a port and a name")?;
                Ok(RecordData::Srv([number(0)?, number(1)?, number(2)?], self.name(text(3))?))
            }
            "TXT" if words.is_empty() => Err("a record of type TXT needs a text".to_owned()),
            "TXT" => match words.iter().find(|word| word.text.len() > 255 || !is_plain(&word.text)) {
                Some(_) => {
                    Err("a text has at most 255 characters, all of them ASCII and none of control".to_owned())
                }
                None => Ok(RecordData::Txt(words.iter().map(|word| word.text.clone()).collect())),
            },
            other => Err(format!("homelab does not serve records of type `{other}`: {TYPES} alone")),
        }
    }

    /// The whole name of what is written.
    fn name(&self, text: &str) -> Result<String, String> {
        let whole = match text.strip_suffix('.') {
            Some(whole) => whole.to_ascii_lowercase(),
            None if text == "@" => self.origin.clone(),
            None => format!("{}.{}", text.to_ascii_lowercase(), self.origin),
        };
        let is_fine = |(at, label): (usize, &str)| {
            (at == 0 && label == "*") || is_label(label.strip_prefix('_').unwrap_or(label))
        };
        match whole.len() <= 253 && whole.split('.').enumerate().all(is_fine) {
            true => Ok(whole),
            false => Err(format!("`{text}` is not a DNS name")),
        }
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The type and what follows it; time to live and class may stand before it, in either order.
fn kind_of<'w>(words: &'w [&'w Word]) -> Result<(String, &'w [&'w Word]), String> {
    let classes = BTreeSet::from(["CH", "HS", "CS"]);
    let mut rest = words;
    while let [first, behind @ ..] = rest {
        let upper = first.text.to_ascii_uppercase();
        if classes.contains(upper.as_str()) {
            return Err(format!("`{}` is another class than `IN`", first.text));
        }
        let is_time = upper.starts_with(|letter: char| letter.is_ascii_digit());
        if upper != "IN" && !is_time {
            return Ok((upper, behind));
        }
        rest = behind;
    }
    Err("the type of the record is missing".to_owned())
}

#[cfg(test)]
mod tests;
