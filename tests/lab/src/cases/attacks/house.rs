//! The house that was asked about stays the house that is told of; and what comes from outside has an end.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cases::doctor::{Answer, Ask, is_well};
use crate::cases::hands::{Hands, ZONE, eventually, expect};
use crate::command::{Output, output_within};
use crate::error::{Context, Result};
use crate::image::BUSYBOX;

const LIMIT: Duration = Duration::from_secs(240);
/// A kubeconfig whose current context leads elsewhere.
const TWO: &str = "two.kubeconfig";
/// A field manager that is more than one word to a shell.
const MANAGER: &str = "x';id;'";
/// How much more memory a hostile pod may cost the doctor, in KiB.
const MORE: u64 = 16 * 1024;
/// How many servers of a zone may be asked.
const SERVERS: usize = 16;

fn run(hands: &Hands, words: &[&str], variables: &[(&str, &str)]) -> Result<Output> {
    let mut command = hands.homelab(words);
    command.arg("--config").arg(hands.run.homelab_config()).envs(variables.iter().copied());
    output_within(&mut command, LIMIT)
}

/// An error unless it ended with `code` and said all of `parts`.
fn ended(output: &Output, code: i32, parts: &[&str]) -> Result<()> {
    let said = format!("{}{}", output.stdout, output.stderr);
    expect(output.status.code() == Some(code), format!("{} instead of {code}:\n{said}", output.status))?;
    parts.iter().try_for_each(|part| expect(said.contains(part), format!("`{part}` is not in:\n{said}")))
}

/// Runs a command as a person at the node would, who has no variable that names a cluster or a configuration.
fn paste(hands: &Hands, line: &str) -> Result<String> {
    println!("      $ {line}");
    let mut shell: Command = hands.node.command("bash");
    shell.args(["-c", line]).env("HOME", hands.run.path("home")).env_remove("KUBECONFIG");
    let output = output_within(&mut shell, LIMIT)?;
    let said = format!("{}{}", output.stdout, output.stderr);
    expect(output.status.success(), format!("`{line}` failed:\n{said}"))?;
    Ok(said)
}

/// The commands of the first finding with that check.
fn commands(answer: &Answer, id: &str) -> Option<Vec<String>> {
    let found = answer.failures().into_iter().find(|check| check["id"] == id)?;
    let text = |line: &Value| line.as_str().map(str::to_owned);
    let listed = |key: &str| found["fix"][key].as_array().into_iter().flatten().filter_map(text);
    Some(listed("commands").collect())
}

/// Asks until the check fails, and gives its commands.
fn named(hands: &Hands, ask: &Ask, id: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    eventually(&format!("the doctor to name `{id}`"), 60, || {
        let answer = ask.run(hands)?;
        sleep(Duration::from_millis(500));
        Ok(match commands(&answer, id) {
            Some(commands) => {
                found = commands;
                Ok(())
            }
            None => Err(answer.lines()),
        })
    })?;
    Ok(found)
}

pub(super) fn two_contexts(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let own = fs::read_to_string(hands.run.kubeconfig("admin")).context("the kubeconfig")?;
    let elsewhere = "- name: elsewhere\n  cluster:\n    server: https://127.0.0.1:1\n";
    let context = "- name: elsewhere\n  context:\n    cluster: elsewhere\n    user: admin\n";
    let text = own
        .replace("current-context: lab", "current-context: elsewhere")
        .replace("clusters:\n", &format!("clusters:\n{elsewhere}"))
        .replace("contexts:\n", &format!("contexts:\n{context}"));
    hands.config_file(TWO, &text)?;
    let scale = ["-n", "external-dns", "scale", "deployment/external-dns"];
    hands.kubectl(&[&scale[..], &["--replicas=0"]].concat())?;
    let ask = Ask { kubeconfig: Some(TWO), flags: &["--context", "lab"], ..Ask::NODE };
    let cured = named(hands, &ask, "edns.pods").and_then(|commands| {
        expect(!commands.is_empty(), "there is no command")?;
        for line in &commands {
            let is_told = line.contains("--context lab") && line.contains(TWO);
            expect(is_told, format!("`{line}` does not name the cluster"))?;
            paste(hands, line)?;
        }
        Ok(())
    });
    hands.kubectl(&[&scale[..], &["--replicas=1"]].concat())?;
    cured.and_then(|()| is_well(hands))
}

