//! What a name server of one's own is called, and where its keys are made.

use super::explained::EXPLAINED;
use crate::facts::secret::SecretError;
use crate::provider::words::{Misshapen, RateWords, TokenWords, Words};

/// The words.
pub(super) const WORDS: Words = Words {
    name: "the name server",
    heading: "RFC 2136",
    // What stands in for an API in the internet: cert-manager needs it in any case.
    api_host: "acme-v02.api.letsencrypt.org",
    api: "https://acme-v02.api.letsencrypt.org/directory",
    records_page: "the zone at the name server",
    dnssec_page: "the name server: its DNSSEC keys",
    zone_id: "",
    permission: super::fault::permission,
    token: TokenWords {
        called: "TSIG key",
        short: "key",
        where_made: "The file has what `tsig-keygen homelab` prints (BIND), or `keymgr -t homelab hmac-sha256` (Knot), or the line of `pdnsutil list-tsig-keys` (PowerDNS).",
        make_one: "write what `tsig-keygen homelab` prints into a file that only you can read, load the same key at the name server, and name the file in `dns.tokenFile`",
        make_one_and_name_it: "write what `tsig-keygen homelab` prints into a file that only you can read, load the same key at the name server, and name the file in `dns.tokenFile`",
        shortest: 1,
        of_another_zone: "the name server has other zones",
        may_not_edit: "allow updates of the zone with the TSIG key (BIND: `update-policy { grant homelab zonesub ANY; };`; Knot: `action: update`; PowerDNS: TSIG-ALLOW-DNSUPDATE)",
    },
    proxy: None,
    rate_limit: RateWords {
        blocks: 60,
        spent: "the name server limits the questions of one address",
        shared: "something else asks the same server",
    },
    explained: EXPLAINED,
    serves: "a secondary server copies its zone from the primary one and takes no changes",
    refused_ending: "",
    no_more_room: "remove records that nobody needs",
    beyond_quota: "",
};

/// What is told of a text that is no key.
#[must_use]
pub(super) fn misshapen(error: &SecretError) -> Misshapen {
    let told = Misshapen::of(error);
    let message = match error {
        SecretError::Other(why) => (*why).to_owned(),
        SecretError::Empty => "the file is empty".to_owned(),
        _ => told.message.replace("the API token", "the TSIG key"),
    };
    Misshapen {
        message,
        cause: "the file needs the name, the algorithm and the secret of the key, in the form of the program that made it",
        hint: "write what `tsig-keygen homelab` prints (BIND), or `keymgr -t homelab hmac-sha256` (Knot), or the line of `pdnsutil list-tsig-keys` (PowerDNS)",
    }
}
