//! Where public DNS leads who looks for a challenge, as cert-manager and the ACME server will follow it.
//!
//! The zones' own servers are asked: a resolver would remember that a record is missing, and cert-manager asks one
//! (cert-manager v1.21: `followCNAMEs` in pkg/issuer/acme/dns/util/wait.go).

use std::net::SocketAddr;

use futures::future::join_all;

use crate::collect::network::asked::asked;
use crate::collect::network::delegation;
use crate::collect::network::pace::Paces;
use crate::collect::network::{Limit, Probes};
use crate::config::{Challenge, Config};
use crate::evidence::dns::{AskError, Data, Rcode, Reply};
use crate::evidence::{ChainEnd, ChallengeSeen, ChallengesSeen, label};
use crate::facts::names::is_within;
use crate::net::dns::{self, Question, RecordType, ZoneName};

/// More CNAME records one after the other nobody needs; resolvers give up at about as many.
const LONGEST: usize = 8;
/// Stands in the place of the challenge's own label: what has an answer for it is a wildcard.
const ANY: &str = "homelab-check";

/// Looks at nothing else, as `up` does before it writes; `None` where the challenges are met beside the names.
pub async fn alone(config: &Config) -> Option<ChallengesSeen> {
    let probes = Probes::of(config, config.domain.to_string(), Vec::new());
    let limit = Limit::new(probes.probe, probes.deadline);
    let above = Box::pin(delegation::above(&probes, &limit));
    let (names, server) = futures::join!(Box::pin(look(&probes, &limit, false)), above);
    let own = probes.challenge_server.is_some();
    Some(ChallengesSeen { zone: probes.challenge_zone?, own, names, server })
}

/// Follows all of them; `None` when nobody beyond this network is to be asked. Where the router answers in place of every server
/// (`intercepted`), all questions end there.
pub(super) async fn look(probes: &Probes, limit: &Limit, intercepted: bool) -> Option<Vec<ChallengeSeen>> {
    let zone = probes.challenge_zone.as_deref()?;
    let (resolvers, _) = probes.public();
    if resolvers.is_empty() {
        return None;
    }
    let (of_names, of_challenges) =
        futures::join!(zone_of(probes, limit, &probes.domain), zone_of(probes, limit, zone));
    let zones: Vec<ZoneName> = [of_names, of_challenges].into_iter().flatten().collect();
    let outside = zones.iter().flat_map(|zone| &zone.found.servers).map(|server| server.address);
    let outside = outside.chain(resolvers.iter().copied()).filter(|_| !intercepted);
    let way = Way { probes, limit, paces: Paces::new(probes.pace, outside), zones };
    Some(join_all(probes.challenges.iter().map(|challenge| way.follow(challenge, zone))).await)
}

/// By public resolvers alone: those of the house may have a zone of their own for the names.
pub(super) async fn zone_of(probes: &Probes, limit: &Limit, name: &str) -> Option<ZoneName> {
    let ((by, _), port) = (probes.public(), probes.dns_port);
    let found = limit.run(|within| async move { dns::zone_of(name, by, port, within).await });
    found.await?.ok().filter(|zone| !zone.found.servers.is_empty())
}

struct Way<'w> {
    probes: &'w Probes,
    limit: &'w Limit,
    paces: Paces,
    /// Those that are known.
    zones: Vec<ZoneName>,
}

/// What somebody says of the CNAME record of a name.
struct Said {
    target: Option<String>,
    zone: Option<String>,
    server: String,
}

