//! The tunnel at the provider (`public: tunnel`): looked for, made and told where it leads; deleted when nobody needs it any more.
//! Stopped at any moment, the next run goes on: what a tunnel is made with is written into the cluster first, and by that it is
//! found again.

use std::collections::BTreeSet;

use k8s_openapi::ByteString;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::commands::planned::refused;
use crate::commands::strangers::named;
use crate::config::Config;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::desired::tunnel::{Opened, remember, rules, secret_key, tunnels};
use crate::error::{Error, Result};
use crate::evidence::{Fault, Tunnel, TunnelRule, TunnelSeen, Zone};
use crate::facts::namespaces::TUNNEL as NAMESPACE;
use crate::facts::secret::Secret;
use crate::facts::tunnel::name_of;
use crate::machine::random;
use crate::plan::tunnel::{Kept, kept};
use crate::plan::{Change, Plan, Snapshot};
use crate::provider::{Client, Tunnels, Which};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "way in";
/// Its key is as long as that of cloudflared's own tunnels (cloudflared 2026.8, `generateTunnelSecret`).
const KEY_LENGTH: usize = 32;

/// The tunnel that the configuration asks for, and what there is of it.
#[derive(Debug)]
pub(super) struct WayIn {
    traits: &'static Tunnels,
    name: String,
    kept: Kept,
    wanted: Vec<TunnelRule>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// There is none.
    Absent,
    /// It is there; what it leads to is as it should be, or not.
    There { opened: Opened, tunnel: Tunnel },
}

impl WayIn {
    /// Looks for it; reads only. None where no service asks for one.
    ///
    /// # Errors
    /// When the provider cannot be asked, or somebody else's stands there and is not to be taken over.
    pub(super) async fn look(
        provider: &Client,
        zone: &Zone,
        config: &Config,
        snapshot: &Snapshot,
        adopt: bool,
    ) -> Result<Option<Self>> {
        let Some(traits) = tunnels(config) else { return Ok(None) };
        let failed = |fault: Fault| refused(provider.provider(), fault);
        let (name, wanted) = (name_of(&config.dns.owner), rules(config, snapshot.cluster_domain()));
        let kept = kept(snapshot).unwrap_or_default();
        let Some(tunnel) = find(provider, zone, &kept, &name).await.map_err(failed)? else {
            return Ok(Some(Self { traits, name, kept, wanted, state: State::Absent }));
        };
        let api = provider.tunnels().map_err(failed)?;
        let (token, rules) =
            tokio::try_join!(api.token(zone, &tunnel.id), api.rules(zone, &tunnel.id)).map_err(failed)?;
        let is_ours = kept.is_ours(&tunnel, &token);
        let tunnel = Tunnel { rules, ..tunnel };
        if !is_ours && (!adopt || !tunnel.remote) {
            return Err(strangers(&tunnel, traits));
        }
        let adopted = !is_ours || (kept.adopted && kept.id.as_ref() == Some(&tunnel.id));
        let opened = Opened {
            id: tunnel.id.clone(),
            key: kept.key.clone().filter(|_| !adopted),
            token: token.token,
            adopted,
        };
        let state = State::There { opened, tunnel };
        Ok(Some(Self { traits, name, kept, wanted, state }))
    }

    /// What goes into the objects of it; none as long as it is not there.
    pub(super) fn opened(&self) -> Option<&Opened> {
        match &self.state {
            State::Absent => None,
            State::There { opened, .. } => Some(opened),
        }
    }

    /// What is taken over, in words.
    pub(super) fn adopted(&self) -> Option<String> {
        let opened = self.opened()?;
        let is_new = opened.adopted && self.kept.id.as_ref() != Some(&opened.id);
        is_new.then(|| format!("takes over the tunnel `{}`, and never deletes it", self.name))
    }

    /// What a run does at the provider, in words; none if nothing.
    pub(super) fn change(&self) -> Option<String> {
        let names = count(&self.wanted);
        match &self.state {
            State::Absent => Some(format!("creates the tunnel `{}`, which leads to {names}", self.name)),
            State::There { tunnel, .. } if tunnel.rules != self.wanted => {
                Some(format!("changes the rules of the tunnel `{}`, so that it leads to {names}", self.name))
            }
            State::There { .. } => None,
        }
    }

