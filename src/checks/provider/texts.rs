//! The API token and the zone at the DNS provider. What is so at one of them alone stands with it, in `src/provider`.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

const NAMES_STAY: &str =
    "Published names stay, but new names get no record, and certificates are not renewed.";

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(TOKEN_SOURCE, "an API token is found, readable and well formed")
        .before_up()
        .about(
            "The token on this machine: systemd's credential `dns-token`, else the variable that the \
             provider's own tools read, else the file that `dns.tokenFile` names. Its value is checked here and never shown.",
            "`homelab up` ends before it writes anything.",
        )
        .causes(&[
            cause("the file does not exist", "write the token to it, or correct `dns.tokenFile`"),
            cause("the file belongs to root, and `homelab` runs as somebody else", "run it with `sudo`"),
            cause("quotes, `Bearer `, `NAME=` or a second line were copied too", "write only the token: `printf %s TOKEN > FILE`"),
        ]),
    Def::warning(TOKEN_PRIVATE, "only its owner can read the file with the token")
        .before_up()
        .about(
            "The mode of the file that `dns.tokenFile` names, and of the folders above it.",
            "Nothing; but every program on this machine could change the records of the zone.",
        )
        .causes(&[cause("the file was created with the usual mode 0644", "`chmod 600 FILE`")]),
    Def::error(CF_RATE, "the API rate limit of the DNS provider is not reached")
        .before_up()
        .in_up()
        .about(
            "The answers of the provider's API: whether it refuses further calls, and how many it leaves.",
            "external-dns and cert-manager are refused as well; nothing is written until the limit ends.",
        )
        .causes(&[cause(
            "another program uses the same account, and both share one limit",
            "wait, and make that program call less often",
        )]),
    Def::error(TOKEN, "the DNS provider accepts the API token")
        .needs(&[TOKEN_SOURCE, CF_RATE])
        .before_up()
        .in_up()
        .about(
            "The provider's API is asked with this machine's token for the token and for the zone.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token was revoked or rolled", "copy the new one into the file, then `homelab up`"),
            cause("it has expired, was disabled, or is not valid yet", "change its dates or enable it at the provider"),
        ]),
    Def::error(CF_PERMISSIONS, "the token can find the zone and read its records")
        .needs(&[TOKEN])
        .before_up()
        .in_up()
        .about("The provider's API is asked with this machine's token for the zone and its records.", NAMES_STAY)
        .causes(&[cause(
            "the token lacks a permission; the finding names it as the provider does",
            "add it to the token at the provider",
        )]),
    Def::error(CF_ZONE, "the token sees the zone, and the DNS provider serves it")
        .needs(&[TOKEN, CF_PERMISSIONS])
        .before_up()
        .in_up()
        .about(
            "The zone that is the longest match for `domain`, and its status at the provider.",
            "Names do not resolve anywhere, although the records at the provider are right.",
        )
        .causes(&[
            cause("`domain` is misspelt, or not yours", "correct `domain`"),
            cause("the token is for another zone", "give it the zone of `domain`"),
            cause(
                "the registrar does not name the provider's servers yet, or no longer",
                "set the name servers that the provider gives at your registrar; the change takes some hours at most",
            ),
        ]),
    Def::warning(FREE_DOMAIN, "the API can change records of domains with this ending")
        .needs(&[CF_ZONE])
        .before_up()
        .about("The ending of the zone's name.", "No record is ever written, but the provider's web page works.")
        .causes(&[cause(
            "the provider's API refuses changes to domains with this ending, whatever permissions the token has",
            "use a domain with another ending",
        )]),
    Def::error(DNS_EDIT, "the token can change records")
        .needs(&[TOKEN, CF_PERMISSIONS, CF_ZONE])
        .before_up()
        .about(
            "With `--active`: a TXT record is created and removed. Without: what the provider answered to \
             external-dns when its last run failed. There is no other way to see a permission to edit.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token can only read", "give it the permission to edit records"),
            cause("the zone's quota of records is used up", "remove records, or take a larger plan"),
        ]),
    Def::warning(RECORDS_LIMIT, "the zone has room for more records")
        .needs(&[CF_ZONE])
        .before_up()
        .about(
            "The number of records in the zone against the quota of its plan, where the provider has one.",
            "New names and certificates fail: the provider refuses further records.",
        )
        .causes(&[cause("many services, nodes, or old records that nobody removed", "remove records that nobody needs")]),
    Def::error(TOKEN_COPIES, "external-dns and cert-manager have the same token")
        .needs(&[id::CONFLICT, TOKEN_SOURCE, TOKEN, CF_PERMISSIONS, CF_ZONE, DNS_EDIT])
        .about(
            "The Secrets `homelab-dns-provider` in the namespaces of external-dns and cert-manager. They are compared with \
             the token of this machine; only whether they are equal is kept.",
            "This machine's token works, but no record and no certificate comes.",
        )
        .causes(&[
            cause("the token was renewed in its file, and `homelab up` has not run since", "`homelab up`"),
            cause("a Secret was deleted or changed by hand", "`homelab up`"),
        ]),
];
