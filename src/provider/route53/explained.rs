//! What `homelab doctor --explain` says of the checks at Route 53, beside what holds at every provider.

use crate::provider::words::Explained;

/// In the order of a report.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained { looks_at: "the name of the API is `route53.amazonaws.com`", ..Explained::at("net.pod-dns") },
    Explained {
        looks_at: "the file has the id and the secret of an access key, as `~/.aws/credentials` has them (the profile `homelab`, else `default`, else the only one), as variables, or on two lines. The variables are `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
        causes: &[(
            "they are temporary credentials, of a login or a role: they end, and nothing in the house renews them",
            "create an access key of an IAM user: IAM console, Users, your user, Security credentials, Create access key",
        )],
        sources: &[
            "docs.aws.amazon.com, sdkref: Shared config and credentials files",
            "docs.aws.amazon.com, IAM: Unique ID prefixes",
        ],
        ..Explained::at("cf.token-source")
    },
    Explained {
        looks_at: "the codes `Throttling` and `PriorRequestNotComplete`. All calls of an account count against five in a second",
        sources: &["docs.aws.amazon.com, Route 53: Quotas"],
        ..Explained::at("cf.rate")
    },
    Explained {
        looks_at: "`ListHostedZones`, signed with the key. AWS answers `InvalidClientTokenId` to a key that is wrong, inactive or deleted, and `SignatureDoesNotMatch` to a wrong secret",
        causes: &[
            (
                "the clocks are more than five minutes apart (`RequestExpired`, or `SignatureDoesNotMatch` with `Signature expired`)",
                "set this machine's clock",
            ),
            (
                "the AWS account is not fully signed up, or is suspended (`OptInRequired`, `SubscriptionRequiredException`)",
                "sign in as the owner of the account, and look at Billing and at the mails of Amazon",
            ),
            ("the API is down", "look at https://health.aws.amazon.com and wait"),
        ],
        sources: &[
            "docs.aws.amazon.com, Route 53 API reference: Common errors",
            "docs.aws.amazon.com, IAM: Troubleshoot signed requests",
        ],
        ..Explained::at("cf.token")
    },
    Explained {
        looks_at: "`ListHostedZones` on `*`, and `ListResourceRecordSets` on the zone's ARN, `arn:aws:route53:::hostedzone/ID`; docs/route53.md has the whole policy",
        sources: &[
            "external-dns, docs/tutorials/aws.md",
            "cert-manager, docs/configuration/acme/dns01/route53.md",
        ],
        ..Explained::at("cf.permissions")
    },
    Explained {
        looks_at: "an account may have several zones of one name, public and private ones: each has name servers of its own. homelab takes the public one, and refuses to choose between two",
        causes: &[
            (
                "only a private zone has the name: nobody outside of Amazon's cloud can ask it",
                "create a public hosted zone of that name, and set its name servers at the registrar",
            ),
            (
                "two public zones have the name: the registrar names the servers of one alone",
                "delete the zone whose name servers the registrar does not name",
            ),
        ],
        sources: &[
            "docs.aws.amazon.com, Route 53: Considerations when working with public and private hosted zones",
        ],
        ..Explained::at("cf.zone")
    },
    Explained {
        looks_at: "the record is `_homelab-check`; the rights are `route53:ChangeResourceRecordSets` on the zone, and `route53:GetChange` on `arn:aws:route53:::change/*`, which cert-manager needs, too",
        sources: &["cert-manager v1.21: pkg/issuer/acme/dns/route53"],
        ..Explained::at("cf.dns-edit")
    },
    Explained {
        looks_at: "`ListHostedZones`, and `ListResourceRecordSets` on the ARN of the organisation's zone, with the access key of its own IAM user; docs/organisations.md has its policies",
        ..Explained::at("cf.organisation")
    },
    Explained {
        looks_at: "`ChangeResourceRecordSets` that deletes a record of `_homelab-check.invalid` in the zone `Z0000000000000000000`, which does not exist. AWS answers `AccessDenied` to a key for one zone, and `NoSuchHostedZone` to a key for all. CloudTrail notes the call as a denied one, so it is made by `--active` alone",
        causes: &[(
            "the policy names `arn:aws:route53:::hostedzone/*`, as the tutorials of external-dns and cert-manager have it, or `*`",
            "put the zone's ARN in its place: `homelab zone policy` and docs/route53.md have the whole policy",
        )],
        sources: &[
            "docs.aws.amazon.com, Route 53 API reference: ChangeResourceRecordSets, Errors",
            "docs.aws.amazon.com, IAM: Policy evaluation logic",
        ],
        ..Explained::at("cf.least-rights")
    },
    Explained {
        looks_at: "10,000 records in a hosted zone; Route 53 refuses more with `MAX_RRSETS_BY_ZONE`",
        sources: &["docs.aws.amazon.com, Route 53: Quotas", "dnscontrol#908"],
        ..Explained::at("cf.records-limit")
    },
    Explained {
        looks_at: "cert-manager waits up to two minutes for a change to be on all of Amazon's name servers (`PENDING`, then `INSYNC`)",
        sources: &["cert-manager v1.21: pkg/issuer/acme/dns/route53"],
        ..Explained::at("cm.challenge")
    },
];
