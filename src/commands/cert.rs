//! `homelab cert export`: a certificate and its key as files, for a program outside of the cluster.

use std::collections::BTreeSet;
use std::path::Path;

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::cli::{Cert, CertCommand, Export, Global};
use crate::cluster::Cluster;
use crate::commands::renew::find;
use crate::config::Config;
use crate::desired::authority::signer_of;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Exit, Result};
use crate::evidence::{View, at};
use crate::machine::{backup as place, configuration};
use crate::outside::Shown;
use crate::plan::backup::{Facts, Held, Holding, hosts_of};
use crate::ui::staged::Staged;
use crate::ui::{self, Output, Ui};

/// The files, as certbot and most programs call them.
const CHAIN: &str = "fullchain.pem";
const KEY: &str = "privkey.pem";

/// A certificate and its key, as PEM texts.
struct Pair {
    facts: Facts,
    chain: Vec<u8>,
    key: Vec<u8>,
}

pub(super) async fn cert(global: &Global, flags: &Cert, ui: Ui) -> Result<Exit> {
    let CertCommand::Export(flags) = &flags.command;
    if flags.stdout && ui.output == Output::Json {
        return Err(Error::usage("`--stdout` prints PEM texts, not JSON").hint("use one of the two"));
    }
    let config = configuration::load(global.config.as_deref())?;
    let cluster = global.lab().connect().await?;
    let pair = read(&cluster, &config, &flags.name).await?;
    if flags.stdout {
        for text in [&pair.key, &pair.chain] {
            ui::exact_answer(&String::from_utf8_lossy(text));
        }
        return Ok(Exit::Fine);
    }
    let is_new = write(&pair, flags)?;
    match ui.output {
        Output::Json => ui::document(document(&pair, flags, is_new)),
        _ => ui::answer(&Shown::lines(&told(&pair, flags, is_new))),
    }
    Ok(Exit::Fine)
}

async fn read(cluster: &Cluster, config: &Config, name: &str) -> Result<Pair> {
    let (all, _) = cluster.all_certificates().await?;
    let certificate = find(config, name, &all)?;
    let (namespace, secret) = (certificate.namespace(), at(certificate, "/spec/secretName"));
    let key = Key { kind: &kind::SECRET, namespace: Some(namespace.to_owned()), name: secret.to_owned() };
    if signer_of(secret).is_some() {
        return Err(Error::usage(format!(
            "{key} is the lab's own certificate authority, whose key is not handed out"
        ))
        .hint(
            "`homelab ca --write FILE` writes its root's certificate; `homelab backup` saves it, encrypted",
        ));
    }
    let issued = || {
        Error::wrong(format!("Certificate {} has not been issued yet", certificate.full_name()))
            .hint("`homelab doctor --check cm` says what stops it")
    };
    let live = cluster.read(&key).await?.ok_or_else(issued)?;
    let held =
        Held::of(Holding::Certificate, &live).map_err(|why| issued().because(format!("{key}: {why}")))?;
    let bytes = |field: &str| {
        let bytes: Option<ByteString> = serde_json::from_value(live["data"][field].clone()).ok();
        bytes.map(|bytes| bytes.0).unwrap_or_default()
    };
    Ok(Pair { facts: held.facts, chain: bytes("tls.crt"), key: bytes("tls.key") })
}

/// Writes both files if one of them differs; says whether it did.
fn write(pair: &Pair, flags: &Export) -> Result<bool> {
    let there = place::read_if_there(&flags.dir, CHAIN)?;
    let key = place::read_if_there(&flags.dir, KEY)?;
    if there.as_deref() == Some(pair.chain.as_slice()) && key.as_deref() == Some(pair.key.as_slice()) {
        return Ok(false);
    }
    is_ours(&flags.dir, pair, there.as_deref(), key.is_some())?;
    let mut staged = Staged::within(&flags.dir)?;
    // The chain first: a run that is killed in between leaves one whose names the next run knows again.
    staged.add(CHAIN, &pair.chain)?;
    staged.add(KEY, &pair.key)?;
    staged.commit()?;
    Ok(true)
}

