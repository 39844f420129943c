//! The rooms of `src` and the arrows between them, read from the sources. The tables here are the architecture: see
//! docs/architecture.md for the words to them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use homelab::config::Provider;

/// The rooms, each row above those that it may import. Rooms of one row import each other not at all.
const ROOMS: [&[&str]; 16] = [
    &["main"],
    &["commands"],
    &["cli"],
    &["ui"],
    &["checks"],
    &["collect"],
    &["cluster", "machine"],
    &["plan"],
    &["desired"],
    &["provider", "ingress"],
    &["net"],
    &["evidence"],
    &["config"],
    &["error"],
    &["outside"],
    &["facts"],
];

/// The rooms that touch the world: files, programs, the network, the cluster.
const WORLD: [&str; 5] = ["cluster", "machine", "net", "provider", "ui"];

/// What touches it.
const TOUCHES: [&str; 12] = [
    "std::fs",
    "tokio::fs",
    "std::env::var",
    "std::process::Command",
    "tokio::process",
    "std::net::Tcp",
    "std::net::Udp",
    "tokio::net",
    "reqwest",
    "kube::",
    "tempfile",
    "std::io::stdout",
];

/// Who does it all the same, and why.
const TOUCHES_ALL_THE_SAME: [(&str, &str, &str); 2] = [
    (
        "commands/completions.rs",
        "std::fs",
        "clap_mangen writes the manual pages itself, into a folder that must be there",
    ),
    ("checks/apps/redirect.rs", "reqwest", "reads URLs with its `Url`, and asks nobody"),
];

/// What writes to stdout or stderr, or holds them to do so.
const PRINTS: [&str; 8] =
    ["print!", "println!", "dbg!", "stdout()", "stderr()", "io::Stdout", "io::Stderr", "/dev/std"];

/// Who has it besides `ui/print.rs`, and why.
const PRINTS_ALL_THE_SAME: [(&str, &str, &str); 6] = [
    ("ui/ask.rs", "stderr()", "asks whether it is a terminal, and hides there what is typed"),
    ("ui/output.rs", "stderr()", "asks whether it is a terminal"),
    ("ui/output.rs", "stdout()", "asks whether it is a terminal"),
    ("ui/page.rs", "stdout()", "asks how wide the terminal is"),
    ("desired/readme.rs", "/dev/std", "a command for people: kubectl reads a token there"),
    ("machine/program.rs", "stderr()", "the user's own program in `doctor.onFailure` writes there itself"),
];

/// The exits for what machines read, where text is not cleaned, and who may call them.
const EXACT: [&str; 3] = ["exact(", "exact_answer(", "exact_document("];
const EXACT_FOR_MACHINES: [(&str, &str, &str); 9] = [
    ("commands/ca/mod.rs", "exact_document(", "a PEM text among facts that were read out of it"),
    ("commands/cert.rs", "exact_answer(", "PEM texts that another program reads"),
    (
        "commands/k3s_config/mod.rs",
        "exact_answer(",
        "k3s' configuration, of names and addresses that were judged",
    ),
    ("commands/init/mod.rs", "exact_answer(", "lines for a NixOS configuration, of answers that were judged"),
    ("commands/completions.rs", "exact_answer(", "a program of the shell, made of homelab's own text"),
    ("commands/render/mod.rs", "exact_answer(", "manifests that are applied"),
    ("commands/render/mod.rs", "exact_document(", "manifests that are applied"),
    ("commands/kubeconfig.rs", "exact(", "a kubeconfig, which is a secret by its nature"),
    ("commands/kubeconfig.rs", "exact_answer(", "a kubeconfig, which is a secret by its nature"),
];

/// What makes text fit to be shown without asking: only the type's own file.
const MAKES_SHOWN: [&str; 2] = ["Fit for", "of_parts("];

/// Where what differs between DNS providers stands.
const OF_PROVIDERS: &[&str] = &["provider/", "facts/providers.rs"];

/// A provider's word that stands for much else, too: that one is looked for by its variant, and as the value of its key.
const ORDINARY: &str = "local";

/// Where what differs between ingress controllers stands.
const OF_CONTROLLERS: &[&str] = &["ingress/", "facts/controllers/"];

