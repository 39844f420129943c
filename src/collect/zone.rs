//! The token of this machine, and what the provider answers to it.

use futures::future::join_all;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::collect::{Organised, Scope};
use crate::config::{Config, Organisation, Provider};
use crate::desired::{external_dns, organisations};
use crate::evidence::{Evidence, Fault, ProviderFailure, TokenOwner, TokenPlace, TokenSeen, Zone};
use crate::machine::token;
use crate::provider::{self, Client, Keyring};

/// What came of asking.
pub(super) struct Asked {
    /// The token without its value.
    pub(super) token: TokenSeen,
    provider: Provider,
    keyring: Option<Keyring>,
    client: Option<Client>,
    zone: Option<Result<Zone, Fault>>,
    /// The zones of organisations, each asked for with its own token.
    pub(super) organisations: Vec<Organised>,
    scope: Scope,
}

impl Asked {
    /// Looks for the token and, where the scope allows, asks what it can do; and what those of organisations can.
    pub(super) async fn ask(config: &Config, scope: Scope) -> Self {
        let asked = Self::ask_for_lab(config, scope).await;
        let own = asked.client.as_ref();
        let found: Vec<_> = config.organisations.iter().map(|one| token::find_of(config, one)).collect();
        let holders: Vec<(TokenOwner, &Keyring)> = asked
            .keyring
            .iter()
            .map(|keyring| (TokenOwner::Lab, keyring))
            .chain(config.organisations.iter().zip(&found).filter_map(|(one, (_, keyring))| {
                Some((TokenOwner::Organisation(one.name.clone()), keyring.as_ref()?))
            }))
            .collect();
        let all = config.organisations.iter().zip(&found).map(|(one, (token, keyring))| {
            let shared_with = shared(&holders, &one.name, keyring.as_ref());
            // One that this machine has nowhere may lie in the cluster.
            let token = Some(token.clone()).filter(token::was_found);
            let organised = Organised { token, shared_with, ..Organised::of(one) };
            ask_for((config, own), organised, keyring.as_ref(), scope)
        });
        let organisations = join_all(all).await;
        Self { organisations, ..asked }
    }

    async fn ask_for_lab(config: &Config, scope: Scope) -> Self {
        let (token, keyring) = token::find(config);
        let mut asked = Self {
            token,
            provider: config.dns.provider,
            keyring,
            client: None,
            zone: None,
            organisations: Vec::new(),
            scope,
        };
        let Some(keyring) = asked.keyring.as_ref().filter(|_| scope.internet) else {
            return asked;
        };
        let client = match Client::new(config, keyring) {
            Ok(client) => client.deadline(scope.within / 2),
            Err(error) => return Self { zone: Some(Err(error)), ..asked },
        };
        let domain = config.zone_or_domain();
        let zone = client.check(domain.as_str()).await;
        if let (Ok(zone), true) = (&zone, scope.active) {
            prove(&client, zone, &mut asked.token).await;
        }
        (asked.client, asked.zone) = (Some(client), Some(zone));
        asked
    }

    /// The zone as the provider has it.
    pub(super) fn zone(&self) -> Option<Zone> {
        self.zone.as_ref()?.as_ref().ok().cloned()
    }

    /// Why the zone cannot be read; `None` when it can, or when nobody was asked.
    pub(super) fn failure(&self) -> Option<ProviderFailure> {
        Some(provider::failure(self.provider, self.zone.as_ref()?.as_ref().err()?.clone()))
    }

    /// The client to read the zone's records with.
    pub(super) fn reader(&self) -> Option<&Client> {
        self.client.as_ref().filter(|_| matches!(self.zone, Some(Ok(_))))
    }

    /// What was seen of the token, once all calls are made.
    pub(super) fn seen(self) -> TokenSeen {
        let budget = self.client.as_ref().and_then(Client::budget);
        TokenSeen { budget, ..self.token }
    }

    /// The zones of organisations whose tokens lie in the cluster alone.
    async fn ask_with_kept(&mut self, cluster: &Cluster, config: &Config) {
        let (own, scope) = (self.client.as_ref(), self.scope);
        let is_nowhere = |one: &&Organisation| {
            self.organisations.iter().any(|known| known.name == one.name && known.token.is_none())
        };
        let kept = config.organisations.iter().filter(is_nowhere).map(async |one| {
            // A Secret that could not be read says nothing.
            let Ok(keyring) = cluster.kept_credential(config, one).await else { return Organised::of(one) };
            let token = match &keyring {
                Some(_) => TokenSeen { place: place_in_cluster(one), ..TokenSeen::default() },
                None => token::find_of(config, one).0,
            };
            let organised = Organised { token: Some(token), ..Organised::of(one) };
            ask_for((config, own), organised, keyring.as_ref(), scope).await
        });
        for found in join_all(kept).await {
            if let Some(known) = self.organisations.iter_mut().find(|one| one.name == found.name) {
                *known = found;
            }
        }
    }

