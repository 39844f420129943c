//! PowerDNS' own names for things, and its commands.

use super::explained::EXPLAINED;
use crate::provider::words::{RateWords, TokenWords, Words};

/// The words.
pub(super) const WORDS: Words = Words {
    name: "PowerDNS",
    heading: "PowerDNS",
    // What stands in for an API in the internet: cert-manager needs it in any case.
    api_host: "acme-v02.api.letsencrypt.org",
    api: "https://acme-v02.api.letsencrypt.org/directory",
    records_page: "PowerDNS (`pdnsutil edit-zone ZONE`)",
    dnssec_page: "PowerDNS: `pdnsutil show-zone ZONE`",
    zone_id: "",
    permission: super::fault::permission,
    token: TokenWords {
        called: "API key",
        short: "key",
        where_made: "The file has two lines: `api-key=` with the API key, as pdns.conf has it, and the line of the TSIG key that `pdnsutil list-tsig-keys` prints (`pdnsutil generate-tsig-key homelab hmac-sha256` makes one).",
        make_one: "write two lines into a file that only you can read: `api-key=` with the API key, as pdns.conf has it, and the line of the TSIG key that `pdnsutil list-tsig-keys` prints (`pdnsutil generate-tsig-key homelab hmac-sha256` makes one); then name that file in `dns.tokenFile`",
        make_one_and_name_it: "write `api-key=` with the API key of pdns.conf, and below it the line that `pdnsutil list-tsig-keys` prints, into a file that only you can read, and name that file in `dns.tokenFile`",
        shortest: 1,
        of_another_zone: "the server has other zones",
        may_not_edit: "move the zone to a backend that PowerDNS' API can write to, such as SQLite or PostgreSQL",
    },
    proxy: None,
    rate_limit: RateWords {
        blocks: 60,
        spent: "something in front of PowerDNS' API limits the calls",
        shared: "something else uses the same API",
    },
    explained: EXPLAINED,
    serves: "the next transfer from the other server overwrites every change that is made here",
    refused_ending: "",
    no_more_room: "remove records that nobody needs",
    beyond_quota: "",
};
