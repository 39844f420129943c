//! Cilium's own code looks at what homelab renders for it: its definitions, its parser, its matcher of names, its policy
//! engine and its memory of names.
//! Its agent, DNS proxy and datapath are not in the lab.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{memory, ways};
use crate::cases::hands::{Hands, expect};
use crate::command;
use crate::error::{Context, Result};
use crate::files;
use crate::parts;
use crate::paths::{Cache, repository, sources};
use crate::wait;

const MODULE: &str = "github.com/cilium/cilium";
const DEFINITION: &str = "pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml";
const CRD: &str = "ciliumnetworkpolicies.cilium.io";
const READY: Duration = Duration::from_secs(30);
const KIND: &str = "kind: CiliumNetworkPolicy";
/// Where homelab's renderings lie.
const RENDERED: [&str; 2] = ["manifests", "tests/golden"];

/// A policy, and what Cilium has against it.
#[derive(Deserialize)]
struct Taken {
    file: String,
    name: String,
    against: Option<String>,
}

/// What a selector of names says, the names that it means, and some that it does not.
struct Names {
    selector: (&'static str, &'static str),
    meant: &'static [&'static str],
    others: &'static [&'static str],
}

const NAMES: [Names; 5] = [
    Names {
        selector: ("matchName", "api.example.org"),
        meant: &["api.example.org", "API.Example.Org", "api.example.org."],
        others: &["example.org", "v2.api.example.org", "api-example.org"],
    },
    Names {
        selector: ("matchPattern", "*.example.org"),
        meant: &["api.example.org", "a-b_c.example.org"],
        others: &["example.org", "v2.api.example.org", "api.example.com"],
    },
    Names {
        selector: ("matchPattern", "**.example.org"),
        meant: &["api.example.org", "v2.api.example.org"],
        others: &["example.org", "badexample.org"],
    },
    Names {
        selector: ("matchPattern", "*example.org"),
        meant: &["example.org", "badexample.org"],
        others: &["api.example.org"],
    },
    Names {
        selector: ("matchPattern", "*"),
        meant: &["org", "example.org", "v2.api.example.org"],
        others: &[],
    },
];

/// Needs no lab.
pub(in crate::cases) fn agrees() -> Result<()> {
    let programs = parts::build_cilium(&Cache::find()?)?;
    let judge = programs.path("cilium-judge")?;
    takes(judge)?;
    refuses(judge)?;
    means(judge)?;
    ways::are_as_they_should_be(judge)?;
    memory::lasts_as_long_as_told(judge)
}

/// Everything that homelab renders, and the shapes that it may render.
fn takes(judge: &Path) -> Result<()> {
    let mut files = rendered()?;
    println!("      {} files of homelab's have policies for Cilium", files.len());
    files.push(own("taken"));
    let taken = take(judge, &files)?;
    let refused: Vec<String> = taken
        .iter()
        .filter_map(|policy| Some(format!("{}: {}: {}", policy.file, policy.name, policy.against.as_ref()?)))
        .collect();
    expect(refused.is_empty(), refused.join("\n"))?;
    // Each file has one at least, or the program did not find it.
    let silent = files.iter().find(|file| !taken.iter().any(|policy| Path::new(&policy.file) == **file));
    expect(silent.is_none(), format!("nothing is said of {silent:?}"))
}

fn refuses(judge: &Path) -> Result<()> {
    let file = own("refused");
    let reasons: Vec<String> = files::read_text(&file)?
        .lines()
        .filter_map(|line| line.split_once("because: "))
        .map(|(_, reason)| reason.trim_end_matches([' ', '}']).to_owned())
        .collect();
    let refused = take(judge, std::slice::from_ref(&file))?;
    expect(refused.len() == reasons.len(), format!("{} policies, not {}", refused.len(), reasons.len()))?;
    for (policy, reason) in refused.iter().zip(&reasons) {
        let against = policy.against.as_deref().unwrap_or("nothing");
        expect(against.contains(reason), format!("{}: {against}, and not `{reason}`", policy.name))?;
    }
    Ok(())
}