pub(super) fn manager(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let patch = json!({ "data": { "hsts-include-subdomains": "true" } }).to_string();
    let map = ["-n", "ingress-nginx", "patch", "configmap/ingress-nginx-controller", "--type=merge"];
    hands.kubectl(&[&map[..], &["--field-manager", MANAGER, "-p", &patch]].concat())?;
    let cured = named(hands, &Ask::NODE, "lab.conflict").and_then(|commands| {
        expect(commands.iter().any(|line| line.contains("patch")), format!("{commands:?}"))?;
        for line in &commands {
            let said = paste(
                hands,
                &format!("export HOMELAB_CONFIG={}; {line}", hands.run.homelab_config().display()),
            )?;
            expect(!said.contains("uid="), format!("`{line}` ran `id`:\n{said}"))?;
        }
        Ok(())
    });
    if cured.is_err() {
        hands.kubectl(&["-n", "ingress-nginx", "delete", "configmap/ingress-nginx-controller"])?;
        hands.restore()?;
    }
    cured.and_then(|()| is_well(hands))
}

pub(super) fn many_servers(hands: &Hands) -> Result<()> {
    let fault = json!({ "target": "dns", "mode": "crowd", "name": ZONE });
    let seen = |hands: &Hands| -> Result<usize> {
        let queries = hands.control("GET", "/queries", None)?;
        let all = queries.as_array().or(queries["queries"].as_array()).cloned().unwrap_or_default();
        let names = all.iter().filter_map(|query| query["name"].as_str());
        let crowd = names.filter(|name| name.starts_with("zz") && name.ends_with(ZONE));
        Ok(crowd.collect::<std::collections::BTreeSet<_>>().len())
    };
    hands.control("POST", "/faults", Some(&fault))?;
    hands.control("DELETE", "/cache", None)?;
    let before = seen(hands);
    let began = Instant::now();
    let answer = Ask::NODE.run(hands);
    let took = began.elapsed();
    let after = seen(hands);
    hands.control("DELETE", "/faults", None)?;
    hands.control("DELETE", "/cache", None)?;
    let (answer, asked) = (answer?, after? - before?);
    println!("      {asked} of 1500 servers were looked for, in {:.1} s", took.as_secs_f64());
    expect(asked <= SERVERS, format!("{asked} servers were looked for"))?;
    expect(took < Duration::from_secs(20), format!("it took {took:?}\n{}", answer.lines()))?;
    is_well(hands)
}

pub(super) fn durations(hands: &Hands) -> Result<()> {
    for text in ["9999999999999999h", "5124095576030431h", "18446744073709551615s"] {
        let config = hands.config_with("overflow.yaml", &format!("timeouts: {{ apply: {text} }}\n"))?;
        ended(&hands.up_with(&config, &[])?, 2, &["timeouts.apply", "longer than a day"])?;
    }
    let flag = run(hands, &["doctor", "--wait", "18446744073709551615s"], &[])?;
    ended(&flag, 2, &["longer than a day"])
}

pub(super) fn insecure(hands: &Hands) -> Result<()> {
    let own = fs::read_to_string(hands.run.kubeconfig("admin")).context("the kubeconfig")?;
    let lines = own.lines().map(|line| match line.find("certificate-authority") {
        Some(at) => format!("{}insecure-skip-tls-verify: true", &line[..at]),
        None => line.to_owned(),
    });
    let path = hands.config_file("insecure.kubeconfig", &lines.collect::<Vec<_>>().join("\n"))?;
    let path = path.display().to_string();
    let mark = hands.audit_mark()?;
    let refused = run(hands, &["up", "--kubeconfig", &path], &[])?;
    ended(&refused, 2, &["cannot be verified", "insecure-skip-tls-verify", "hint:"])?;
    expect(hands.audited(mark)?.is_empty(), "the API server was asked all the same")?;
    let ask = Ask { kubeconfig: Some("insecure.kubeconfig"), ..Ask::NODE };
    let first = ask.run(hands)?;
    let id = first.failures().first().map(|check| check["id"].clone());
    expect(id == Some(json!("k3s.kubeconfig")), first.lines())?;
    ended(&run(hands, &["up", "--kubeconfig", &path, "--insecure-api-server"], &[])?, 0, &[])
}

