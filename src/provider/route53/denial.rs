//! Which policy denies a call, by the words of the answer.
//!
//! Sources: IAM user guide, "Troubleshoot access denied error messages" (its list of causes, and their words), "Policy evaluation
//! logic"; aws-sdk-php#2141 (a zone of another account).

/// Who says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    /// A policy of the organization that the account is in, which its management account writes.
    Organization,
    /// The permissions boundary of the user.
    Boundary,
    /// A statement that denies, in a policy of the user or of its groups.
    Policy,
    /// The zone is in another account. Of one that no account has AWS says `NoSuchHostedZone`.
    Elsewhere,
    /// No policy allows it.
    Missing,
}

/// Words of a denial by the organization.
pub(super) const OF_ORGANIZATION: &[&str] =
    &["in a service control policy", "no service control policy allows", "in a resource control policy"];
/// Words of a denial by the boundary.
pub(super) const OF_BOUNDARY: &[&str] = &["in a permissions boundary", "no permissions boundary allows"];
/// Words of a denial by a statement.
pub(super) const OF_POLICY: &[&str] = &["explicit deny"];
/// Words of a denial for another account's zone.
pub(super) const OF_ELSEWHERE: &[&str] = &["not authorized to access this resource"];

/// What to do about a denial by the organization.
pub(super) const AT_ORGANIZATION: &str =
    "change the policy in the management account of the organization (AWS Organizations, Policies)";
/// What to do about a zone in another account.
pub(super) const AT_ELSEWHERE: &str = "use an access key of the account that has the zone, or run `homelab up`, which looks for the zone in this one";

impl Denial {
    /// Those that have words, the narrower ones first.
    const TOLD: [(Self, &[&str]); 4] = [
        (Self::Organization, OF_ORGANIZATION),
        (Self::Boundary, OF_BOUNDARY),
        (Self::Policy, OF_POLICY),
        (Self::Elsewhere, OF_ELSEWHERE),
    ];

    /// By what AWS answered.
    pub(super) fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        let told = Self::TOLD.into_iter().find(|(_, words)| words.iter().any(|word| message.contains(word)));
        told.map_or(Self::Missing, |(denial, _)| denial)
    }

    /// By what [`Self::clause`] ends.
    pub(super) fn told_in(summary: &str) -> Self {
        let told = Self::TOLD.into_iter().map(|(denial, _)| denial);
        told.into_iter().find(|denial| summary.ends_with(denial.clause())).unwrap_or(Self::Missing)
    }

    /// How a summary ends that says what the key may not do.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Organization => ", since a policy of your AWS organization forbids it",
            Self::Boundary => ", since the permissions boundary of that user does not allow it",
            Self::Policy => ", since a policy denies it",
            Self::Elsewhere => ", which another account has",
            Self::Missing => "",
        }
    }

    /// The rule behind it.
    pub(super) const fn cause(self) -> &'static str {
        match self {
            Self::Organization => {
                "a service control policy of the organization counts for every user of the account: no policy of the user changes that"
            }
            Self::Boundary => {
                "a permissions boundary is the most that a user may do, whatever its policies allow"
            }
            Self::Policy => "a statement that denies counts whatever another policy allows",
            Self::Elsewhere => {
                "the zone belongs to another AWS account than the access key, and its policies do not reach there"
            }
            Self::Missing => {
                "AWS denies what no policy allows, and a policy that names another zone does not allow it in this one"
            }
        }
    }

    /// The next step for an action on an ARN; `policy` says where the whole policy is.
    pub(super) fn cure(self, action: &str, place: &str, policy: &str) -> String {
        match self {
            Self::Organization => AT_ORGANIZATION.to_owned(),
            Self::Boundary => format!(
                "allow `{action}` on `{place}` in the permissions boundary of that user (IAM console, Users, the user, Permissions boundary)"
            ),
            Self::Policy => format!(
                "remove the statement that denies `{action}` from the policies of that user and of its groups"
            ),
            Self::Elsewhere => AT_ELSEWHERE.to_owned(),
            Self::Missing => format!(
                "allow `{action}` on `{place}` in the policy of that user (IAM console, Users, Permissions); {policy}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the guide has them, of Route 53.
    fn denied(why: &str) -> String {
        format!(
            "User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z1 {why}"
        )
    }

    #[test]
    fn each_policy_that_denies_is_told_from_the_others() {
        for (why, denial) in [
            ("with an explicit deny in a service control policy", Denial::Organization),
            (
                "because no service control policy allows the route53:ChangeResourceRecordSets action",
                Denial::Organization,
            ),
            ("with an explicit deny in a resource control policy", Denial::Organization),
            (
                "because no permissions boundary allows the route53:ChangeResourceRecordSets action",
                Denial::Boundary,
            ),
            ("with an explicit deny in a permissions boundary", Denial::Boundary),
            ("with an explicit deny in an identity-based policy", Denial::Policy),
            ("with an explicit deny", Denial::Policy),
            (
                "because no identity-based policy allows the route53:ChangeResourceRecordSets action",
                Denial::Missing,
            ),
        ] {
            assert_eq!(Denial::of(&denied(why)), denial, "{why}");
        }
        let elsewhere = "User: arn:aws:iam::1:user/h is not authorized to access this resource";
        assert_eq!(Denial::of(elsewhere), Denial::Elsewhere);
    }

    #[test]
    fn the_cause_is_found_again_by_the_summary() {
        for denial in Denial::TOLD.map(|(denial, _)| denial).into_iter().chain([Denial::Missing]) {
            let summary = format!("the access key may not `route53:GetChange` on `*`{}", denial.clause());
            assert_eq!(Denial::told_in(&summary), denial);
        }
    }
}
