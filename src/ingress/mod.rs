//! Ingress controllers. Everything that differs between them is in one folder each; the rest of homelab asks
//! [`traits_of`] the one that the configuration names.
//!
//! What each needs, those to come included, and where the seam has room for it:
//!
//! | | ingress-nginx | Traefik (its ingress-nginx provider) | one that is there already (`ingress.manage: false`) |
//! |---|---|---|---|
//! | class, and who serves it | `nginx`, [`Traits::class_controller`] | the same: a class' controller cannot be changed | as `ingress.class` says: [`class_of`] |
//! | objects, RBAC | [`Pod`], of which `desired::controller` makes them | the same | none |
//! | arguments | [`Pod::arguments`] | the same: static configuration as arguments | not ours to set |
//! | settings in a ConfigMap | [`Pod::settings`], [`Traits::guards`] | none | not read |
//! | annotations | [`Traits::annotations`], [`Traits::annotations_of_service`], [`Traits::without_redirect`], [`Traits::snippets`] | those that `ControllerFacts::reads` has; others are refused where the configuration is read, and told of by `ingress.migration` | those of the make that `ingress.controller` names, or none |
//! | kept from the internet, where a service is public | snippets of its ConfigMap, [`Traits::refuses_unknown_names`] | a file that it reads again, [`Pod::files`] | annotations alone |
//! | who writes the status | the leader: [`Status`] | homelab itself, from the Ready nodes: [`Pod::writes_status`] | a load balancer |
//! | a name that no Ingress has | [`Traits::is_unknown_name`]: a page signed `nginx` | Go's plain text, which others give, too | not known: any answer |
//! | certificate without a Secret | [`Traits::is_fake`] | `TRAEFIK DEFAULT CERT` | not known |
//! | wildcard certificate | an argument | [`Pod::wildcard_by_ingress`] | none of ours |
//! | an Ingress that it cannot serve | [`Traits::denies_with`]: 403, 503 | 404 | not known |
//! | log: configuration taken or refused | [`Log::last_reload`], and events | it reloads nothing: never refused | not read |
//! | log: why it ended | [`Log::last_words`], [`Log::is_fatal`] | other lines | not read |
//! | log: whom it asked in vain | [`Log::failed_request`] | at the level DEBUG only: not known | not read |
//! | log: annotations, status | [`Log::is_refused_annotation`], [`Log::denied_ingress`], [`Log::denied_status`] | other lines; no status | not read |
//! | updates | [`Traits::retired`] | maintained | its owner's matter |
//!
//! A new one: its variant in `facts::controllers`, its folder here, its line in [`traits_of`], and its pin.

mod answer;
mod failed;
mod flaws;
pub mod nginx;
mod others;
#[cfg(test)]
mod paper;
mod pod;
mod protect;
mod served;
#[cfg(test)]
mod tests;
pub mod traefik;
mod traits;
mod unmanaged;

use crate::config::{Config, Controller};
use crate::evidence::Evidence;

pub use answer::is_go_404;
pub use failed::{FailedRequest, Unusable};
pub use flaws::{Flaw, Version};
pub use others::OTHERS;
pub use pod::{Files, Pod, Rule};
pub use served::{Class, whose};
pub use traits::{
    Guard, LastWord, Log, NoCertificate, Reference, Referent, Retired, Snippets, Status, Traits,
};
pub use unmanaged::NOT_OURS;

/// What is particular to the controller.
#[must_use]
pub const fn traits_of(controller: Controller) -> &'static Traits {
    match controller {
        Controller::IngressNginx => &nginx::TRAITS,
        Controller::Unmanaged => &unmanaged::TRAITS,
        Controller::Traefik => &traefik::TRAITS,
        #[cfg(test)]
        Controller::Paper => &paper::TRAITS,
    }
}

/// The class of the lab's Ingresses, as the configuration has it.
#[must_use]
pub fn class_of(config: &Config) -> &str {
    config.ingress.class.as_deref().unwrap_or(traits_of(config.ingress.controller).class)
}

/// The same where the configuration's own words are not at hand.
#[must_use]
pub fn class_in(evidence: &Evidence) -> &str {
    evidence.class.as_deref().unwrap_or(traits_of(evidence.controller).class)
}

/// Whether homelab writes the nodes' addresses into the status of Ingresses, because the controller that it installs does not.
#[must_use]
pub fn addresses_are_homelabs(config: &Config) -> bool {
    !traits_of(config.ingress.controller).pod.writes_status
}

/// Every controller that homelab installs, the one of the configuration or not.
pub fn known() -> impl Iterator<Item = &'static Traits> {
    Controller::ALL.iter().map(|controller| traits_of(*controller))
}

/// A line of any program's log, without what is nobody's business; `None` when nothing of it is left.
#[must_use]
pub fn discreet(line: &str) -> Option<String> {
    known().try_fold(line.to_owned(), |line, controller| (controller.log.discreet)(&line))
}