    /// Asks the cluster what external-dns does, and whether the Secrets that `up` writes have this token.
    pub(super) async fn ask_cluster(
        &mut self,
        evidence: &mut Evidence,
        cluster: &Cluster,
        config: &Config,
        deadline: Instant,
    ) {
        if let Some(seen) = &evidence.cluster {
            evidence.external_dns = Some(cluster.external_dns(&seen.objects, deadline).await);
        }
        if !cluster.reads_only() {
            self.ask_with_kept(cluster, config).await;
        }
        if let Some(keyring) =
            self.keyring.as_ref().filter(|keyring| !keyring.is_empty() && !cluster.reads_only())
        {
            let zone = self.zone.as_ref().and_then(|zone| zone.as_ref().ok()).map(|zone| zone.id.as_str());
            let zone = zone.filter(|id| !id.is_empty());
            let copies = cluster.token_copies(&places(config), (keyring, zone), deadline).await;
            self.token.copies = Some(copies);
        }
    }
}

/// The Secret that has the credential which `zone policy --apply` made.
fn place_in_cluster(organisation: &Organisation) -> TokenPlace {
    let name = organisations::secret_name(&organisation.name);
    TokenPlace::Secret(format!("{}/{name}", external_dns::NAMESPACE))
}

/// What `--active` proves, one after the other: providers count calls.
async fn prove(client: &Client, zone: &Zone, token: &mut TokenSeen) {
    let failure = |fault| client.failure(fault);
    token.edit = Some(client.prove_edit(zone).await.map_err(failure));
    if let Some(found) = client.excess(zone).await {
        token.excess = Some(found.map_err(failure));
    }
}

/// Who else has the token of an organisation.
fn shared(holders: &[(TokenOwner, &Keyring)], name: &str, keyring: Option<&Keyring>) -> Option<TokenOwner> {
    let keyring = keyring.filter(|keyring| !keyring.is_empty())?;
    let own = TokenOwner::Organisation(name.to_owned());
    holders
        .iter()
        .find(|(holder, other)| *holder != own && *other == keyring)
        .map(|(holder, _)| holder.clone())
}

/// The zone of an organisation, as its own token sees it.
async fn ask_for(
    (config, own): (&Config, Option<&Client>),
    mut organised: Organised,
    keyring: Option<&Keyring>,
    scope: Scope,
) -> Organised {
    let Some(keyring) = keyring.filter(|_| scope.internet) else { return organised };
    let client = match Client::new(config, keyring) {
        Ok(client) => client.deadline(scope.within / 2),
        Err(fault) => {
            organised.found = Some(Err(provider::failure(config.dns.provider, fault)));
            return organised;
        }
    };
    let found = client.check_zone(&organised.zone, own).await;
    if let (Ok(zone), Some(token), true) = (&found, &mut organised.token, scope.active) {
        prove(&client, zone, token).await;
    }
    organised.found = Some(found.map_err(|fault| client.failure(fault)));
    organised.client = Some(client);
    organised
}

/// The namespaces with the token in a Secret of `up`'s, each with who reads it.
fn places(config: &Config) -> Vec<(String, &'static str)> {
    let own = config.external_dns.then(|| (external_dns::NAMESPACE.to_owned(), external_dns::NAME));
    // Where the lab's own server takes the challenges, cert-manager needs none.
    let manager = config.dns.challenge_server.is_none();
    let manager = manager.then(|| (config.cert_manager.namespace.clone(), "cert-manager"));
    own.into_iter().chain(manager).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{TokenPlace, TokenProblem};
    use crate::facts::secret::SecretError;

    const SCOPE: Scope =
        Scope { cluster: false, internet: true, active: true, within: std::time::Duration::from_secs(5) };

    async fn asked(dns: &str) -> Asked {
        let text = format!("domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ {dns} }}\n");
        Asked::ask(&crate::config::parse(&text).unwrap(), SCOPE).await
    }

    #[tokio::test]
    async fn a_provider_that_asks_for_no_credential_is_asked_for_its_zone_all_the_same() {
        let asked = asked("provider: slate, server: wall.home.arpa").await;
        assert_eq!(asked.zone().unwrap().name, "home.example.com");
        assert!(asked.failure().is_none() && asked.reader().is_some());
        let seen = asked.seen();
        assert_eq!((seen.place, seen.problem, seen.edit), (TokenPlace::NotNeeded, None, Some(Ok(()))));
    }

    #[tokio::test]
    async fn a_provider_with_two_credentials_reads_both_out_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paper-key");
        let dns = format!("provider: paper, server: drawer.test, tokenFile: {}", file.display());
        std::fs::write(&file, "k-1\nada\n").unwrap();
        assert!(asked(&dns).await.zone().is_some());
        std::fs::write(&file, "k-1\n").unwrap();
        let half = asked(&dns).await;
        assert!(half.zone().is_none() && half.failure().is_none(), "nobody is asked with half of it");
        let problem = SecretError::Other("the key has no name below it");
        assert_eq!(half.seen().problem, Some(TokenProblem::Shape(problem)));
    }
}
