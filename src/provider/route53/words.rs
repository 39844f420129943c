//! Amazon's own names for things, and the clicks in its console.

use super::explained::EXPLAINED;
use crate::provider::words::{RateWords, TokenWords, Words};

/// The words.
pub(super) const WORDS: Words = Words {
    name: "Route 53",
    heading: "Route 53",
    api_host: super::refusal::HOST,
    api: "https://route53.amazonaws.com/",
    records_page: "the Route 53 console (Hosted zones)",
    dnssec_page: "Route 53 console: Hosted zones, your zone, DNSSEC signing",
    zone_id: "the Route 53 console: Hosted zones, the column `Hosted zone ID`; take the zone of the type Public",
    permission: super::fault::permission,
    token: TokenWords {
        called: "access key",
        short: "key",
        where_made: "Create an access key in the IAM console: Users, your user, Security credentials, Create access key. The user needs the policy of docs/route53.md, for your zone alone. Paste both in one line, with a comma between: AKIA...,SECRET",
        make_one: "create an access key in the IAM console (Users, your user, Security credentials, Create access key; docs/route53.md has the policy that the user needs), write its id and its secret on two lines into a file that only you can read, and name that file in `dns.tokenFile`",
        make_one_and_name_it: "create an access key of an IAM user (docs/route53.md has the policy that it needs), write its id and its secret on two lines into a file that only you can read, and name that file in `dns.tokenFile`",
        shortest: 1,
        of_another_zone: "the account has other zones",
        may_not_edit: "allow `route53:ChangeResourceRecordSets` on the zone in the policy of the IAM user; docs/route53.md has the whole policy",
    },
    proxy: None,
    rate_limit: RateWords {
        // Route 53 developer guide, "Quotas", maximums on API requests.
        blocks: 60,
        spent: "this account made more than five calls in a second, whoever made them: other programs, Terraform and the console count, too; \
                external-dns and cert-manager are refused as well",
        shared: "something else uses the same account: all programs of an account count against one limit",
    },
    explained: EXPLAINED,
    serves: "a private hosted zone answers in networks of Amazon's cloud (VPCs) alone; the house and Let's Encrypt need a public one",
    refused_ending: "",
    no_more_room: "remove records that nobody needs in the Route 53 console (Hosted zones), or ask for a higher quota (Service Quotas console, Route 53)",
    beyond_quota: "each service needs one record for each node and one TXT record, each certificate a TXT record for a minute; \
                   when the quota is used up, Route 53 refuses new records (`MAX_RRSETS_BY_ZONE`)",
};
