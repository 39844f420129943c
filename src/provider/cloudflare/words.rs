//! Cloudflare's own names for things, and the clicks in its dashboard.

use super::client::BASE;
use super::explained::EXPLAINED;
use crate::provider::words::{ProxyWords, RateWords, TokenWords, Words};

/// The words.
pub(super) const WORDS: Words = Words {
    name: "Cloudflare",
    heading: "Cloudflare",
    api_host: "api.cloudflare.com",
    api: BASE,
    records_page: "the Cloudflare dashboard (DNS, Records)",
    dnssec_page: "Cloudflare: DNS, Settings, DNSSEC",
    // developers.cloudflare.com, "Find account and zone IDs".
    zone_id: "the Cloudflare dashboard: select the domain, press Ctrl+K, and search for `Copy zone ID`",
    permission: super::fault::permission,
    token: TokenWords {
        called: "API token",
        short: "token",
        where_made: "Create a token in the Cloudflare dashboard: My Profile, API Tokens, Create Token, with Zone → Zone → Read and Zone → DNS → Edit for your zone.",
        make_one: "create a token in the Cloudflare dashboard (My Profile, API Tokens, Create Token, with Zone → Zone → Read and Zone → DNS → Edit for your zone), write it to a file that only you can read, and name that file in `dns.tokenFile`",
        make_one_and_name_it: "create a token in the Cloudflare dashboard (Zone: Zone: Read and Zone: DNS: Edit for your zone), write it to a file that only you can read, and name that file in `dns.tokenFile`",
        shortest: 40,
        of_another_zone: "the token's Zone Resources name another zone",
        may_not_edit: "edit the token (Cloudflare dashboard, My Profile, API Tokens) and add Zone → DNS → Edit for your zone",
    },
    proxy: Some(ProxyWords {
        annotation: "cloudflare-proxied",
        no_private: "Cloudflare's proxy cannot reach a private address: it refuses the record (error 9003), and external-dns may stop at it",
        hides: "Cloudflare then answers with its own addresses, which cannot reach a private one",
        switch_off: "switch the record to `DNS only` in the Cloudflare dashboard (DNS, Records), and remove the annotation `cloudflare-proxied` from the Ingress",
    }),
    rate_limit: RateWords {
        // fundamentals/api/reference/limits.
        blocks: 300,
        spent: "this user's tokens and dashboard made more than 1200 calls in five minutes; until the window ends, \
                external-dns and cert-manager are refused as well",
        shared: "something else uses the same account: each token of a user, and the dashboard too, count against one limit",
    },
    explained: EXPLAINED,
    serves: "Cloudflare serves a zone only once the registrar of the domain names Cloudflare's servers",
    refused_ending: "Cloudflare's API refuses changes to domains with this ending, whatever permissions the token has",
    no_more_room: "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or choose a larger plan",
    beyond_quota: "each service needs one record for each node and one TXT record, each certificate a TXT record for a minute; \
                   when the quota is used up, Cloudflare refuses new records (code 81045)",
};
