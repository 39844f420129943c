//! Whether the key may change zones that are not its own.
//!
//! A narrow key may ask nothing about its own policy (`iam:SimulatePrincipalPolicy` is a right as well). So a change is asked for that
//! nobody can make: the deletion of a record in a zone that does not exist, of a name that a policy for all names below the domain would
//! allow. AWS judges the right first: a key without it gets `AccessDenied`, one that has it `NoSuchHostedZone` (API reference,
//! ChangeResourceRecordSets, "Errors"; IAM user guide, "Policy evaluation logic").

use aws_sdk_route53::types::ChangeAction;

use super::changes::set;
use super::client::Client;
use super::refusal::{BATCH, NO_ZONE, said};
use crate::evidence::{Excess, Fault, Zone};
use crate::provider::scratch::{LABEL, MARK, TTL};

/// Of the form that ids of zones have.
const NOWHERE: &str = "Z0000000000000000000";

impl Client {
    /// Whether the key may change records in any zone.
    pub(super) async fn excess(&self, own: &Zone) -> Result<Option<Excess>, Fault> {
        let content = format!("\"{MARK}\"");
        let name = format!("{LABEL}.{}", own.name);
        let nothing = set((&name, "TXT"), TTL, [content.as_str()])?;
        let nowhere = Zone { id: NOWHERE.to_owned(), ..Zone::default() };
        match self.change(&nowhere, [(ChangeAction::Delete, nothing)]).await {
            Err(Fault::Unprepared { .. }) => Ok(None),
            // Only whoever may change it is told what is wrong with the change.
            Err(fault) if [NO_ZONE, BATCH].iter().any(|code| said(&fault, code).is_some()) => {
                Ok(Some(wide(own)))
            }
            Err(fault) => Err(fault),
            Ok(_) => Ok(Some(wide(own))),
        }
    }
}

fn wide(own: &Zone) -> Excess {
    Excess {
        may: "change the records of every hosted zone of the account".to_owned(),
        cause: format!(
            "a policy of its user allows `route53:ChangeResourceRecordSets` on more than the zone `{}`: to a change in a zone that does not exist, AWS answers `AccessDenied` where the right is missing, and it answered that there is no such zone",
            own.name
        ),
        cure: format!(
            "put `arn:aws:route53:::hostedzone/{}` in the place of `*` or `arn:aws:route53:::hostedzone/*` in the policies of that user and of its groups (IAM console, Users, Permissions); docs/route53.md has the whole policy. If it is the key of the account's root user, create one of an IAM user, and delete that of the root user",
            own.id
        ),
    }
}
