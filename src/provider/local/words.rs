//! What the lab's own name servers are called.

use crate::provider::words::{RateWords, TokenWords, Words};

/// The words.
pub(super) const WORDS: Words = Words {
    name: "the lab's own DNS",
    heading: "local",
    // What stands in for an API in the internet: the images come from there.
    api_host: "registry.k8s.io",
    api: "https://registry.k8s.io/",
    records_page: "the Ingresses of the cluster",
    dnssec_page: "nowhere: the zone is not signed",
    zone_id: "",
    permission: |_| "nothing",
    token: TokenWords::NONE,
    proxy: None,
    rate_limit: RateWords { blocks: 60, spent: "", shared: "" },
    explained: &[],
    serves: "each node serves the zone that the external-dns beside its server fills",
    refused_ending: "",
    no_more_room: "",
    beyond_quota: "",
};
