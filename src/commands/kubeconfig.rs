//! `homelab kubeconfig`: credentials for who only looks.

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{Global, Kubeconfig};
use crate::cluster::{Cluster, Granted};
use crate::commands::render::yaml;
use crate::commands::strangers;
use crate::desired::kind::Stage;
use crate::desired::{Inputs, bundle, reader};
use crate::error::{Error, Exit, Result};
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
    let granted = granted(global, &cluster, flags.valid).await?;
    let document = cluster.reader_kubeconfig(global.context.as_deref(), &granted)?;
    let text = match global.output {
        Output::Json => ui::exact(&document),
        _ => yaml(&document)
            .map_err(|error| Error::unfinished("cannot print the kubeconfig").because(error))?,
    };
    let until = &granted.until;
    match &flags.file {
        Some(path) => {
            ui::file::replace(path, &text)?;
            let wrote =
                format!("wrote `{}`: it can read the cluster, but no Secrets, until {until}", path.display());
            ui::note(&Shown::line(&wrote));
        }
        None => {
            ui::exact_answer(&text);
            ui::note(&Shown::line(&format!("it can read the cluster, but no Secrets, until {until}")));
        }
    }
    Ok(Exit::Fine)
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
        cluster.apply(changes, deadline, |_, _| (), |_, _| ()).await?;
    }
    cluster.reader_token(seconds).await?.ok_or_else(|| {
        Error::unfinished(format!(
            "the ServiceAccount {}/{} was deleted a moment ago",
            reader::NAMESPACE,
            reader::NAME
        ))
    })
}
