//! Signatures of messages (TSIG, RFC 8945).

use ring::hmac;

use super::message::{Message, name};
use super::wire::{self, Tsig, with, without};
use crate::evidence::Fault;
use crate::facts::tsig::Algorithm;
use crate::provider::tsig::Key;

/// How many seconds clocks may differ: what the RFC recommends (section 10).
const FUDGE: u16 = 300;
/// How many messages of an answer may follow each other without a signature (section 5.3.1).
const MOST_UNSIGNED: usize = 99;
/// What a server says is wrong with a signature (section 3).
const BAD_SIGNATURE: u16 = 16;
const BAD_KEY: u16 = 17;
const BAD_TIME: u16 = 18;

/// What signs.
#[derive(Clone)]
pub(super) struct Signer {
    key: Vec<u8>,
    algorithm: Vec<u8>,
    secret: hmac::Key,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    pub(super) fn new(key: &Key) -> Result<Self, Fault> {
        let digest = match key.algorithm {
            Algorithm::Sha256 => hmac::HMAC_SHA256,
            Algorithm::Sha512 => hmac::HMAC_SHA512,
        };
        let secret = hmac::Key::new(digest, &key.bytes().ok_or(Fault::InvalidToken)?);
        Ok(Self { key: name(&key.name)?, algorithm: name(key.algorithm.name())?, secret })
    }

    /// The message with its signature, and what checks the answer. `now` in seconds since 1970.
    pub(super) fn sign(&self, message: &Message, now: u64) -> (Vec<u8>, Verifier<'_>) {
        let tail = Tail { time: now, fudge: FUDGE, error: 0, other: &[] };
        let mac = hmac::sign(&self.secret, &[message.bytes.as_slice(), &self.variables(&tail)].concat());
        let signed = with(message.bytes.clone(), &self.record(message.id, &tail, mac.as_ref()));
        (
            signed,
            Verifier {
                signer: self,
                prior: mac.as_ref().to_vec(),
                unsigned: Vec::new(),
                id: message.id,
                first: true,
                skipped: 0,
            },
        )
    }

    /// The record at the end of a signed message (section 4.2).
    fn record(&self, id: u16, tail: &Tail<'_>, mac: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
        let mut data = self.algorithm.clone();
        data.extend(tail.timers());
        data.extend(length(mac));
        data.extend(mac);
        data.extend(id.to_be_bytes());
        data.extend(tail.error.to_be_bytes());
        data.extend(length(tail.other));
        data.extend(tail.other);
        let mut record = self.key.clone();
        // Type 250, class ANY, time to live 0.
        record.extend([0, 250, 0, 255, 0, 0, 0, 0]);
        record.extend(length(&data));
        record.extend(data);
        record
    }

    /// What is signed beside the message (section 4.3.3).
    fn variables(&self, tail: &Tail<'_>) -> Vec<u8> {
        let mut variables = self.key.clone();
        variables.extend([0, 255, 0, 0, 0, 0]);
        variables.extend(&self.algorithm);
        variables.extend(tail.timers());
        variables.extend(tail.error.to_be_bytes());
        variables.extend(u16::try_from(tail.other.len()).unwrap_or_default().to_be_bytes());
        variables.extend(tail.other);
        variables
    }
}

/// What a signature says beside its name.
struct Tail<'a> {
    time: u64,
    fudge: u16,
    error: u16,
    other: &'a [u8],
}

impl<'a> Tail<'a> {
    fn of(tsig: &'a Tsig) -> Self {
        Self { time: tsig.time, fudge: tsig.fudge, error: tsig.error, other: &tsig.other }
    }

    /// 48 bits of time, 16 of fudge.
    fn timers(&self) -> Vec<u8> {
        let time = self.time.to_be_bytes();
        [&time[2..], &self.fudge.to_be_bytes()].concat()
    }
}

/// Checks the messages of an answer, one after the other.
#[derive(Debug)]
pub(super) struct Verifier<'s> {
    signer: &'s Signer,
    /// The signature before: of the request, then of each message that has one.
    prior: Vec<u8>,
    /// The messages since then, which have none.
    unsigned: Vec<u8>,
    id: u16,
    first: bool,
    skipped: usize,
}

/// A message that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    /// The message without its signature.
    pub(super) bytes: Vec<u8>,
    /// Whether it had one. What has none is only believed where a later one covers it, or where it says no.
    pub(super) signed: bool,
}