/// Where a controller is named all the same, by file or folder, and why.
const CONTROLLERS_NAMED: &[(&str, &str, &str)] = &[
    (
        "nginx",
        "checks/apps/texts.rs",
        "`doctor --explain`, which knows no configuration: the default controller",
    ),
    ("nginx", "checks/config/texts.rs", "`doctor --explain`"),
    ("nginx", "checks/edns/texts.rs", "`doctor --explain`"),
    ("nginx", "checks/ingress/texts.rs", "`doctor --explain`"),
    ("nginx", "checks/k3s/texts.rs", "`doctor --explain`"),
    ("nginx", "checks/tls/texts.rs", "`doctor --explain`"),
    ("nginx", "desired/start_page/", "the start page's own web server is nginx, whatever the controller"),
    ("traefik", "checks/k3s/", "the one that k3s brings, which must not run"),
    ("traefik", "commands/k3s_config/", "the one that k3s brings is switched off"),
    ("traefik", "machine/k3s_", "the one that k3s brings is switched off"),
    ("traefik", "checks/ingress/classes.rs", "an Ingress that was written for another controller"),
    ("traefik", "checks/ingress/controller.rs", "the one that k3s brings, in place of homelab's"),
    ("traefik", "checks/ingress/ports.rs", "the one that k3s brings holds the ports"),
    ("traefik", "checks/ingress/texts.rs", "the one that k3s brings"),
    ("traefik", "cluster/wait.rs", "the one that k3s brings holds the ports"),
];

/// A controller that is nobody's to install, and that judges know: k3s brings it.
const BROUGHT_BY_K3S: &str = "traefik";

/// A file of `src`, without its comments, its strings and the tests in it.
struct Source {
    /// Relative to `src`, for example `checks/dns/zone.rs`.
    file: String,
    /// `["checks", "dns", "zone"]`.
    module: Vec<String>,
    code: String,
    /// The code with its strings.
    texts: String,
}

impl Source {
    fn room(&self) -> &str {
        &self.module[0]
    }

    fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

#[test]
fn every_room_imports_only_what_stands_below_it() {
    let rank: BTreeMap<&str, usize> = ROOMS
        .iter()
        .enumerate()
        .flat_map(|(row, rooms)| rooms.iter().map(move |room| (*room, row)))
        .collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let from =
            rank.get(source.room()).unwrap_or_else(|| panic!("{} lies in no room of the table", source.file));
        for path in imports(&source) {
            match rank.get(path[0].as_str()) {
                Some(to) if to <= from && path[0] != source.room() => {
                    wrong.push(format!("{} imports {}", source.file, path.join("::")));
                }
                Some(_) => {}
                None => wrong.push(format!("{} imports {}, which is no room", source.file, path.join("::"))),
            }
        }
    }
    assert!(wrong.is_empty(), "against the arrows:\n{}", wrong.join("\n"));
}

#[test]
fn no_circle_leads_through_files_of_different_folders() {
    let sources = sources();
    let files: BTreeMap<Vec<String>, &Source> =
        sources.iter().map(|source| (source.module.clone(), source)).collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &sources {
        let children = children(source);
        for path in imports(source).into_iter().chain(children) {
            let target = (1..=path.len()).rev().find_map(|length| files.get(&path[..length]));
            if let Some(target) = target.filter(|target| target.file != source.file) {
                edges.entry(&source.file).or_default().insert(&target.file);
            }
        }
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (*file, reachable(&edges, file))).collect();
    let folder = |file: &str| file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let mut wrong = Vec::new();
    for (file, targets) in &edges {
        for target in targets {
            if folder(file) != folder(target) && reach.get(target).is_some_and(|reach| reach.contains(file)) {
                wrong.push(format!("{file} -> {target} -> … -> {file}"));
            }
        }
    }
    assert!(wrong.is_empty(), "circles:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_rooms_that_are_meant_to_touch_the_world() {
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    for source in sources().iter().filter(|source| !WORLD.contains(&source.room())) {
        for touch in TOUCHES.iter().filter(|touch| source.code.contains(**touch)) {
            match TOUCHES_ALL_THE_SAME.iter().find(|(file, what, _)| *file == source.file && what == touch) {
                Some(excuse) => drop(excused.insert(excuse.0)),
                None => wrong.push(format!("{}: {touch}", source.file)),
            }
        }
    }
    assert!(wrong.is_empty(), "these touch the world:\n{}", wrong.join("\n"));
    assert_eq!(excused.len(), TOUCHES_ALL_THE_SAME.len(), "an excuse that nobody needs");
}

#[test]
fn only_one_file_prints_and_only_text_that_may_be_shown() {
    assert_only_in("ui/print.rs", &PRINTS, &PRINTS_ALL_THE_SAME);
    assert_only_in("ui/print.rs", &EXACT, &EXACT_FOR_MACHINES);
    assert_only_in("outside/shown.rs", &MAKES_SHOWN, &[]);
}

/// Fails where one of the words stands as a word of code outside of the file, and no excuse is there; or an excuse is, and no
/// word.
fn assert_only_in(file: &str, words: &[&str], excuses: &[(&str, &str, &str)]) {
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for source in sources().iter().filter(|source| source.file != file) {
        for word in words.iter().filter(|word| has_word(source, word)) {
            match excuses.iter().position(|(at, what, _)| *at == source.file && what == word) {
                Some(excuse) => drop(used.insert(excuse)),
                None => wrong.push(format!("{}: {word}", source.file)),
            }
        }
    }
    assert!(wrong.is_empty(), "only {file} may have these:\n{}", wrong.join("\n"));
    assert_eq!(used.len(), excuses.len(), "an excuse that nobody needs");
}

/// A path of a file stands in a string, everything else in code.
fn has_word(source: &Source, word: &str) -> bool {
    let text = if word.starts_with('/') { &source.texts } else { &source.code };
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') || word.starts_with("print")
    })
}

