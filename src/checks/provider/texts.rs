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
             provider's own tools read, else the file in `dns.tokenFile`. The doctor checks its value on this machine and never shows it.",
            "`homelab up` exits before it writes anything.",
        )
        .causes(&[
            cause("the file does not exist", "write the token to it, or correct `dns.tokenFile`"),
            cause("the file belongs to root, and `homelab` runs as another user", "run it with `sudo`"),
            cause("quotes, `Bearer `, `NAME=` or a second line were copied too", "write only the token: `printf %s TOKEN > FILE`"),
        ]),
    Def::warning(TOKEN_PRIVATE, "only its owner can read the file with the token")
        .before_up()
        .about(
            "The mode of the file in `dns.tokenFile`, and of the folders above it.",
            "Nothing; but every program on this machine could change the records of the zone.",
        )
        .causes(&[cause("the file was created with the usual mode 0644", "run `chmod 600 FILE`")]),
    Def::error(CF_RATE, "the API rate limit of the DNS provider is not reached")
        .before_up()
        .in_up()
        .about(
            "The answers of the provider's API: does it refuse more calls, and how many calls are left?",
            "The provider refuses external-dns and cert-manager, too; they write nothing until the limit ends.",
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
            "Asks the provider's API, with this machine's token, about the token and the zone.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token was revoked or rolled", "copy the new one into the file, then run `homelab up`"),
            cause("it has expired, was disabled, or is not valid yet", "change its dates or enable it at the provider"),
        ]),
    Def::error(CF_PERMISSIONS, "the token can find the zone and read its records")
        .needs(&[TOKEN])
        .before_up()
        .in_up()
        .about("Asks the provider's API, with this machine's token, for the zone and its records.", NAMES_STAY)
        .causes(&[cause(
            "the token lacks a permission; the finding has the provider's name for it",
            "add the permission to the token at the provider",
        )]),
    Def::error(CF_ZONE, "the token sees the zone, and the DNS provider serves it")
        .needs(&[TOKEN, CF_PERMISSIONS])
        .before_up()
        .in_up()
        .about(
            "Takes the zone with the longest name that `domain` ends in, and checks its status at the provider.",
            "Names do not resolve anywhere, although the records at the provider are right.",
        )
        .causes(&[
            cause("`domain` is misspelt, or not yours", "correct `domain`"),
            cause("the token is for another zone", "give it the zone of `domain`"),
            cause(
                "the provider's name servers are not entered at your registrar yet, or no longer",
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
            "With `--active`: creates and removes a TXT record. Without: what the provider answered \
             external-dns when its last run failed. There is no other way to test the permission to edit.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token can only read", "give it the permission to edit records"),
            cause("the zone's quota of records is used up", "remove records, or choose a larger plan"),
        ]),
    Def::error(ORGANISATION_TOKEN, "the token of each organisation sees its zone, and is no other's")
        .needs(&[CF_RATE])
        .about(
            "With `organisations`: asks the provider's API, with each organisation's own token, for its zone; with `--active` creates and removes a TXT record there, too. \
             Compares the tokens with each other and with that of the lab.",
            "No name of the organisation gets a record, and its certificates are not renewed; all others go on.",
        )
        .causes(&[
            cause("the file of another organisation was named or copied", "write its own token to the file in `organisations.<name>.tokenFile`"),
            cause("its token was revoked, or lacks a right for its zone", "the finding has the right; `homelab zone policy ORGANISATION --for organisation` prints all of them"),
        ]),
    Def::warning(LEAST_RIGHTS, "the token can change no zone but its own")
        .needs(&[TOKEN, CF_PERMISSIONS, CF_ZONE])
        .before_up()
        .active()
        .about(
            "With `--active`, where the provider tells: asks for a change that cannot be made, in a zone that does not exist, and reads why it is refused. Nothing is written. With `organisations`, asks with each one's token.",
            "Nothing; but whoever gets the token out of a Secret can change every name of the account.",
        )
        .causes(&[cause("the token is for all zones of the account", "give it its own zone alone; the finding says where")]),
    Def::warning(RECORDS_LIMIT, "the zone has room for more records")
        .needs(&[CF_ZONE])
        .before_up()
        .about(
            "Compares the number of records in the zone with the quota of its plan, if the provider has one.",
            "New names and certificates fail: the provider refuses more records.",
        )
        .causes(&[cause("many services, nodes, or old records that nobody removed", "remove records that nobody needs")]),
    Def::error(TOKEN_COPIES, "external-dns and cert-manager have the same token")
        .needs(&[id::INSTALLED, id::CONFLICT, TOKEN_SOURCE, TOKEN, CF_PERMISSIONS, CF_ZONE, DNS_EDIT])
        .about(
            "Compares the Secrets `homelab-dns-provider` in the namespaces of external-dns and cert-manager with \
             the token of this machine. The report contains only whether they are equal.",
            "This machine's token works, but no record and no certificate comes.",
        )
        .causes(&[
            cause("the token was renewed in its file, and `homelab up` has not run since", "run `homelab up`"),
            cause("a Secret was deleted or changed by hand", "run `homelab up`"),
            cause("the zone was deleted and created again, and has another id now", "run `homelab up`, and compare its name servers with those at the registrar"),
        ]),
];
