//! The way to the API server: the kubeconfig, the certificates on the way, and whether anything answers.

use jiff::Timestamp;

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::last_words;
use crate::evidence::tls::{Leaf, Served};
use crate::evidence::{Access, ApiFailure, ApiFault, ClusterSeen, Evidence, UnitSeen, at};

/// k3s renews what has less than 120 days left, 90 before May 2025: client certificates at its start, the one that it shows at
/// port 6443 while it runs, each 6 hours (dynamiclistener, `checkExpiration`). By 60 days, that has not happened.
const SOON: i64 = 60 * 86_400;

/// Where systemd lays the credentials of the doctor on a schedule (modules/doctor.nix; systemd.exec(5), "CREDENTIALS").
const SCHEDULED: &str = "/run/credentials/homelab-doctor.service/";

fn scheduled(access: &Access) -> bool {
    access.kubeconfig.starts_with(SCHEDULED)
}

/// "Unknown" where the doctor on a schedule is not let in: another unit fetches its credentials, and what stands for them
/// meanwhile has neither a user nor an authority, so that every server would look like a stranger's.
fn unfetched(cluster: &ClusterSeen) -> Option<Outcome> {
    let failure = match cluster.version.as_ref()? {
        Err(failure) => failure,
        Ok(_) => cluster.denied.as_ref()?,
    };
    let not_let_in = matches!(failure.kind, ApiFault::ForeignAuthority | ApiFault::Unauthorized);
    (not_let_in && cluster.access.as_ref().is_some_and(scheduled)).then(|| {
        Outcome::unknown(
            "the doctor's own credentials could not be fetched: `journalctl -u homelab-doctor-access` says why",
        )
    })
}

pub(super) fn kubeconfig(evidence: &Evidence, cluster: &ClusterSeen) -> Outcome {
    if let Some(unknown) = unfetched(cluster) {
        return unknown;
    }
    let failure = match &cluster.version {
        None => return Outcome::unknown("the API server was not asked"),
        Some(Err(failure)) => Some(failure),
        Some(Ok(_)) => cluster.denied.as_ref(),
    };
    if let Some(finding) =
        failure.and_then(|failure| unusable(evidence.now, cluster.access.as_ref(), failure))
    {
        return finding.into();
    }
    let Some(access) = &cluster.access else {
        return Outcome::pass("it can be used");
    };
    if access.of_this_machine == Some(false) && !scheduled(access) {
        return Finding::new(
            format!("`{}` belongs to another cluster than the one that runs here", access.kubeconfig),
            format!("it connects to `{}`, whose certificate authority is not that of `/etc/rancher/k3s/k3s.yaml`", access.server),
            "unset `KUBECONFIG` or name k3s' own file with `--kubeconfig`, if you want this machine's cluster",
        )
        .look("kubectl config view --minify")
        .only(Severity::Warning)
        .into();
    }
    Outcome::pass(format!("`{}` points to {}", access.kubeconfig, access.server))
}

/// What is wrong with the kubeconfig itself; `None` where the fault lies behind it.
fn unusable(now: Timestamp, access: Option<&Access>, failure: &ApiFailure) -> Option<Finding> {
    let said = |fix: &str| Finding::new(&failure.failure.what, why(failure), fix);
    let file = access.map_or("the kubeconfig", |access| access.kubeconfig.as_str());
    let ended = access.and_then(|access| access.client.as_ref()).is_some_and(|leaf| leaf.not_after < now);
    Some(match failure.kind {
        ApiFault::Unnamed | ApiFault::NotFound => said(
            "start k3s, which writes `/etc/rancher/k3s/k3s.yaml`; elsewhere, copy that file from a server and name it with `--kubeconfig FILE`",
        )
        .look("systemctl status k3s"),
        ApiFault::Unreadable => Finding::new(
            &failure.failure.what,
            "only root can read the file that k3s writes, because anyone who reads it controls the cluster",
            "run `sudo homelab doctor`; to run it without `sudo`, let one group read the file: `--write-kubeconfig-group=GROUP --write-kubeconfig-mode=0640`",
        )
        .nixos("services.homelab.kubeconfig.group = \"wheel\";"),
        ApiFault::Unusable => said("copy it again from `/etc/rancher/k3s/k3s.yaml` of a server, or name another with `--kubeconfig FILE`"),
        ApiFault::Unproven => said(
            "copy the kubeconfig again from `/etc/rancher/k3s/k3s.yaml` of a server, with that server's address in it: it has `https://` and the authority of the server's certificate",
        ),
        ApiFault::ForeignAuthority => Finding::new(
            format!("`{file}` belongs to another cluster than the one that answers"),
            match served(access) {
                Some(served) => format!("the server shows a certificate of `{}`, which the file's authority did not sign", served.leaf.issuer),
                None => "the server's certificate is not signed by the file's authority".to_owned(),
            },
            "copy `/etc/rancher/k3s/k3s.yaml` again from a server of this cluster; it changes when k3s is reinstalled",
        ),
        ApiFault::ForeignName => Finding::new(
            format!("the API server's certificate is not valid for the address in `{file}`"),
            match served(access) {
                Some(served) => format!("it is for {}", served.leaf.names.join(", ")),
                None => "it is for other names".to_owned(),
            },
            "use one of those addresses in the kubeconfig, or start k3s with the flag `--tls-san=` and this one (NixOS: `services.homelab.k3s.extraFlags`)",
        ),
        // A certificate that has ended is another check's, which says so better.
        ApiFault::Unauthorized if !ended => {
            Finding::new(
                format!("the API server does not know the user of `{file}`"),
                "its certificate or token belongs to another cluster, or to this one before it was reinstalled",
                "copy `/etc/rancher/k3s/k3s.yaml` again from a server of this cluster",
            )
        }
        ApiFault::Forbidden => Finding::new(
            format!("the user of `{file}` may not read the cluster"),
            why(failure),
            "use an administrator's kubeconfig (k3s: `/etc/rancher/k3s/k3s.yaml`), or bind the ClusterRole `cluster-admin` to the user",
        )
        .look("kubectl auth whoami"),
        _ => return None,
    })
}

