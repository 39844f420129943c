//! Where things stand in the bytes of a message (RFC 1035, section 4). Nothing here trusts a length or a pointer.

/// How many pointers of compression a name may have: more than any server writes.
const MOST_POINTERS: usize = 32;
/// The length of a header.
pub(super) const HEADER: usize = 12;
/// Type, class and time to live of a signature (RFC 8945, section 4.2).
const TSIG: [u8; 8] = [0, 250, 0, 255, 0, 0, 0, 0];
/// Where the count of additional records stands.
const ADDITIONAL_COUNT: usize = 10;

/// A signature with where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tsig {
    /// The name of the key, uncompressed and in lower case.
    pub(super) key: Vec<u8>,
    /// That of the algorithm, the same.
    pub(super) algorithm: Vec<u8>,
    /// Seconds since 1970.
    pub(super) time: u64,
    /// Seconds that clocks may differ.
    pub(super) fudge: u16,
    pub(super) mac: Vec<u8>,
    /// The id of the message as it was signed.
    pub(super) original_id: u16,
    /// Of [`super::sign`]: 0 is none.
    pub(super) error: u16,
    pub(super) other: Vec<u8>,
    at: usize,
}

/// Two bytes as a number.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// 48 bits as a number.
fn u48_at(bytes: &[u8], at: usize) -> Option<u64> {
    let six: &[u8; 6] = bytes.get(at..)?.first_chunk()?;
    Some(six.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The last four bits of the flags.
pub(super) fn rcode(bytes: &[u8]) -> Option<u8> {
    Some(bytes.get(3)? & 0x0f)
}

/// The name that begins at `at`, uncompressed and in lower case, and what follows it.
fn name_at(bytes: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let (mut name, mut at, mut after) = (Vec::new(), at, None);
    for _ in 0..=MOST_POINTERS {
        loop {
            let length = *bytes.get(at)?;
            match length {
                0 => {
                    name.push(0);
                    return (name.len() <= 255).then_some((name, after.unwrap_or(at + 1)));
                }
                1..=63 => {
                    let label = bytes.get(at..at + 1 + usize::from(length))?;
                    name.push(length);
                    name.extend(label[1..].iter().map(u8::to_ascii_lowercase));
                    at += label.len();
                }
                192.. => {
                    let to = usize::from(u16_at(bytes, at)? & 0x3fff);
                    after = after.or(Some(at + 2));
                    at = to;
                    break;
                }
                _ => return None,
            }
            if name.len() > 255 {
                return None;
            }
        }
    }
    None
}

/// What follows the record that begins at `at`.
fn after_record(bytes: &[u8], at: usize) -> Option<usize> {
    let (_, fixed) = name_at(bytes, at)?;
    let length = usize::from(u16_at(bytes, fixed + 8)?);
    let end = fixed + 10 + length;
    (end <= bytes.len()).then_some(end)
}

/// The signature of a message, which is its last record.
pub(super) fn tsig(bytes: &[u8]) -> Option<Tsig> {
    let count = |at| u16_at(bytes, at).map(usize::from);
    let (questions, additional) = (count(4)?, count(ADDITIONAL_COUNT)?);
    let records = count(6)? + count(8)? + additional.checked_sub(1)?;
    let mut at = HEADER;
    for _ in 0..questions {
        at = name_at(bytes, at)?.1 + 4;
    }
    for _ in 0..records {
        at = after_record(bytes, at)?;
    }
    let (key, fixed) = name_at(bytes, at)?;
    // Class ANY and no time to live, which are signed as such (RFC 8945, section 4.3.3).
    let fields = bytes.get(fixed..fixed + 8)?;
    if fields != TSIG || after_record(bytes, at)? != bytes.len() {
        return None;
    }
    let (algorithm, rest) = name_at(bytes, fixed + 10)?;
    let mac_length = usize::from(u16_at(bytes, rest + 8)?);
    let after_mac = rest + 10 + mac_length;
    let other_length = usize::from(u16_at(bytes, after_mac + 4)?);
    Some(Tsig {
        key,
        algorithm,
        time: u48_at(bytes, rest)?,
        fudge: u16_at(bytes, rest + 6)?,
        mac: bytes.get(rest + 10..after_mac)?.to_vec(),
        original_id: u16_at(bytes, after_mac)?,
        error: u16_at(bytes, after_mac + 2)?,
        other: bytes.get(after_mac + 6..after_mac + 6 + other_length)?.to_vec(),
        at,
    })
}

/// The message as it was before it was signed (RFC 8945, section 4.3.2).
pub(super) fn without(bytes: &[u8], tsig: &Tsig) -> Vec<u8> {
    let mut plain = bytes.get(..tsig.at).unwrap_or_default().to_vec();
    set(&mut plain, 0, tsig.original_id);
    let count = u16_at(&plain, ADDITIONAL_COUNT).unwrap_or_default();
    set(&mut plain, ADDITIONAL_COUNT, count.saturating_sub(1));
    plain
}

/// The message with one more record at its end.
pub(super) fn with(mut bytes: Vec<u8>, record: &[u8]) -> Vec<u8> {
    let count = u16_at(&bytes, ADDITIONAL_COUNT).unwrap_or_default();
    set(&mut bytes, ADDITIONAL_COUNT, count.saturating_add(1));
    bytes.extend_from_slice(record);
    bytes
}

fn set(bytes: &mut [u8], at: usize, number: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&number.to_be_bytes());
    }
}

impl Tsig {
    /// The time that the server says it has, beside an error of time.
    pub(super) fn servers_time(&self) -> Option<u64> {
        u48_at(&self.other, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_read_through_a_pointer_and_circles_are_none() {
        let bytes = b"\x03Com\x00\x02eX\xc0\x00";
        assert_eq!(name_at(bytes, 5), Some((b"\x02ex\x03com\x00".to_vec(), 10)));
        assert_eq!(name_at(b"\xc0\x00", 0), None);
        assert_eq!(name_at(b"\x05ab", 0), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd_to_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(found) = tsig(&bytes) {
                let _ = without(&bytes, &found);
            }
        }

        #[test]
        fn every_length_is_survived_also_with_plausible_counts(mut bytes in prop::collection::vec(any::<u8>(), 12..120)) {
            bytes[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 1]);
            let _ = tsig(&bytes);
        }
    }
}
