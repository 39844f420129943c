//! `homelab ca`: the root of the lab's own certificate authority, how a machine is told to trust it, and where a phone gets it.

mod registry;
#[cfg(test)]
mod tests;

use std::path::Path;

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::cli::{Ca, Global};
use crate::cluster::{Cluster, signer};
use crate::commands::house::house;
use crate::config::{Config, Issuer};
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Exit, Result};
use crate::evidence::Signer;
use crate::facts::authority::ROOT;
use crate::facts::trust::{FILE, SYSTEMS, fingerprint};
use crate::machine::{backup as place, configuration};
use crate::outside::Shown;
use crate::ui::{self, House, Output, Ui};
use crate::{net, outside};

/// Where a certificate in PEM form ends (RFC 7468).
const END: &str = "-----END CERTIFICATE-----";

/// The root.
struct Root {
    signer: Signer,
    /// Its certificate alone.
    pem: String,
    is_trusted_here: bool,
}

pub(super) async fn ca(global: &Global, flags: &Ca, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    if !config.uses(Issuer::Ca) {
        return Err(Error::usage("this lab has no certificate authority of its own").hint(
            "set `issuer: ca` in homelab.yaml, for the whole lab or for one service, and run `homelab up`",
        ));
    }
    let cluster = global.lab().connect().await?;
    let root = read(&cluster, &config).await?;
    let is_new = flags.write.as_deref().map(|path| write(path, &root.pem)).transpose()?;
    let page = config.root_page.as_ref().map(|host| config.url(host));
    let registry = match &flags.registry {
        Some(registry) => Some(registry::look(&cluster, registry, &root.signer).await?),
        None => None,
    };
    if ui.output == Output::Json {
        ui::exact_document(&document(&root, flags, page.as_deref(), registry.as_ref()));
        return Ok(Exit::Fine);
    }
    if let Some(registry) = &registry {
        ui::answer(&Shown::lines(&(registry.lines().join("\n") + "\n")));
        return Ok(Exit::Fine);
    }
    let mut text = told(&root, flags, is_new, &house(global));
    // It comes last: what stands above it may have left the screen, and a camera has to see it whole.
    if let Some(page) = &page {
        text.push(told_page(page));
        text.push(ui::qr(page).unwrap_or_default());
    }
    ui::answer(&text);
    Ok(Exit::Fine)
}

async fn read(cluster: &Cluster, config: &Config) -> Result<Root> {
    let namespace = Some(config.cert_manager.namespace.clone());
    let key = Key { kind: &kind::SECRET, namespace, name: ROOT.to_owned() };
    let none = |why: String| {
        Error::wrong("the lab's own certificate authority does not exist yet").because(why).hint(
            "run `homelab up`, which has cert-manager make it; with a backup, run `homelab restore` first",
        )
    };
    let live = cluster.read(&key).await?.ok_or_else(|| none(format!("there is no {key}")))?;
    let signer = signer(&live).map_err(|why| none(format!("{key}: {why}")))?;
    let text: ByteString = serde_json::from_value(live["data"]["tls.crt"].clone()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text.0);
    let first = text.split_once(END).map(|(first, _)| first).unwrap_or_default();
    let pem = format!("{}{END}\n", first.trim_start());
    Ok(Root { is_trusted_here: net::trusts(&signer.der), signer, pem })
}

/// Writes the file if it is not there; says whether it did.
fn write(path: &Path, pem: &str) -> Result<bool> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        Error::usage(format!("`{}` is no name of a file", path.display()))
            .hint("name a file, such as `homelab-root.crt`")
    })?;
    match place::read_if_there(folder, name)? {
        Some(there) if there == pem.as_bytes() => Ok(false),
        Some(_) => Err(Error::usage(format!("`{}` has something else in it", path.display()))
            .because("it is not the root's certificate; an earlier root's, perhaps")
            .hint("name another file, or move that one away: homelab overwrites no file of yours")),
        None => ui::file::create_readable(path, pem).map(|()| true),
    }
}

fn told(root: &Root, flags: &Ca, is_new: Option<bool>, house: &House) -> Shown {
    let Signer { certificate, .. } = &root.signer;
    let mut lines = vec![
        format!("root          {}", certificate.subject),
        format!("SHA-256       {}", fingerprint(&certificate.fingerprint)),
        format!("valid         {} to {}", day(certificate.not_before), day(certificate.not_after)),
        format!("may sign      {}", may_sign(&root.signer)),
        format!("this machine  {}", if root.is_trusted_here { "trusts it" } else { "does not trust it yet" }),
        String::new(),
    ];
    let file = flags.write.as_deref().map_or(FILE.into(), |path| path.display().to_string());
    match is_new {
        Some(true) => lines.push(format!("wrote `{file}`")),
        Some(false) => lines.push(format!("`{file}` has it already")),
        None => lines.push(format!(
            "`homelab ca --write {file}` writes its certificate into a file; copy that to each machine"
        )),
    }
    lines.push("Compare the fingerprint there before you trust it.".to_owned());
    for system in &SYSTEMS {
        lines.push(String::new());
        lines.push(format!("{}:", system.name));
        lines.extend(system.by_hand(&file).iter().map(|step| format!("  {step}")));
    }
    let lines: Vec<String> = lines.iter().map(|line| house.words(line)).collect();
    Shown::lines(&(lines.join("\n") + "\n"))
}

fn told_page(page: &str) -> Shown {
    shown!(
        "\nFor a phone, and every other device in your network: {}\nIt offers the certificate, with its fingerprint and the steps for each system.\n",
        Shown::line(page)
    )
}

fn document(root: &Root, flags: &Ca, page: Option<&str>, registry: Option<&registry::Told>) -> Value {
    let Signer { certificate, domains, excludes_addresses, .. } = &root.signer;
    let file = flags.write.as_deref().map(|path| path.display().to_string());
    let named = file.clone().unwrap_or_else(|| FILE.to_owned());
    let steps = SYSTEMS.iter();
    let steps = steps.map(|system| json!({ "system": system.name, "steps": system.by_hand(&named) }));
    let mut document = json!({
        "schema_version": 1,
        "root": {
            "subject": certificate.subject,
            "sha256": certificate.fingerprint,
            "serial": certificate.serial,
            "not_before": certificate.not_before,
            "not_after": certificate.not_after,
            "domains": domains,
            "excludes_addresses": excludes_addresses,
        },
        "trusted_here": root.is_trusted_here,
        "file": file,
        "page": page,
        "trust": steps.collect::<Vec<_>>(),
        "registry": registry.map(registry::Told::document),
    });
    outside::json(&mut document);
    // To the letter, or it is another certificate.
    document["root"]["pem"] = root.pem.as_str().into();
    document
}

fn day(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

fn may_sign(signer: &Signer) -> String {
    let names = match &signer.domains {
        Some(domains) => format!("names in {}", domains.join(" and ")),
        None => "every name: it has no name constraints, see `homelab doctor --check cm`".to_owned(),
    };
    let addresses = if signer.excludes_addresses { "no addresses" } else { "every address" };
    format!("{names}; {addresses}")
}
