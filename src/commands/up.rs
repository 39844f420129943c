//! `homelab up`: configuration -> bundle -> plan -> apply -> wait -> verify.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::time::Instant;

use crate::cli::{Global, Up};
use crate::cluster::{self, Cluster};
use crate::collect::Known;
use crate::commands::converge::{awaited, converge};
use crate::commands::house::house;
use crate::commands::prove::{self, LINE as VERIFY};
use crate::commands::{guard, prune};
use crate::config::{Config, Provider};
use crate::desired::object::{Component, Key};
use crate::desired::{Inputs, bundle, cert_manager, issuer, kind};
use crate::error::{Error, Exit, Result};
use crate::evidence::{Fault, Zone};
use crate::facts::names::Host;
use crate::ingress;
use crate::machine::authority::authority;
use crate::machine::{configuration, token, upstream};
use crate::plan::{Plan, Snapshot, plan};
use crate::provider::{self, Client};
use crate::ui::{self, Form, Output, Progress, Ui};

/// The lines of progress beside the components.
const CLUSTER: &str = "cluster";
const UPSTREAM: &str = "upstream";
const ADOPT: &str = "adopt";

pub(super) async fn up(global: &Global, flags: &Up, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let token = token::read(&config)?;
    let authority = authority(&config)?;
    let cluster = global.lab().connect().await?;
    let provider = Client::new(&config, &token).map_err(|fault| refused(config.dns.provider, fault))?;
    let line = provider::words(config.dns.provider).key;
    let names = Component::ALL.map(Component::name).into_iter().chain([
        CLUSTER,
        line,
        UPSTREAM,
        ADOPT,
        VERIFY,
        prune::LINE,
    ]);
    let progress = Progress::new(ui.mode, &names.collect::<Vec<_>>());
    let ended = async {
        let (snapshot, zone, documents) = tokio::try_join!(
            look(&cluster, &config, &progress),
            check(&provider, &config, &progress),
            manifest(&config, &progress),
        )?;
        let credentials = provider::credentials(&config, &token, &zone);
        let inputs = Inputs {
            credentials: Some(&credentials),
            cert_manager: documents.as_deref(),
            authority: authority.as_deref(),
        };
        guard::one_lab(&snapshot, &config.dns.owner)?;
        let bundle = bundle(&config, &inputs);
        let awaited = awaited(&bundle, &snapshot, issuer::issuer_name(&config));
        let mut plan = plan(bundle, &snapshot);
        let records = guard::records(&provider, &zone, &config, &snapshot, flags.adopt).await?;
        let objects = guard::strangers(&cluster, &mut plan, &snapshot, flags.adopt).await?;
        let adopted: Vec<String> = records.into_iter().chain(objects).collect();
        if !adopted.is_empty() {
            progress.done(ADOPT, &adopted.join("; "));
        }
        prove_new_token(&provider, &zone, &config, &plan, &progress).await?;
        let deadline = Instant::now() + config.timeouts.apply;
        let is_done = plan.is_empty() && awaited.is_ready();
        let certificates = is_done.then(|| snapshot.certificates.iter().flat_map(BTreeMap::values));
        let certificates = certificates.map(|all| all.map(cluster::certificate).collect());
        let written =
            converge(&cluster, &config.dns.owner, &plan, snapshot, awaited, deadline, &progress).await?;
        let known = Known { written: reloads(&plan).then_some(written), certificates };
        let report = if flags.no_verify {
            None
        } else {
            Some(prove::prove(&cluster, &provider, &zone, &config, known, &progress).await?)
        };
        Ok((plan, report))
    };
    let house = house(global);
    let (plan, report) = match ended.await {
        Ok((plan, report)) => (plan, report.map(|report| house.report(report))),
        Err(error) => {
            progress.abandon("stopped");
            return Err(error);
        }
    };
    if ui.output == Output::Json {
        ui::document(document(&plan, report.as_ref()));
    } else if let Some(report) = &report {
        ui::print_report(
            report,
            Form { output: ui.output, verbose: global.verbose, strict: false, house: &house },
        );
    }
    Ok(report.map_or(Exit::Fine, |report| exit(&report)))
}

