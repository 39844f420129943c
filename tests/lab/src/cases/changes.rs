//! What the configuration loses, the world loses; what is not ours stays.

use std::time::Duration;

use serde_json::{Value, json};

use super::hands::{Hands, WHOAMI, eventually, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};

const HELD: &str = "held.home.example.test";
const BOOKS: &str = "books.home.example.test";
pub(super) const BY_HAND: &str = "by-hand.example.test";

/// A service taken out: Ingress, record, TXT and certificate go; a record made by hand stays.
pub(super) fn removal(hands: &Hands) -> Result<()> {
    removal_beside(hands, &[])
}

/// The same where strangers have records beside those of the service.
pub(super) fn removal_beside(hands: &Hands, theirs: &[Value]) -> Result<()> {
    let record = json!({ "type": "A", "name": BY_HAND, "content": "192.0.2.7", "ttl": 300 });
    if hands.contents("A", BY_HAND)?.is_empty() {
        hands.add_record(&record)?;
    }
    let more = "services:\n  books: { service: homelab/whoami, port: 80 }\n";
    hands.up_well(&hands.config_with("with-books.yaml", more)?, &[])?;
    expect(hands.browse(BOOKS)?.0 == "200", "the new service does not answer")?;
    without_books(hands, theirs)?;
    expect(hands.contents("A", BY_HAND)? == ["192.0.2.7"], "the record made by hand was touched")?;
    expect(!hands.contents("A", WHOAMI)?.is_empty(), "the demo lost its record")
}

/// The lab as it was takes with it all that a service `books` had, but for what strangers have beside it.
pub(super) fn without_books(hands: &Hands, theirs: &[Value]) -> Result<()> {
    hands.kubectl(&["get", "-n", "homelab", "ingress/books", "certificate/books-tls", "secret/books-tls"])?;
    hands.restore()?;
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("books"), format!("still there:\n{left}"))?;
    let took = eventually("the records of the removed service to go", 90, || {
        let mut left = hands.records()?;
        left.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("books")));
        left.retain(|record| !theirs.contains(record));
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })?;
    println!("      its records were gone after {took:.1} s");
    // cert-manager must not make the Secret again.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("books"), format!("came back:\n{left}"))
}

/// A service taken out whose Ingress somebody's finalizer holds: the page goes on with its own certificate, the run says who
/// holds it, and the next one finishes once the finalizer has gone.
pub(super) fn held_ingress(hands: &Hands) -> Result<()> {
    let more = "services:\n  held: { service: homelab/whoami, port: 80 }\n";
    hands.up_well(&hands.config_with("with-held.yaml", more)?, &[])?;
    let finalizers = |list: Value| {
        let patch = json!({ "metadata": { "finalizers": list } }).to_string();
        hands.kubectl(&["patch", "-n", "homelab", "ingress/held", "--type=merge", "-p", &patch]).map(drop)
    };
    let uids = || {
        let words = ["get", "-n", "homelab", "certificate/held-tls", "secret/held-tls"];
        hands.kubectl(&[&words[..], &["-o", "jsonpath={.items[*].metadata.uid}"]].concat())
    };
    let before = uids()?;
    finalizers(json!(["example.test/guard"]))?;
    // Twice: also a run that finds it going already keeps what it needs.
    let held = (0..2).try_for_each(|_| {
        let output = hands.up()?;
        let said = format!("{}\n{}", output.stdout, output.stderr);
        expect(output.status.code() == Some(3), format!("{} instead of 3:\n{said}", output.status))?;
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = [
            "Ingress homelab/held is held by the finalizer `example.test/guard`",
            "its Certificate and its Secret stay",
        ];
        parts
            .iter()
            .try_for_each(|part| expect(flat.contains(part), format!("`{part}` is not in:\n{said}")))?;
        let after = uids()?;
        expect(before == after, format!("made again: {before}, {after}"))?;
        // The LAN's client trusts the lab's authority alone.
        expect(hands.browse(HELD)?.0 == "200", "what is still there is not served")
    });
    finalizers(Value::Null)?;
    hands.restore()?;
    held?;
    // cert-manager must not make the Secret again.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("held"), format!("still there:\n{left}"))
}

/// A rolling restart of the ingress controller loses no record.
pub(super) fn rolling_restart(hands: &Hands) -> Result<()> {
    let before = hands.contents("A", WHOAMI)?;
    let since = hands.control("GET", "/requests", None)?["last"].as_u64().unwrap_or(0);
    hands.kubectl(&["-n", "ingress-nginx", "rollout", "restart", "daemonset/ingress-nginx-controller"])?;
    hands.kubectl(&[
        "-n",
        "ingress-nginx",
        "rollout",
        "status",
        "daemonset/ingress-nginx-controller",
        "--timeout=120s",
    ])?;
    // Longer than external-dns' interval of a minute, so that it has looked at least once.
    std::thread::sleep(std::time::Duration::from_secs(70));
    expect(hands.contents("A", WHOAMI)? == before, "the record changed")?;
    hands.no_record_was_written(&since)
}

