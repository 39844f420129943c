//! Public addresses: they tell where somebody lives. Each becomes `public-N`, the same one wherever it stands.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use crate::facts::address::is_private;

/// Resolvers that the whole world uses, of Cloudflare, Google, Quad9, OpenDNS and AdGuard: they tell nothing of anybody.
const EVERYBODYS: [[u8; 4]; 10] = [
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [8, 8, 8, 8],
    [8, 8, 4, 4],
    [9, 9, 9, 9],
    [149, 112, 112, 112],
    [208, 67, 222, 222],
    [208, 67, 220, 220],
    [94, 140, 14, 14],
    [94, 140, 15, 15],
];

/// The names that addresses have got.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<IpAddr, String>);

impl Names {
    /// Puts names in place of public addresses in every text.
    pub(super) fn replace(&mut self, json: &mut Value) {
        match json {
            Value::Object(fields) => {
                let taken = std::mem::take(fields);
                fields.extend(taken.into_iter().map(|(key, mut value)| {
                    self.replace(&mut value);
                    (self.text(&key), value)
                }));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_of_address) {
            let (before, from) = rest.split_at(start);
            let (run, after) = from.split_at(from.find(|c| !is_of_address(c)).unwrap_or(from.len()));
            shown.push_str(before);
            // Behind a letter it is a version or a name.
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
            if inside {
                shown.push_str(run)
            } else {
                self.run_into(&mut shown, run)
            }
            rest = after;
        }
        shown + rest
    }

    fn run_into(&mut self, shown: &mut String, run: &str) {
        let bare = run.trim_end_matches(['.', ':']);
        let port = bare.rsplit_once(':').filter(|(address, _)| address.contains('.'));
        let address = port.map_or(bare, |(address, _)| address);
        match address.parse::<IpAddr>() {
            Ok(found) if is_somebodys(found) => {
                shown.push_str(self.of(found));
                shown.push_str(&run[address.len()..]);
            }
            _ => shown.push_str(run),
        }
    }

    fn of(&mut self, address: IpAddr) -> &str {
        let next = self.0.len() + 1;
        self.0.entry(address).or_insert_with(|| format!("public-{next}"))
    }
}

/// Whether the address can be reached from the internet, and is of one house or host (RFC 1918, 6598, 3927, 4193, 4291).
fn is_somebodys(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let own = is_private(&IpAddr::V4(v4)) || v4.octets()[0] == 0;
            !(own || v4.is_multicast() || v4.is_broadcast() || EVERYBODYS.contains(&v4.octets()))
        }
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '.' || c == ':'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_get_the_same_name_everywhere_and_private_ones_stay() {
        let mut names = Names::default();
        let cases = [
            ("dial tcp 203.0.113.7:443: refused", "dial tcp public-1:443: refused"),
            ("https://203.0.113.7/", "https://public-1/"),
            ("[2001:db8::1]:443, 198.51.100.2.", "[public-2]:443, public-3."),
            (
                "192.168.1.2 10.42.0.9:80 100.64.0.1 127.0.0.1 fe80::1 fd00::1",
                "192.168.1.2 10.42.0.9:80 100.64.0.1 127.0.0.1 fe80::1 fd00::1",
            ),
            ("1.1.1.1 9.9.9.9:53", "1.1.1.1 9.9.9.9:53"),
            (
                "v1.27.1.4 at 12:30:45, sha256:00aa, aa:bb:cc:dd:ee:ff",
                "v1.27.1.4 at 12:30:45, sha256:00aa, aa:bb:cc:dd:ee:ff",
            ),
            ("203.0.113.0/24 dead.beef face", "public-4/24 dead.beef face"),
        ];
        for (text, wanted) in cases {
            assert_eq!(names.text(text), wanted);
        }
    }
}