    /// Does that. Whether the tunnel is new, and the plan has to be made again.
    ///
    /// # Errors
    /// When the provider or the cluster refuses.
    pub(super) async fn carry_out(
        &self,
        (cluster, provider, zone): (&Cluster, &Client, &Zone),
        plan: &Plan,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<bool> {
        let failed = |fault: Fault| refused(provider.provider(), fault);
        let names = count(&self.wanted);
        match &self.state {
            State::There { tunnel, .. } if tunnel.rules == self.wanted => {
                progress.done(LINE, &format!("the tunnel `{}` leads to {names}, unchanged", self.name));
                Ok(false)
            }
            State::There { tunnel, .. } => {
                progress.update(LINE, "changing where the tunnel leads");
                let api = provider.tunnels().map_err(failed)?;
                api.set_rules(zone, &tunnel.id, &self.wanted).await.map_err(failed)?;
                progress.done(LINE, &format!("the tunnel `{}` leads to {names} now", self.name));
                Ok(false)
            }
            State::Absent => {
                progress.update(LINE, &format!("creating the tunnel `{}`", self.name));
                let key = self.key(cluster, plan, deadline).await?;
                let api = provider.tunnels().map_err(failed)?;
                let made = api.make(zone, &self.name, &key).await.map_err(failed)?;
                api.set_rules(zone, &made.id, &self.wanted).await.map_err(failed)?;
                progress.done(LINE, &format!("the tunnel `{}` is created, and leads to {names}", self.name));
                Ok(true)
            }
        }
    }

    /// What the tunnel is made with. The cluster has it before the provider does.
    async fn key(&self, cluster: &Cluster, plan: &Plan, deadline: Instant) -> Result<Secret> {
        if let Some(key) = &self.kept.key {
            return Ok(key.clone());
        }
        let made = || Error::unfinished("cannot make a key for the tunnel");
        let bytes = ByteString(random::bytes::<KEY_LENGTH>()?.to_vec());
        let text = serde_json::to_value(bytes).map_err(|error| made().because(error))?;
        let key = Secret::word(text.as_str().unwrap_or_default()).map_err(|_| made())?;
        let home = Key { kind: &kind::NAMESPACE, namespace: None, name: NAMESPACE.to_owned() };
        for key_of in [home, secret_key()] {
            let change = plan.apply.iter().find(|change| change.object.key == key_of);
            let Some(Change { object, new, adopts }) = change else { continue };
            let mut object = object.clone();
            if object.is_secret() {
                remember(&mut object, &key);
            }
            let first = Change { object, new: *new, adopts: adopts.clone() };
            cluster.apply(std::iter::once(&first), deadline, |_, _| ()).await?;
        }
        Ok(key)
    }

    /// What is known of it once it is there, for the checks with which a run ends.
    pub(super) fn seen(&self) -> Option<TunnelSeen> {
        let State::There { opened, tunnel } = &self.state else { return None };
        let hosts = self.wanted.iter().filter_map(|rule| rule.host.clone());
        Some(TunnelSeen {
            name: self.name.clone(),
            hosts: hosts.collect::<BTreeSet<String>>(),
            wanted: self.wanted.clone(),
            id: Some(opened.id.clone()),
            target: Some((self.traits.target)(&opened.id)),
            found: Some(Ok(Some(Tunnel { rules: self.wanted.clone(), ..tunnel.clone() }))),
        })
    }

    /// The same for machines.
    pub(super) fn document(way: Option<&Self>) -> Value {
        way.map_or(Value::Null, |way| json!({ "tunnel": way.name, "change": way.change() }))
    }
}

/// The one that the cluster remembers, else the one with the lab's name.
pub(super) async fn find(
    provider: &Client,
    zone: &Zone,
    kept: &Kept,
    name: &str,
) -> std::result::Result<Option<Tunnel>, Fault> {
    let api = provider.tunnels()?;
    if let Some(id) = &kept.id
        && let Some(tunnel) = api.find(zone, Which::Id(id)).await?
    {
        return Ok(Some(tunnel));
    }
    api.find(zone, Which::Name(name)).await
}

fn count(rules: &[TunnelRule]) -> String {
    match rules {
        [only] => format!("`{}`", only.host.as_deref().unwrap_or_default()),
        _ => format!("{} names", rules.len()),
    }
}

fn strangers(tunnel: &Tunnel, traits: &Tunnels) -> Error {
    let error = Error::usage(format!(
        "the tunnel `{}` exists already, and this cluster did not create it",
        tunnel.name
    ));
    let leads = tunnel.rules.iter().map(|rule| rule.host.clone().unwrap_or_else(|| "every name".to_owned()));
    let leads = named(leads);
    let error = match (leads.is_empty(), tunnel.connections) {
        (true, 0) => error.because("it leads to no name, and nobody has opened it"),
        (false, 0) => error.because(format!("it leads to {leads}; nobody has opened it now")),
        (_, open) => error.because(format!("it leads to {leads}; {open} connections are open now")),
    };
    let page = traits.words.page;
    let delete = format!("if nobody needs it, delete it in {page}, and run `homelab up` again");
    if !tunnel.remote {
        return error
            .because("a file on another machine says where it leads, so homelab cannot change that")
            .hint(delete);
    }
    error.hint(format!(
        "{delete};\nif this cluster replaces the one that created it, run `homelab up --adopt` once: homelab replaces its rules, and never deletes it;\n\
         if that one still exists, give this cluster another `dns.owner`"
    ))
}

#[cfg(test)]
mod tests;