/// `diff` says what `up` would do, writes nothing, and what `up` did then is what it said.
pub(super) fn diff_tells(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let diff = |config: &std::path::Path, flags: &[&str], code: i32| {
        let words = ["diff", "--config"].into_iter();
        let words: Vec<&str> = words.chain(config.to_str()).chain(flags.iter().copied()).collect();
        let output = output_within(&mut hands.homelab(&words), Duration::from_secs(60))?;
        let said = format!("{}\n{}", output.stdout, output.stderr);
        expect(output.status.code() == Some(code), format!("{} instead of {code}:\n{said}", output.status))?;
        Ok(output.stdout)
    };
    let mark = hands.audit_mark()?;
    let own = hands.run.homelab_config();
    let said = diff(&own, &["--exit-code"], 0)?;
    expect(said.starts_with("nothing to do: "), format!("not nothing:\n{said}"))?;
    let more = "services:\n  films: { service: homelab/whoami, port: 80 }\ningress: { config: { keep-alive: \"61\" } }\n";
    let changed = hands.config_with("with-films.yaml", more)?;
    let said = diff(&changed, &["--exit-code"], 1)?;
    for part in [
        "+ Ingress homelab/films\n",
        "~ ConfigMap ingress-nginx/",
        "    data.keep-alive\n",
        "      + 61\n",
        "1 to create, ",
    ] {
        expect(said.contains(part), format!("`{part}` is not in:\n{said}"))?;
    }
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("diff wrote: {writes:?}"))?;
    let document: Value =
        serde_json::from_str(&diff(&changed, &["--output", "json"], 0)?).context("its JSON")?;
    let up = hands.up_well(&changed, &["--output", "json"])?;
    let did: Value = serde_json::from_str(&up.stdout).context("the JSON of up")?;
    let names = |of: &Value| -> Vec<Value> {
        of["written"].as_array().into_iter().flatten().map(|one| one["object"].clone()).collect()
    };
    expect(names(&document) == names(&did), format!("said {:?}, did {:?}", names(&document), names(&did)))?;
    let said = diff(&own, &["--exit-code"], 1)?;
    expect(said.contains("      - 61\n"), format!("the setting does not go:\n{said}"))?;
    hands.restore()
}

const CONTROLLER: [&str; 3] = ["-n", "cert-manager", "deployment/cert-manager"];
const DEFINITION: &str = "customresourcedefinition/challenges.acme.cert-manager.io";

/// What a newer homelab installed, an older one takes back by a patch, by a minor version only if told so, and never where
/// objects may be stored in a version that it does not know; it says so before its first write.
pub(super) fn going_back(hands: &Hands) -> Result<()> {
    let installed = |version: &str| install_as(hands, version);
    let version = || installed_version(hands);
    let pinned = version()?;
    let hash = hands.kubectl(&["get", DEFINITION, "-o", "jsonpath={.metadata.annotations.homelab/hash}"])?;
    let refused = |flags: &[&str], parts: &[&str]| is_refused(hands, &[&["up"], flags].concat(), parts);
    let seen = (|| {
        installed("v1.999.0")?;
        let parts = ["installed cert-manager v1.999.0", "nothing was changed", "--allow-downgrade"];
        refused(&[], &parts)?;
        refused(&["--dry-run"], &parts)?;
        hands.up_well(&hands.run.homelab_config(), &["--allow-downgrade"])?;
        expect(version()? == pinned, "the version did not go back")?;
        let patch = pinned.rsplit_once('.').map(|(minor, _)| format!("{minor}.999"));
        installed(&patch.context("a version of three numbers")?)?;
        hands.restore()?;
        expect(version()? == pinned, "the patch did not go back")?;
        installed("v1.999.0")?;
        store_another_version(hands)?;
        mark_definition(hands, "newer")?;
        refused(&["--allow-downgrade"], &["challenges.acme.cert-manager.io", "`v9`", "would refuse it"])
    })();
    forget_the_other_version(hands)?;
    mark_definition(hands, &hash)?;
    installed(&pinned)?;
    hands.restore()?;
    seen
}

