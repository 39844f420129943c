//! `homelab kubeconfig`: credentials for who only looks.

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{Account, Global, Kubeconfig};
use crate::cluster::{Cluster, Granted};
use crate::commands::render::yaml;
use crate::commands::strangers;
use crate::desired::kind::Stage;
use crate::desired::{Inputs, addresses, bundle, reader};
use crate::error::{Error, Exit, Result};
use crate::ingress::traits_of;
use crate::machine::configuration;
use crate::outside::Shown;
use crate::plan::plan;
use crate::ui::{self, Output};

/// The least that the API server takes (Kubernetes API, TokenRequest).
const SHORTEST: u64 = 600;

pub(super) async fn kubeconfig(global: &Global, flags: &Kubeconfig) -> Result<Exit> {
    if flags.valid < SHORTEST {
        return Err(Error::usage("the API server gives no token for less than ten minutes")
            .hint("write `--valid 10m` or longer"));
    }
    let cluster = global.lab().connect().await?;
    let granted = match flags.account {
        Account::Doctor => granted(global, &cluster, flags.valid).await?,
        Account::Addresses => writer(global, &cluster, flags.valid).await?,
    };
    let may = match flags.account {
        Account::Doctor => "it can read the cluster, but no Secrets",
        Account::Addresses => "it can write the addresses that names lead to, and read what that needs",
    };
    let document = cluster.account_kubeconfig(global.context.as_deref(), &granted)?;
    let text = match global.output {
        Output::Json => ui::exact(&document),
        _ => yaml(&document)
            .map_err(|error| Error::unfinished("cannot print the kubeconfig").because(error))?,
    };
    let until = &granted.until;
    match &flags.file {
        Some(path) => {
            ui::file::replace(path, &text)?;
            let wrote = format!("wrote `{}`: {may}, until {until}", path.display());
            ui::note(&Shown::line(&wrote));
        }
        None => {
            ui::exact_answer(&text);
            ui::note(&Shown::line(&format!("{may}, until {until}")));
        }
    }
    Ok(Exit::Fine)
}

/// A token of the account that writes addresses: `up` makes it where it is needed.
async fn writer(global: &Global, cluster: &Cluster, seconds: u64) -> Result<Granted> {
    let name = addresses::NAME;
    if let Some(granted) = cluster.account_token(name, seconds).await? {
        return Ok(granted);
    }
    let missing = format!("there is no ServiceAccount {}/{name}", addresses::NAMESPACE);
    let config = configuration::load(global.config.as_deref())?;
    if addresses::is_needed(&config) {
        return Err(Error::unfinished(missing).hint("`homelab up` creates it"));
    }
    let controller = traits_of(config.ingress.controller).name;
    Err(Error::usage(missing).because(format!("{controller} writes the nodes' addresses itself")).hint(
        "stop the timer that does it otherwise: `sudo systemctl disable --now homelab-addresses.timer`",
    ))
}

/// A token of the account, which is made first where `up` has not run yet: the doctor has most to say then.
async fn granted(global: &Global, cluster: &Cluster, seconds: u64) -> Result<Granted> {
    if let Some(granted) = cluster.reader_token(seconds).await? {
        return Ok(granted);
    }
    let config = configuration::load(global.config.as_deref())?;
    let (owner, controller) = (&config.dns.owner, config.ingress.controller);
    let snapshot = cluster.snapshot(owner, controller).await?;
    strangers::one_lab(&snapshot, owner)?;
    let mut wanted = bundle(&config, &Inputs::default());
    wanted.objects.retain(|object| reader::comes_first(&object.key));
    wanted.derived.clear();
    let mut plan = plan(wanted, &snapshot);
    strangers::objects(cluster, controller, &mut plan, &snapshot, false).await?;
    let deadline = Instant::now() + Duration::from_secs(30);
    for stage in [Stage::Foundation, Stage::Workload] {
        let changes = plan.apply.iter().filter(|change| change.object.stage() == stage);
        cluster.apply(changes, deadline, |_, _| ()).await?;
    }
    cluster.reader_token(seconds).await?.ok_or_else(|| {
        Error::unfinished(format!(
            "the ServiceAccount {}/{} was deleted a moment ago",
            reader::NAMESPACE,
            reader::NAME
        ))
    })
}