/// Files that are there are overwritten only if they are an earlier certificate of the same names.
fn is_ours(folder: &Path, pair: &Pair, chain: Option<&[u8]>, has_key: bool) -> Result<()> {
    let names = |hosts: &[String]| hosts.iter().cloned().collect::<BTreeSet<String>>();
    let refused = |why: String| {
        Err(Error::usage(format!("`{}` has a certificate already", folder.display()))
            .because(why)
            .hint("name another folder with `--dir DIR`, or move the two files away"))
    };
    match chain.map(hosts_of) {
        None if !has_key => Ok(()),
        None => refused(format!("`{KEY}` is there without `{CHAIN}`")),
        Some(Ok(hosts)) if names(&hosts) == names(&pair.facts.hosts) => Ok(()),
        Some(Ok(hosts)) => refused(format!("`{CHAIN}` is for {}", hosts.join(", "))),
        Some(Err(why)) => refused(format!("`{CHAIN}`: {why}")),
    }
}

fn told(pair: &Pair, flags: &Export, is_new: bool) -> String {
    let (chain, key) = (flags.dir.join(CHAIN), flags.dir.join(KEY));
    let end = pair.facts.not_after.map(|end| end.to_string()).unwrap_or_default();
    let what = format!("{}, valid until {end}", pair.facts.hosts.join(", "));
    match is_new {
        true => format!("wrote `{}` and `{}`: {what}\n", chain.display(), key.display()),
        false => format!("unchanged: `{}` and `{}`: {what}\n", chain.display(), key.display()),
    }
}

fn document(pair: &Pair, flags: &Export, is_new: bool) -> Value {
    json!({
        "schema_version": 1,
        "changed": is_new,
        "certificate": flags.dir.join(CHAIN).display().to_string(),
        "key": flags.dir.join(KEY).display().to_string(),
        "hosts": pair.facts.hosts,
        "serial": pair.facts.serial,
        "not_after": pair.facts.not_after,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::commands::backup::tests::server::{Lab, certificate, config, object};

    fn lab(days: (i64, i64)) -> Lab {
        let mut made = object(&kind::CERTIFICATE, Some("homelab"), "nas-tls", "cert-manager");
        made["spec"] = json!({ "secretName": "nas-tls", "dnsNames": ["nas.home.example.com"] });
        Lab::of([made, certificate("homelab", "nas-tls", days), certificate("homelab", "films-tls", days)])
    }

    fn flags(folder: &Path) -> Export {
        Export { name: "nas".to_owned(), dir: folder.to_owned(), stdout: false }
    }

    async fn pair(days: (i64, i64)) -> Pair {
        read(&lab(days).cluster, &config("services: { nas: { url: 'http://10.0.0.2' } }\n"), "nas")
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_pair_is_written_once_for_its_owner_alone_and_again_when_it_is_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("nas");
        let first = pair((-1, 89)).await;
        assert!(write(&first, &flags(&at)).unwrap());
        assert!(!write(&first, &flags(&at)).unwrap());
        ui::assert_is("exportedCertificate", &document(&first, &flags(&at), false));
        let renewed = pair((0, 90)).await;
        assert!(write(&renewed, &flags(&at)).unwrap());
        for (file, text) in [(CHAIN, &renewed.chain), (KEY, &renewed.key)] {
            assert_eq!(&std::fs::read(at.join(file)).unwrap(), text);
            assert_eq!(std::fs::metadata(at.join(file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(&at).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn a_strangers_files_are_not_overwritten() {
        let pair = pair((-1, 89)).await;
        let theirs = certificate("homelab", "films-tls", (-1, 89));
        let theirs =
            Held::of(Holding::Certificate, &theirs).map(|held| held.manifest()["data"]["tls.crt"].clone());
        let theirs: ByteString = serde_json::from_value(theirs.ok().unwrap()).unwrap();
        for (file, text) in [(CHAIN, theirs.0.as_slice()), (CHAIN, b"theirs"), (KEY, b"theirs")] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(file), text).unwrap();
            let error = write(&pair, &flags(folder.path())).unwrap_err().to_string();
            assert!(error.contains("has a certificate already"), "{error}");
            assert_eq!(std::fs::read(folder.path().join(file)).unwrap(), text);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