impl Verifier<'_> {
    /// Checks the next message.
    ///
    /// # Errors
    /// Whether the key, its secret or a clock is wrong; or that it is no answer to the request.
    pub(super) fn check(&mut self, answer: &[u8], now: u64) -> Result<Checked, Fault> {
        let unexpected = |what: &str| Fault::Unexpected { what: what.to_owned() };
        let Some(tsig) = wire::tsig(answer) else {
            self.unsigned.extend_from_slice(answer);
            self.skipped += 1;
            return match wire::u16_at(answer, 0) == Some(self.id) && self.skipped <= MOST_UNSIGNED {
                true => Ok(Checked { bytes: answer.to_vec(), signed: false }),
                false => Err(unexpected("it answers another question, or without signatures")),
            };
        };
        let bytes = without(answer, &tsig);
        if tsig.original_id != self.id {
            return Err(unexpected("it answers another question"));
        }
        match tsig.error {
            BAD_KEY => return Err(Fault::InvalidToken),
            BAD_SIGNATURE => return Err(Fault::Signature),
            BAD_TIME => return Err(Fault::Clock { ahead: tsig.servers_time().map(|time| ahead(time, now)) }),
            _ => {}
        }
        if (&tsig.key, &tsig.algorithm) != (&self.signer.key, &self.signer.algorithm) {
            return Err(unexpected("it is signed with another key"));
        }
        let tail = Tail::of(&tsig);
        let after = if self.first { self.signer.variables(&tail) } else { tail.timers() };
        let length = u16::try_from(self.prior.len()).unwrap_or_default().to_be_bytes();
        let text = [&length[..], &self.prior, &self.unsigned, &bytes, &after].concat();
        hmac::verify(&self.signer.secret, &text, &tsig.mac).map_err(|_| Fault::Signature)?;
        if ahead(tsig.time, now).unsigned_abs() > u64::from(tsig.fudge) {
            return Err(Fault::Clock { ahead: Some(ahead(tsig.time, now)) });
        }
        (self.prior, self.first, self.skipped) = (tsig.mac, false, 0);
        self.unsigned.clear();
        Ok(Checked { bytes, signed: true })
    }
}