pub(super) fn proxy(hands: &Hands) -> Result<()> {
    let proxy = ("HTTPS_PROXY", "http://u:hunter2@127.0.0.1:9");
    let here = run(hands, &["doctor", "--offline"], &[proxy, ("NO_PROXY", "127.0.0.0/8,10.99.0.0/16")])?;
    let lost = run(hands, &["doctor", "--verbose"], &[proxy])?;
    let json = run(hands, &["up", "--output", "json"], &[proxy])?;
    for output in [&here, &lost, &json] {
        let said = format!("{}{}", output.stdout, output.stderr);
        expect(!said.contains("hunter2"), format!("the password was printed:\n{said}"))?;
    }
    ended(&here, 0, &[])?;
    ended(&json, 3, &[])
}

pub(super) fn found_by_chance(hands: &Hands) -> Result<()> {
    let folder = hands.run.path("strangers");
    fs::create_dir_all(&folder).context("a folder")?;
    let file = folder.join("homelab.yaml");
    fs::write(&file, hands.config()?).context("a configuration")?;
    let shell = |script: &str| {
        let mut shell = hands.node.command("bash");
        shell.args(["-c", &format!("cd '{}' && {script}", folder.display())]);
        output_within(shell.env("HOME", hands.run.path("home")).env_remove("SUDO_UID"), LIMIT)
    };
    ended(
        &shell("chown 65534 homelab.yaml && homelab up")?,
        2,
        &["is not used", "belongs to the user 65534"],
    )?;
    ended(&shell("SUDO_UID=65534 homelab render")?, 0, &["configuration: homelab.yaml"])?;
    ended(
        &shell("chown 0 homelab.yaml && chmod 666 homelab.yaml && homelab up")?,
        2,
        &["other users can write"],
    )?;
    ended(&shell("homelab render --config ./homelab.yaml")?, 0, &[])?;
    ended(&shell("chmod 600 homelab.yaml && homelab render")?, 0, &[])
}

pub(super) fn streaming_pod(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let before = peak(hands)?;
    let endless = "while :; do (printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'; cat /dev/zero) | nc -l -p 80; done";
    let script = format!("dd if=/dev/zero bs=1M count=64 2>/dev/null; {endless}");
    let label = json!({ "app.kubernetes.io/name": "ingress-nginx-controller" });
    let pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "zeros", "namespace": "default", "labels": label },
        "spec": { "terminationGracePeriodSeconds": 1, "containers": [
            { "name": "controller", "image": BUSYBOX, "command": ["sh", "-c", script] }] } });
    hands.kubectl_apply("zeros.json", &pod.to_string())?;
    let measured =
        hands.kubectl(&["wait", "--for=condition=Ready", "pod/zeros", "--timeout=60s"]).and_then(|_| {
            sleep(Duration::from_secs(3));
            peak(hands)
        });
    hands.kubectl(&["delete", "pod/zeros", "--grace-period=1", "--wait=true"])?;
    let after = measured?;
    println!("      peak memory: {before} KiB without the pod, {after} KiB with it");
    expect(after <= before + MORE, format!("{} KiB more", after.saturating_sub(before)))
}

/// The most memory that the doctor takes, in KiB (proc(5), `VmHWM`), the largest of three runs.
fn peak(hands: &Hands) -> Result<u64> {
    let mut most = 0;
    for _ in 0..3 {
        let mut command = hands.homelab(&["doctor", "--quiet", "--config"]);
        command.arg(hands.run.homelab_config()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("the doctor")?;
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait().context("the doctor")?.is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let seen = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            most = most.max(seen.unwrap_or(0));
            sleep(Duration::from_millis(2));
        }
    }
    expect(most > 0, "nothing was measured")?;
    Ok(most)
}