async fn look(cluster: &Cluster, config: &Config, progress: &Progress) -> Result<Snapshot> {
    progress.update(CLUSTER, "looking at what is there");
    let snapshot = cluster.snapshot(&config.dns.owner).await?;
    progress.done(CLUSTER, &format!("{} objects of this lab are there", snapshot.objects.len()));
    Ok(snapshot)
}

/// The token must be good, and see the zone of every host, before anything is written.
async fn check(provider: &Client, config: &Config, progress: &Progress) -> Result<Zone> {
    progress.update(provider::words(config.dns.provider).key, "checking the API token");
    let domain = config.dns.zone.as_ref().unwrap_or(&config.domain);
    let zone = provider.check(domain.as_str()).await.map_err(|fault| refused(provider.provider(), fault))?;
    let outside: Vec<String> =
        config.hosts().iter().filter(|h| !within(h, &zone.name)).map(|h| format!("`{h}`")).collect();
    if !outside.is_empty() {
        return Err(Error::usage(format!(
            "{} can get no record in the zone `{}`",
            outside.join(", "),
            zone.name
        ))
        .hint("give these services a `host` in that zone; one lab serves one zone"));
    }
    progress.done(
        provider::words(config.dns.provider).key,
        &format!("the token is good for the zone {}", zone.name),
    );
    Ok(zone)
}

/// Whether the plan gives the ingress controller something to load.
fn reloads(plan: &Plan) -> bool {
    let settings = |key: &Key| {
        *key.kind == kind::CONFIG_MAP && key.namespace.as_deref() == Some(ingress::SETTINGS_NAMESPACE)
    };
    let written = plan.apply.iter().map(|change| &change.object.key);
    written
        .chain(plan.removal.gone.iter().map(|gone| &gone.key))
        .any(|key| *key.kind == kind::INGRESS || settings(key))
}

fn within(host: &Host, zone: &str) -> bool {
    Host::parse(zone).is_ok_and(|zone| host.is_within(&zone))
}

/// A token that the cluster does not have yet must prove that it may edit records.
async fn prove_new_token(
    provider: &Client,
    zone: &Zone,
    config: &Config,
    plan: &Plan,
    progress: &Progress,
) -> Result<()> {
    let namespace =
        if config.cert_manager.manage { cert_manager::NAMESPACE } else { &config.cert_manager.namespace };
    let key =
        Key { kind: &kind::SECRET, namespace: Some(namespace.to_owned()), name: provider::SECRET.to_owned() };
    if !plan.apply.iter().any(|change| change.object.key == key) {
        return Ok(());
    }
    progress.update(
        provider::words(config.dns.provider).key,
        "proving that the token may edit records, with a scratch TXT record",
    );
    provider.prove_edit(zone).await.map_err(|fault| refused(provider.provider(), fault))
}

async fn manifest(config: &Config, progress: &Progress) -> Result<Option<Vec<serde_json::Value>>> {
    if config.cert_manager.manage {
        progress.update(UPSTREAM, "getting cert-manager's manifest");
    }
    let documents = upstream::cert_manager(config).await?;
    if let Some(documents) = &documents {
        progress.done(UPSTREAM, &format!("cert-manager's manifest, {} documents", documents.len()));
    }
    Ok(documents)
}

pub(super) fn refused(provider: Provider, fault: Fault) -> Error {
    let failed = if fault.is_transient() {
        Error::unfinished(format!("cannot check the API token at {}", provider::words(provider).name))
    } else {
        Error::usage("the API token cannot do what the lab needs")
    };
    let failure = provider::failure(provider, fault);
    failed.because(failure.message).hint(failure.hint)
}

fn document(plan: &Plan, report: Option<&crate::checks::Report>) -> serde_json::Value {
    let written: Vec<_> = plan
        .apply
        .iter()
        .map(|c| json!({ "object": c.object.key.to_string(), "new": c.new, "adopted": c.adopts.is_some() }))
        .collect();
    let removed: Vec<_> = plan.removal.gone.iter().map(|doomed| doomed.key.to_string()).collect();
    let left: Vec<_> = plan.removal.left.iter().map(Key::to_string).collect();
    json!({ "schema_version": 1, "written": written, "removed": removed, "left": left, "unchanged": plan.kept, "verify": report })
}

fn exit(report: &crate::checks::Report) -> Exit {
    match report.exit_code() {
        0 => Exit::Fine,
        1 => Exit::Wrong,
        _ => Exit::Unfinished,
    }
}