fn why(failure: &ApiFailure) -> String {
    match failure.failure.cause.trim().trim_end_matches('.') {
        "" => "nothing else is known".to_owned(),
        cause => cause.to_owned(),
    }
}

fn served(access: Option<&Access>) -> Option<&Served> {
    access?.served.as_ref()?.as_ref().ok()
}

pub(super) fn certificates(evidence: &Evidence, cluster: &ClusterSeen) -> Outcome {
    let Some(access) = &cluster.access else {
        return Outcome::unknown("no kubeconfig could be used, so the address of the API server is unknown");
    };
    let server = match &access.served {
        Some(Ok(served)) => dates(evidence.now, &served.leaf, Holder::Server, access, cluster.unit.as_ref()),
        _ => None,
    };
    let client = access.client.as_ref();
    let client =
        client.and_then(|leaf| dates(evidence.now, leaf, Holder::Client, access, cluster.unit.as_ref()));
    if let Some(finding) = worst(server, client).or_else(|| announced(evidence)) {
        return finding.into();
    }
    match &access.served {
        Some(Ok(served)) => Outcome::pass(format!(
            "the API server's is valid for {}",
            span(served.leaf.not_after.as_second() - evidence.now.as_second())
        )),
        Some(Err(why)) => Outcome::skip(format!("the API server shows no certificate: {why}")),
        None => Outcome::skip("the address in the kubeconfig does not use TLS"),
    }
}

/// Whose certificate it is.
#[derive(Clone, Copy)]
enum Holder {
    Server,
    Client,
}

fn worst(server: Option<Finding>, client: Option<Finding>) -> Option<Finding> {
    match (server, client) {
        (Some(server), Some(client)) if server.lowered.is_some() && client.lowered.is_none() => Some(client),
        (server, client) => server.or(client),
    }
}