#[test]
fn a_provider_is_named_only_where_it_is_meant() {
    let words = Provider::ALL.iter().map(|provider| provider.facts().key).filter(|key| *key != ORDINARY);
    let variants = ["Provider::Paper", "Provider::Slate", "Provider::Local", "provider: local"];
    assert_named_only(words.chain(variants), OF_PROVIDERS, &[]);
}

#[test]
fn a_controller_is_named_only_where_it_is_meant() {
    let words = homelab::ingress::known().map(|controller| controller.program);
    assert_named_only(words.chain([BROUGHT_BY_K3S, "Controller::Paper"]), OF_CONTROLLERS, CONTROLLERS_NAMED);
}

/// Fails where one of the words stands outside of its home in code or in a text, and no excuse is there; or an excuse is, and
/// no word.
fn assert_named_only<'w>(
    words: impl Iterator<Item = &'w str>,
    homes: &[&str],
    excuses: &[(&str, &str, &str)],
) {
    let words: BTreeSet<&str> = words.collect();
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    let abroad = |source: &&Source| !homes.iter().any(|home| source.file.starts_with(home));
    for source in sources().iter().filter(abroad) {
        let text = source.texts.to_lowercase();
        for word in words.iter().filter(|word| text.contains(&word.to_lowercase())) {
            match excuses.iter().position(|(named, file, _)| named == word && source.file.starts_with(file)) {
                Some(excuse) => drop(used.insert(excuse)),
                None => wrong.push(format!("{} names {word}", source.file)),
            }
        }
    }
    assert!(wrong.is_empty(), "only {homes:?} may:\n{}", wrong.join("\n"));
    let idle: Vec<_> = (0..excuses.len()).filter(|at| !used.contains(at)).map(|at| excuses[at]).collect();
    assert!(idle.is_empty(), "excuses that nobody needs: {idle:?}");
}

#[test]
fn files_stay_short_and_no_room_outgrows_the_others() {
    let all: Vec<(String, usize)> =
        all_files().into_iter().map(|(file, text)| (file, text.lines().count())).collect();
    let long: Vec<_> = all.iter().filter(|(_, lines)| *lines > 350).collect();
    assert!(long.is_empty(), "over 350 lines: {long:?}");
    let mut lengths: Vec<usize> = all.iter().map(|(_, lines)| *lines).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= 120, "the median file has {} lines", lengths[lengths.len() / 2]);
    let total: usize = lengths.iter().sum();
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    for (file, lines) in &all {
        let parts: Vec<&str> = file.split('/').collect();
        let room = match parts.as_slice() {
            ["checks", group, _, ..] => format!("checks/{group}"),
            [room, ..] => (*room).to_owned(),
            [] => continue,
        };
        *rooms.entry(room).or_default() += lines;
    }
    for (room, lines) in rooms {
        let most = if room.starts_with("checks/") { 10 } else { 15 };
        assert!(lines * 100 <= total * most, "{room} has {lines} of {total} lines, more than {most} %");
    }
}

/// All files of `src` but tests.
fn sources() -> Vec<Source> {
    let is_test = |file: &str| {
        let parts: Vec<&str> = file.split('/').collect();
        parts.iter().any(|part| ["tests", "tests.rs", "testing"].contains(part))
    };
    let known = all_files().into_iter().filter(|(file, _)| !is_test(file) && file != "lib.rs");
    known
        .map(|(file, text)| {
            let mut module: Vec<String> =
                file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            Source { code: code(&text, false), texts: code(&text, true), module, file }
        })
        .collect()
}

fn all_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((file, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The text without comments, without modules and lines that are for tests only, and without strings if they are not wanted.
fn code(text: &str, strings: bool) -> String {
    let text = match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => &text[..at],
        None => text,
    };
    let text = without_test_items(text);
    let (mut kept, mut rest) = (String::new(), text.as_str());
    while let Some(c) = rest.chars().next() {
        let comment = rest.starts_with("//");
        let skipped = if comment {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |at| at + 5)
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            kept.push(c);
            c.len_utf8()
        };
        if strings && skipped > 1 && !comment {
            kept.push_str(&rest[..skipped]);
        }
        rest = &rest[skipped..];
    }
    kept
}