fn means(judge: &Path) -> Result<()> {
    let question = |names: &Names| {
        let all = [names.meant, names.others].concat();
        let mut question = json!({ "names": all });
        question[names.selector.0] = names.selector.1.into();
        question
    };
    let questions = Value::from_iter(NAMES.iter().map(question));
    let answers: Vec<Vec<String>> = asked(judge, &["names".into(), questions.to_string().into()])?;
    for (names, answer) in NAMES.iter().zip(answers) {
        let (kind, text) = names.selector;
        expect(answer == names.meant, format!("{kind} {text} means {answer:?}, not {:?}", names.meant))?;
    }
    Ok(())
}

fn take(judge: &Path, files: &[PathBuf]) -> Result<Vec<Taken>> {
    asked(judge, &[&["take".into()], files].concat())
}

pub(super) fn asked<A: serde::de::DeserializeOwned>(judge: &Path, words: &[PathBuf]) -> Result<A> {
    let said = command::run(Command::new(judge).args(words))?;
    serde_json::from_str(&said).context(format_args!("what Cilium's code says:\n{said}"))
}

pub(super) fn own(name: &str) -> PathBuf {
    sources().join("manifests/cilium").join(format!("{name}.yaml"))
}

/// The files that have policies for Cilium.
fn rendered() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in RENDERED.map(|folder| repository().join(folder)) {
        for path in files::below(&folder)?.iter().map(|path| folder.join(path)) {
            if path.extension().is_some_and(|end| end == "yaml") && is_rendered_in(&files::read_text(&path)?)
            {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// The API server, with Cilium's own definition, says the same of the same policies: strictly, and without keeping any.
pub(in crate::cases) fn at_the_api_server(hands: &Hands) -> Result<()> {
    defined(hands, || are_accepted(hands))
}

fn are_accepted(hands: &Hands) -> Result<()> {
    for namespace in ["photos", "none", "deaf"] {
        hands.kubectl(&["create", "namespace", namespace])?;
    }
    let went = dry_runs(hands);
    hands.kubectl(&["delete", "namespace", "photos", "none", "deaf", "--wait=false"])?;
    went
}

fn dry_runs(hands: &Hands) -> Result<()> {
    let run = |name: &str| {
        let path = own(name).display().to_string();
        let words = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", &path];
        hands.node.output("kubectl", &words)
    };
    let taken = run("taken")?;
    expect(taken.status.success(), &taken.stderr)?;
    // Those that its schema has something against; the others only Cilium's agent refuses.
    let refused = run("refused")?.stderr;
    for words in ["toFQDNs[0].matchName", "egress[0].toPort", "toCIDRSet[0].except[0]"] {
        expect(refused.contains(words), format!("nothing says `{words}`:\n{refused}"))?;
    }
    Ok(())
}

/// Does something while the cluster has Cilium's own definition.
pub(in crate::cases) fn defined(hands: &Hands, what: impl FnOnce() -> Result<()>) -> Result<()> {
    let went = define(hands).and_then(|()| what());
    forget(hands)?;
    went
}

/// Gives the cluster Cilium's own definition. There is no agent, so that nothing comes of it.
pub(in crate::cases) fn define(hands: &Hands) -> Result<()> {
    let path = parts::downloaded_module("cilium", MODULE)?.join(DEFINITION);
    hands.kubectl(&["apply", "--server-side", "-f", &path.display().to_string()])?;
    wait::until_ok("the API server to know Cilium's definition", READY, || {
        hands.kubectl(&["wait", "--for=condition=Established", "--timeout=10s", "crd", CRD])
    })
    .map(drop)
}

/// Takes it away, and every object of it.
pub(in crate::cases) fn forget(hands: &Hands) -> Result<()> {
    hands.kubectl(&["delete", "crd", CRD, "--ignore-not-found", "--timeout=30s"]).map(drop)
}

/// Whether a rendering has a policy that needs the definition.
pub(in crate::cases) fn is_rendered_in(text: &str) -> bool {
    text.contains(KIND)
}