fn ahead(theirs: u64, ours: u64) -> i64 {
    i64::try_from(theirs).unwrap_or(i64::MAX).saturating_sub(i64::try_from(ours).unwrap_or(i64::MAX))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::message::{AXFR, question};
    use super::*;

    pub(in crate::provider::rfc2136) fn key(secret: &str) -> Key {
        crate::provider::tsig::read(&format!("homelab hmac-sha256 {secret}")).unwrap()
    }

    /// What a server signs: an answer to `prior`, or a further message of it.
    pub(in crate::provider::rfc2136) fn answer(
        signer: &Signer,
        plain: &[u8],
        prior: &[u8],
        first: bool,
        error: u16,
        time: u64,
    ) -> (Vec<u8>, Vec<u8>) {
        let other = if error == BAD_TIME { time.to_be_bytes()[2..].to_vec() } else { Vec::new() };
        let tail = Tail { time, fudge: FUDGE, error, other: &other };
        let after = if first { signer.variables(&tail) } else { tail.timers() };
        let length = u16::try_from(prior.len()).unwrap().to_be_bytes();
        let mac = hmac::sign(&signer.secret, &[&length[..], prior, plain, &after].concat()).as_ref().to_vec();
        let id = wire::u16_at(plain, 0).unwrap();
        let mac = if matches!(error, BAD_KEY | BAD_SIGNATURE) { Vec::new() } else { mac };
        (with(plain.to_vec(), &signer.record(id, &tail, &mac)), mac)
    }

    /// A signed request as a server judges it: the message, its signature, and what is wrong with it.
    pub(in crate::provider::rfc2136) fn judge(
        signer: &Signer,
        bytes: &[u8],
        now: u64,
    ) -> (Vec<u8>, Vec<u8>, u16) {
        let tsig = wire::tsig(bytes).unwrap();
        let plain = without(bytes, &tsig);
        let text = [plain.as_slice(), &signer.variables(&Tail::of(&tsig))].concat();
        let wrong = match () {
            () if (&tsig.key, &tsig.algorithm) != (&signer.key, &signer.algorithm) => BAD_KEY,
            () if hmac::verify(&signer.secret, &text, &tsig.mac).is_err() => BAD_SIGNATURE,
            () if tsig.time.abs_diff(now) > u64::from(tsig.fudge) => BAD_TIME,
            () => 0,
        };
        (plain, tsig.mac, wrong)
    }

    const SECRET: &str = "c2VjcmV0LW9mLXRoZS1ob3VzZQ==";
    const NOW: u64 = 1_800_000_000;

    fn signer() -> Signer {
        Signer::new(&key(SECRET)).unwrap()
    }

    /// RFC 4231, test case 2: what ring computes is HMAC-SHA-256.
    #[test]
    fn the_mac_is_that_of_the_standard() {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"), b"what do ya want for nothing?");
        assert_eq!(mac.as_ref()[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }

    #[test]
    fn a_signed_answer_is_taken_and_one_that_was_changed_is_not() {
        let (signer, message) = (signer(), question("example.com", AXFR).unwrap());
        let (_, mut verifier) = signer.sign(&message, NOW);
        let (good, _) = answer(&signer, &message.bytes, &verifier.prior.clone(), true, 0, NOW + 5);
        let mut bad = good.clone();
        bad[14] ^= 1;
        assert!(verifier.check(&bad, NOW).is_err());
        let checked = verifier.check(&good, NOW).unwrap();
        assert!(checked.signed && checked.bytes == message.bytes);
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let (signer, message) = (signer(), question("example.com", AXFR).unwrap());
        let told = |error: u16, time: u64| {
            let (_, mut verifier) = signer.sign(&message, NOW);
            let (answer, _) = answer(&signer, &message.bytes, &verifier.prior.clone(), true, error, time);
            verifier.check(&answer, NOW).map(|checked| checked.signed)
        };
        assert_eq!(told(BAD_KEY, NOW), Err(Fault::InvalidToken));
        assert_eq!(told(BAD_SIGNATURE, NOW), Err(Fault::Signature));
        assert_eq!(told(BAD_TIME, NOW + 4000), Err(Fault::Clock { ahead: Some(4000) }));
        assert_eq!(told(0, NOW - 301), Err(Fault::Clock { ahead: Some(-301) }));
        assert_eq!(told(0, NOW - 300), Ok(true));
        let other = Signer::new(&key("b3RoZXI=")).unwrap();
        let (_, mut verifier) = signer.sign(&message, NOW);
        let (answer, _) = answer(&other, &message.bytes, &verifier.prior.clone(), true, 0, NOW);
        assert_eq!(verifier.check(&answer, NOW).err(), Some(Fault::Signature));
    }

    #[test]
    fn messages_without_a_signature_are_covered_by_the_next_one_that_has_one() {
        let (signer, message) = (signer(), question("example.com", AXFR).unwrap());
        let (_, mut verifier) = signer.sign(&message, NOW);
        let (first, mac) = answer(&signer, &message.bytes, &verifier.prior.clone(), true, 0, NOW);
        assert!(verifier.check(&first, NOW).unwrap().signed);
        assert!(!verifier.check(&message.bytes, NOW).unwrap().signed);
        let tail = Tail { time: NOW, fudge: FUDGE, error: 0, other: &[] };
        let length = u16::try_from(mac.len()).unwrap().to_be_bytes();
        let text = [&length[..], &mac, &message.bytes, &message.bytes, &tail.timers()].concat();
        let signed = hmac::sign(&signer.secret, &text);
        let last = with(message.bytes.clone(), &signer.record(message.id, &tail, signed.as_ref()));
        assert!(verifier.check(&last, NOW).unwrap().signed);
        // The one in between was changed on the way.
        let (_, mut verifier) = signer.sign(&message, NOW);
        let (first, _) = answer(&signer, &message.bytes, &verifier.prior.clone(), true, 0, NOW);
        verifier.check(&first, NOW).unwrap();
        let mut changed = message.bytes.clone();
        changed[14] ^= 1;
        verifier.check(&changed, NOW).unwrap();
        assert!(verifier.check(&last, NOW).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd_to_be_checked(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (signer, message) = (signer(), question("example.com", AXFR).unwrap());
            let (_, mut verifier) = signer.sign(&message, NOW);
            if let Ok(checked) = verifier.check(&bytes, NOW) {
                prop_assert!(!checked.signed);
            }
        }

        #[test]
        fn no_changed_bit_goes_unseen(at in 0_usize..90, bit in 0_u8..8) {
            let (signer, message) = (signer(), question("example.com", AXFR).unwrap());
            let (_, mut verifier) = signer.sign(&message, NOW);
            let (mut bytes, _) = answer(&signer, &message.bytes, &verifier.prior.clone(), true, 0, NOW);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            // The id is restored from the signature; names do not differ by case.
            let spared = at < 2 || bit == 5;
            prop_assume!(!spared);
            prop_assert!(!verifier.check(&bytes, NOW).is_ok_and(|checked| checked.signed));
        }
    }
}