impl Way<'_> {
    async fn follow(&self, challenge: &Challenge, zone: &str) -> ChallengeSeen {
        let mut chain: Vec<String> = Vec::new();
        let end = loop {
            let at = chain.last().unwrap_or(&challenge.name);
            match self.ask(at).await {
                Err(why) => break ChainEnd::Unknown { why },
                Ok(Said { target: None, zone, server }) => break ChainEnd::Here { zone, server },
                Ok(Said { target: Some(target), .. }) => {
                    let again = target == challenge.name || chain.contains(&target);
                    chain.push(target);
                    if again || chain.len() > LONGEST {
                        break ChainEnd::Circle;
                    }
                }
            }
        };
        let led = chain.last().is_some_and(|last| is_within(last, zone)) && end != ChainEnd::Circle;
        let by_wildcard = !led && self.is_by_wildcard(&challenge.name, chain.first()).await;
        ChallengeSeen {
            name: challenge.name.clone(),
            target: challenge.target.clone(),
            proves: challenge.proves.clone(),
            chain,
            by_wildcard,
            end,
        }
    }

    /// Whether a name beside it that nobody has made leads to the same place.
    async fn is_by_wildcard(&self, name: &str, first: Option<&String>) -> bool {
        let (Some(first), Some((_, above))) = (first, name.split_once('.')) else { return false };
        let beside = self.ask(&format!("{ANY}.{above}")).await;
        beside.is_ok_and(|said| said.target.as_ref() == Some(first))
    }

    /// The servers of the name's zone; where none of them gives an answer of its own, a resolver.
    async fn ask(&self, name: &str) -> Result<Said, String> {
        let known = self.zones.iter().filter(|zone| is_within(name, &zone.name));
        let said = match known.max_by_key(|zone| zone.name.len()) {
            Some(zone) => match self.at_servers(zone, name).await {
                Answer::Said(said) => Some(said),
                Answer::Below => self.below(name).await,
                Answer::None => None,
            },
            None => self.below(name).await,
        };
        match said {
            Some(said) => Ok(said),
            None => self.at_resolvers(name).await,
        }
    }

    /// In a zone that is not known yet.
    async fn below(&self, name: &str) -> Option<Said> {
        match self.at_servers(&zone_of(self.probes, self.limit, name).await?, name).await {
            Answer::Said(said) => Some(said),
            Answer::Below | Answer::None => None,
        }
    }

    async fn at_servers(&self, zone: &ZoneName, name: &str) -> Answer {
        let question = Question::new(name, RecordType::Cname).authoritative();
        for server in &zone.found.servers {
            let Some(Ok(reply)) = self.at(server.address, &question).await else { continue };
            if refers(&reply, &zone.name, name) {
                return Answer::Below;
            }
            // Somebody on the way who answers in place of every server is no authority.
            if reply.authoritative && is_word(&reply) {
                return Answer::Said(Said {
                    target: target(&reply, name),
                    zone: Some(zone.name.clone()),
                    server: server.name.clone(),
                });
            }
        }
        Answer::None
    }

    /// Over HTTPS, as cert-manager does; where none is asked over HTTPS, those that the configuration names.
    async fn at_resolvers(&self, name: &str) -> Result<Said, String> {
        let question = &Question::new(name, RecordType::Cname);
        let mut why = format!("no name server answers for `{name}`");
        let (resolvers, doh) = self.probes.public();
        for server in doh {
            let asked = self.limit.run(|within| async move { dns::doh(server, question, within).await });
            match heard(asked.await, name, &server.url) {
                Ok(said) => return Ok(said),
                Err(told) => why = told,
            }
        }
        for server in resolvers.iter().filter(|_| doh.is_empty()) {
            match heard(self.at(*server, question).await, name, &label(*server)) {
                Ok(said) => return Ok(said),
                Err(told) => why = told,
            }
        }
        Err(why)
    }

    async fn at(&self, server: SocketAddr, question: &Question) -> Option<Result<Reply, AskError>> {
        asked(self.limit, self.paces.of(server), server, question).await
    }
}

/// What comes of asking the servers of a zone.
enum Answer {
    Said(Said),
    /// The name is in a zone below.
    Below,
    /// None of them could be asked.
    None,
}

fn heard(answer: Option<Result<Reply, AskError>>, name: &str, server: &str) -> Result<Said, String> {
    let whom = format!("{server} was asked for the CNAME record of `{name}`");
    match answer {
        None => Err(format!("{whom}: no time was left")),
        Some(Err(why)) => Err(format!("{whom}: {why}")),
        Some(Ok(reply)) if is_word(&reply) => {
            Ok(Said { target: target(&reply, name), zone: None, server: server.to_owned() })
        }
        Some(Ok(reply)) => Err(format!("{whom}: it answers {:?}", reply.rcode)),
    }
}

fn is_word(reply: &Reply) -> bool {
    matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain)
}

fn target(reply: &Reply, name: &str) -> Option<String> {
    reply.answers.iter().find_map(|record| match &record.data {
        Data::Cname(target) if record.name.eq_ignore_ascii_case(name) => Some(target.clone()),
        _ => None,
    })
}

/// Whether the reply points to the servers of a zone below the one that was asked, or comes from it: one server may hold both.
fn refers(reply: &Reply, zone: &str, name: &str) -> bool {
    let below = |other: &str| other.len() > zone.len() && is_within(other, zone) && is_within(name, other);
    let soa = reply.soa.iter().map(|soa| soa.zone.as_str());
    let referred = reply.referral.iter().map(|record| record.name.as_str());
    reply.answers.is_empty() && soa.chain(referred).any(below)
}

#[cfg(test)]
mod tests;