/// What an older homelab installed is raised by one minor version, by `upgrade` as by `up`, and never over one; that is said
/// before the first write. `upgrade --check` says which versions run and writes nothing.
pub(super) fn going_forward(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let pinned = installed_version(hands)?;
    let numbers: Vec<u64> =
        pinned.trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    let [major, minor, _] = numbers[..] else { bail!("`{pinned}` is no version of three numbers") };
    expect(minor >= 2, "there are not two minor versions before the pinned one")?;
    let check = |code: i32, parts: &[&str]| ends_without_a_write(hands, &["upgrade", "--check"], code, parts);
    let seen = (|| {
        check(0, &["nothing to upgrade"])?;
        install_as(hands, &format!("v{major}.{}.9", minor - 2))?;
        let through = format!("v{major}.{}", minor - 1);
        let skips = format!("and skip {through}");
        let parts = ["one minor version at a time", "nothing was changed", skips.as_str()];
        is_refused(hands, &["up"], &parts)?;
        is_refused(hands, &["up", "--dry-run"], &parts)?;
        is_refused(hands, &["upgrade", "--yes"], &parts)?;
        check(1, &[format!("newer, but {through} comes first").as_str()])?;
        let before = format!("{through}.9");
        install_as(hands, &before)?;
        is_refused(hands, &["upgrade"], &["no terminal to ask on", "--yes"])?;
        check(1, &[before.as_str(), "newer"])?;
        let said = hands.homelab_well(&["upgrade", "--yes"])?;
        let brought = format!("cert-manager {before} -> {pinned}");
        expect(said.contains(&brought), format!("`{brought}` is not in:\n{said}"))?;
        expect(installed_version(hands)? == pinned, "one minor version was not raised")?;
        check(0, &["nothing to upgrade"])
    })();
    install_as(hands, &pinned)?;
    hands.restore()?;
    seen
}

/// Says of cert-manager's controller that it is of another version: by homelab's field manager, as that homelab would.
fn install_as(hands: &Hands, version: &str) -> Result<()> {
    let now = hands.get(&CONTROLLER)?;
    let mut labels = now["metadata"]["labels"].clone();
    labels["app.kubernetes.io/version"] = version.into();
    let object = json!({
        "apiVersion": now["apiVersion"],
        "kind": now["kind"],
        "metadata": { "name": "cert-manager", "namespace": "cert-manager", "labels": labels },
        "spec": now["spec"],
    });
    let path = hands.config_file("other-cert-manager.json", &object.to_string())?.display().to_string();
    let words = ["apply", "--server-side", "--force-conflicts", "--field-manager=homelab", "-f", &path];
    hands.kubectl(&words).map(drop)
}

fn installed_version(hands: &Hands) -> Result<String> {
    let words = ["get", "-o", "jsonpath={.metadata.labels.app\\.kubernetes\\.io/version}"];
    hands.kubectl(&[&words[..], &CONTROLLER].concat())
}

/// A verb that ends with 2, says these words, and writes nothing.
fn is_refused(hands: &Hands, words: &[&str], parts: &[&str]) -> Result<()> {
    ends_without_a_write(hands, words, 2, parts)
}

fn ends_without_a_write(hands: &Hands, words: &[&str], code: i32, parts: &[&str]) -> Result<()> {
    let mark = hands.audit_mark()?;
    let mut command = hands.homelab(words);
    command.arg("--config").arg(hands.run.homelab_config());
    let output = output_within(&mut command, Duration::from_secs(120))?;
    let said = format!("{}\n{}", output.stdout, output.stderr);
    expect(
        output.status.code() == Some(code),
        format!("{words:?}: {} instead of {code}:\n{said}", output.status),
    )?;
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        expect(flat.contains(part), format!("{words:?}: `{part}` is not in:\n{said}"))?;
    }
    let writes = hands.audited(mark)?.iter().filter(|request| request.is_write()).count();
    expect(writes == 0, format!("{words:?}: {writes} writes"))
}

/// Marks the definition as that of another homelab, by which the next `up` knows that it has to write its own.
fn mark_definition(hands: &Hands, hash: &str) -> Result<()> {
    let mark = format!("homelab/hash={hash}");
    hands.kubectl(&["annotate", "--overwrite", "--field-manager=homelab", DEFINITION, &mark]).map(drop)
}

fn store_another_version(hands: &Hands) -> Result<()> {
    let definition = hands.get(&[DEFINITION])?;
    let mut other = definition["spec"]["versions"][0].clone();
    other["name"] = "v9".into();
    other["served"] = false.into();
    other["storage"] = false.into();
    let more = json!([{ "op": "add", "path": "/spec/versions/-", "value": other }]).to_string();
    hands.kubectl(&["patch", DEFINITION, "--type=json", "-p", &more])?;
    stored(hands, &["v1", "v9"])
}

fn forget_the_other_version(hands: &Hands) -> Result<()> {
    stored(hands, &["v1"])?;
    let versions = hands.get(&[DEFINITION])?["spec"]["versions"].as_array().map_or(0, Vec::len);
    if versions > 1 {
        let fewer = json!([{ "op": "remove", "path": "/spec/versions/1" }]).to_string();
        hands.kubectl(&["patch", DEFINITION, "--type=json", "-p", &fewer])?;
    }
    Ok(())
}

fn stored(hands: &Hands, versions: &[&str]) -> Result<()> {
    let patch = json!({ "status": { "storedVersions": versions } }).to_string();
    hands.kubectl(&["patch", DEFINITION, "--subresource=status", "--type=merge", "-p", &patch]).map(drop)
}