/// What is wrong with the dates of a certificate; `None` while it is good for long.
fn dates(
    now: Timestamp,
    leaf: &Leaf,
    holder: Holder,
    access: &Access,
    unit: Option<&UnitSeen>,
) -> Option<Finding> {
    let whose = match holder {
        Holder::Server => format!("the API server's certificate, at `{}`,", access.server),
        Holder::Client => format!("the user's certificate in `{}`", access.kubeconfig),
    };
    let (from, until) = (leaf.not_before, leaf.not_after);
    if from > now {
        return Some(
            Finding::new(
                format!("{whose} is not valid before {from}"),
                format!(
                    "this machine's clock says {now}: the clock is slow, or was fast when k3s created the certificate"
                ),
                "set the clock right on both machines: `timedatectl` shows whether it is synchronised",
            )
            .look("timedatectl")
            .nixos("services.timesyncd.enable = true;"),
        );
    }
    let left = until.as_second() - now.as_second();
    let life = until.as_second() - from.as_second();
    if left > SOON.min(life / 3) {
        return None;
    }
    let copied = matches!(holder, Holder::Client) && !access.own;
    let (cause, fix) = match (copied, holder) {
        (true, _) => (
            "it was copied from a server a year ago or longer; k3s renews its own file, not the copies",
            "copy `/etc/rancher/k3s/k3s.yaml` again from a server; if that one has expired, too, restart k3s (`sudo systemctl restart k3s`) first",
        ),
        (_, Holder::Client) => (
            "certificates of k3s are valid for a year, and k3s renews those of users only when it starts",
            "restart k3s on every server (`sudo systemctl restart k3s`), which renews certificates that expire soon; if that does not help: `k3s certificate rotate` while it is stopped",
        ),
        (_, Holder::Server) => (
            "it is valid for a year, and k3s renews it while it runs, when fewer than 120 days are left; here it could not, or k3s hangs",
            "restart k3s on every server (`sudo systemctl restart k3s`), which renews certificates that expire soon; if that does not help, delete the stored certificate, and restart it again: `kubectl -n kube-system delete secret k3s-serving` and `/var/lib/rancher/k3s/server/tls/dynamic-cert.json`",
        ),
    };
    let summary = match left < 0 {
        true => format!("{whose} expired {} ago, on {until}", span(-left)),
        false => format!("{whose} expires in {}, on {until}", span(left)),
    };
    let mut finding = Finding::new(summary, cause, fix).look("sudo k3s certificate check --output table");
    if !copied && unit.is_some_and(|unit| unit.name == "k3s") {
        finding = finding.command("sudo systemctl restart k3s");
    }
    Some(if left < 0 { finding } else { finding.only(Severity::Warning) })
}

/// k3s says so by an event on each server's Node, when 120 days are left.
fn announced(evidence: &Evidence) -> Option<Finding> {
    let mut events = evidence.objects("events")?.iter();
    let event = events.find(|event| at(event, "/reason") == "CertificateExpirationWarning")?;
    let node = at(event, "/involvedObject/name");
    Some(
        Finding::new(
            format!(
                "k3s on node `{node}` warns of its certificates: {}",
                at(event, "/message").trim_end_matches('.')
            ),
            "certificates of k3s are valid for a year, and k3s renews those of its own parts only when it starts; it warns 120 days before they expire",
            format!("restart k3s on `{node}` at a good time: `sudo systemctl restart k3s`"),
        )
        .look("sudo k3s certificate check --output table")
        .only(Severity::Warning),
    )
}

pub(super) fn api(cluster: &ClusterSeen) -> Outcome {
    if let Some(unknown) = unfetched(cluster) {
        return unknown;
    }
    let failure = match &cluster.version {
        None => return Outcome::unknown("the API server was not asked"),
        Some(Ok(version)) => return Outcome::pass(version.clone()),
        Some(Err(failure)) => failure,
    };
    let said = &failure.failure;
    let server = cluster.access.as_ref().map_or("the API server", |access| access.server.as_str());
    let summary = match failure.kind {
        ApiFault::Refused => format!("nothing listens at `{server}`: connection refused"),
        ApiFault::Timeout => format!("`{server}` does not answer in time"),
        _ => said.what.clone(),
    };
    if let Some(unit) = cluster.unit.as_ref().filter(|unit| !unit.state.starts_with("active/")) {
        return stopped(summary, unit).into();
    }
    let finding = match failure.kind {
        ApiFault::Refused => Finding::new(
            summary,
            "k3s does not run on that machine, or the API server has another address now",
            "start k3s there: `systemctl status k3s` says why it does not run; correct the address in the kubeconfig if it has moved",
        )
        .look("journalctl -u k3s -b -n 50"),
        ApiFault::Timeout => Finding::new(
            summary,
            "the machine is off, too busy or its disk is full, or a firewall between here and there drops port 6443",
            "`ping` the machine; on it, `systemctl status k3s` says whether k3s runs; open port 6443 for this machine",
        )
        .nixos("services.homelab.clusterFirewall.enable = true; # on the server"),
        _ => {
            let fix = if said.hint.is_empty() { "read the log of k3s" } else { &said.hint };
            Finding::new(summary, why(failure), fix).look("journalctl -u k3s -b -n 50")
        }
    };
    finding.heals_soon().into()
}

fn stopped(summary: String, unit: &UnitSeen) -> Finding {
    let name = &unit.name;
    let Some(error) = &unit.last_error else {
        let finding = Finding::new(
            summary,
            format!("the service `{name}` of this machine is {}", unit.state),
            format!("start it: `systemctl start {name}`"),
        )
        .look(command!("journalctl -u {} -b -n 50", name));
        return if unit.state.starts_with("inactive") {
            finding.command(command!("sudo systemctl start {}", name))
        } else {
            finding
        };
    };
    last_words::finding(summary, unit, error)
}