/// The text without functions and other items that are for tests only.
fn without_test_items(text: &str) -> String {
    let Some((before, after)) = text.split_once("#[cfg(test)]\n") else { return text.to_owned() };
    let is_item = ["pub ", "pub(", "fn ", "async ", "use ", "mod ", "impl ", "const "]
        .iter()
        .any(|word| after.trim_start().starts_with(word));
    let mut depth = 0_usize;
    let end = after.char_indices().find(|(_, c)| {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (matches!(c, '}' | ';') || (*c == ',' && !is_item))
    });
    let rest = end.map_or("", |(at, _)| &after[at + 1..]);
    format!("{before}{}", without_test_items(rest))
}

/// Every path into this crate that the file names, from the crate's root: in `use` and elsewhere, by `crate` and by `super`.
fn imports(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate", "super"] {
        for (at, _) in source.code.match_indices(root) {
            let before = &source.code[..at];
            let is_part = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            let is_scope = before.ends_with("pub(in ") || before.ends_with("pub(");
            if is_part || is_scope || !source.code[at + root.len()..].starts_with("::") {
                continue;
            }
            let tree = tree(&source.code[at..]);
            for path in leaves(&tree) {
                found.extend(from_root(source, &path));
            }
        }
    }
    found
}

/// `a::b::{c, d::e}` from the beginning of the text.
fn tree(text: &str) -> String {
    let mut depth = 0_usize;
    let end = text.char_indices().find(|(_, c)| {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return true,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && !(c.is_alphanumeric() || "_:{}*".contains(*c))
    });
    let tree = &text[..end.map_or(text.len(), |(at, _)| at)];
    // `a as b` is `a`: the mark keeps the two apart when white space goes.
    tree.replace(" as ", "@").chars().filter(|c| !c.is_whitespace()).collect()
}

/// Each single path of a tree.
fn leaves(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![tree.split('@').next().unwrap_or_default().to_owned()];
    };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    parts.iter().filter(|part| !part.is_empty()).flat_map(|part| leaves(&format!("{head}{part}"))).collect()
}

fn from_root(source: &Source, path: &str) -> Option<Vec<String>> {
    let mut base = source.module.clone();
    let mut parts: Vec<&str> = path.split("::").collect();
    if parts[0] == "crate" {
        base.clear();
        parts.remove(0);
    }
    while parts.first() == Some(&"super") {
        base.pop();
        parts.remove(0);
    }
    base.extend(parts.iter().filter(|part| !["self", "*", ""].contains(part)).map(|part| (*part).to_owned()));
    (!base.is_empty()).then_some(base)
}

/// The modules below this one that it uses something of.
fn children(source: &Source) -> Vec<Vec<String>> {
    let declared = source.code.lines().filter_map(|line| {
        let (_, name) = line.split_once("mod ")?;
        name.strip_suffix(';')
    });
    let used = declared.filter(|name| {
        source.code.match_indices(&format!("{name}::")).any(|(at, _)| {
            !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        })
    });
    let below = |name: &str| source.module.iter().cloned().chain([name.to_owned()]).collect();
    used.map(below).collect()
}

fn reachable<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for next in edges.get(file).into_iter().flatten() {
            if seen.insert(*next) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn paths_are_read_in_every_form_in_which_they_are_written() {
    let source = |code: &str| Source {
        file: "checks/dns/zone.rs".to_owned(),
        module: vec!["checks".to_owned(), "dns".to_owned(), "zone".to_owned()],
        code: super::rooms::code(code, false),
        texts: String::new(),
    };
    let read =
        |code: &str| -> Vec<String> { imports(&source(code)).iter().map(|path| path.join("::")).collect() };
    assert_eq!(read("use crate::ui::{self, page::{A, B}};"), ["ui", "ui::page::A", "ui::page::B"]);
    assert_eq!(read("let x = crate::ui::note(1);"), ["ui::note"]);
    assert_eq!(read("use super::super::ui::Page;"), ["checks::ui::Page"]);
    assert_eq!(read("use super::super::super::ui::Page;"), ["ui::Page"]);
    assert_eq!(
        read("// crate::ui\nlet x = \"crate::ui::x\"; pub(in crate::checks) fn f() {}"),
        Vec::<String>::new()
    );
    assert_eq!(read("#[cfg(test)]\nmod tests {\n    use crate::ui;\n}"), Vec::<String>::new());
    assert_eq!(source("").folder(), "checks/dns");
}
