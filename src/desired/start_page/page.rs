//! The files of the page: HTML, style, script, manifest and icons. Nothing in them comes from elsewhere, nothing is inline.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use serde_json::json;

use crate::config::{Backend, Config, Language, Scheme, Service, StartPage, WHOAMI};
use crate::desired::html::escaped;
use crate::desired::service::NAMESPACE;
use crate::desired::start_page::binary;
use crate::desired::start_page::words::{Words, words};
use crate::facts::names::Host;

const STYLE: &str = include_str!("files/page.css");
const SCRIPT: &str = include_str!("files/page.js");
const ICON: &str = include_str!("files/icon.svg");
const ICON_192: &[u8] = include_bytes!("files/icon-192.png");
const ICON_512: &[u8] = include_bytes!("files/icon-512.png");
/// The colours behind icons; as many as page.css has.
const TINTS: usize = 6;
/// What fits below an icon on a telephone (W3C, "Web Application Manifest", `short_name`).
const SHORT: usize = 12;

/// One line of the page.
pub(super) struct Entry {
    /// The key in the configuration: the path behind `/up/`.
    pub(super) name: String,
    pub(super) host: Host,
    pub(super) about: Option<String>,
    pub(super) icon: Option<String>,
    /// What is said of one that the internet reaches.
    pub(super) public: Option<&'static str>,
    pub(super) backend: Backend,
    pub(super) scheme: Scheme,
}

/// The lines, in the order of the services' names; the demo comes last.
pub(super) fn entries(config: &Config, language: Language) -> Vec<Entry> {
    let entry = |service: &Service| {
        Some(Entry {
            name: service.name.clone(),
            host: service.hosts.first()?.clone(),
            about: service.description.clone(),
            icon: service.icon.clone(),
            public: service.public.map(|_| words(language).public),
            backend: service.backend.clone(),
            scheme: service.scheme,
        })
    };
    let demo = config.whoami.then(|| Entry {
        name: WHOAMI.to_owned(),
        host: config.domain.child(WHOAMI),
        about: Some(words(language).demo.to_owned()),
        icon: None,
        public: None,
        backend: Backend::Cluster { namespace: NAMESPACE.to_owned(), service: WHOAMI.to_owned(), port: 80 },
        scheme: Scheme::Http,
    });
    config.services.iter().filter_map(entry).chain(demo).collect()
}

/// The files that are text, by their names.
pub(super) fn files(page: &StartPage, entries: &[Entry]) -> BTreeMap<String, String> {
    [
        ("index.html", html(page, entries)),
        ("page.css", STYLE.to_owned()),
        ("page.js", SCRIPT.to_owned()),
        ("icon.svg", ICON.to_owned()),
        ("manifest.webmanifest", manifest(page)),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

/// The files that are pictures: telephones take no SVG for their home screen.
pub(super) fn pictures() -> BTreeMap<String, ByteString> {
    [("icon-192.png", ICON_192), ("icon-512.png", ICON_512)]
        .map(|(name, bytes)| (name.to_owned(), binary(bytes)))
        .into()
}

fn html(page: &StartPage, entries: &[Entry]) -> String {
    let words = words(page.language);
    let title = escaped(&page.title);
    let lines: String = entries.iter().map(line).collect();
    let list = match lines.is_empty() {
        true => format!("<p>{}</p>\n", escaped(words.none)),
        false => format!("<ul class=\"services\">\n{lines}</ul>\n"),
    };
    format!(
        r##"<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f4f3ef" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14171a" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/icon-192.png">
<link rel="manifest" href="/manifest.webmanifest">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p id="summary" role="status"{data}></p>
<noscript><p>{no_script}</p></noscript>
</header>
{list}{help}</main>
</body>
</html>
"##,
        tag = words.tag,
        data = data(words),
        no_script = escaped(words.no_script),
        help = help(words),
    )
}

/// What the script says, so that it has no language of its own.
fn data(words: &Words) -> String {
    let all = [
        ("up", words.up),
        ("down", words.down),
        ("unknown", words.unknown),
        ("checking", words.checking),
        ("all", words.all),
        ("some", words.some),
        ("cut-off", words.cut_off),
    ];
    all.iter().map(|(name, text)| format!(" data-{name}=\"{}\"", escaped(text))).collect()
}

fn line(entry: &Entry) -> String {
    let name = title(&entry.name);
    let first: String = name.chars().take(1).collect();
    let icon = entry.icon.as_deref().unwrap_or(&first);
    let about = entry.about.as_deref().unwrap_or(entry.host.as_str());
    let about = entry.public.map_or_else(|| about.to_owned(), |public| format!("{about} · {public}"));
    let tint = entry.name.bytes().map(usize::from).sum::<usize>() % TINTS;
    format!(
        "<li><a href=\"https://{host}/\" data-service=\"{key}\"><span class=\"icon t{tint}\" aria-hidden=\"true\">{icon}</span>\
         <span class=\"words\"><span class=\"name\">{name}</span> <span class=\"about\">{about}</span> \
         <span class=\"state\"></span></span></a></li>\n",
        host = escaped(entry.host.as_str()),
        key = escaped(&entry.name),
        icon = escaped(icon),
        name = escaped(&name),
        about = escaped(&about),
    )
}

fn help(words: &Words) -> String {
    let steps: String = words.steps.iter().map(|step| format!("<li>{}</li>\n", escaped(step))).collect();
    format!(
        "<details>\n<summary>{}</summary>\n<ol>\n{steps}</ol>\n<p>{} <code>homelab doctor</code></p>\n</details>\n",
        escaped(words.help),
        escaped(words.cause)
    )
}

fn manifest(page: &StartPage) -> String {
    let short: String = page.title.chars().take(SHORT).collect();
    let picture = |size: u32| json!({ "src": format!("/icon-{size}.png"), "sizes": format!("{size}x{size}"), "type": "image/png", "purpose": "any maskable" });
    let manifest = json!({
        "id": "/",
        "name": page.title,
        "short_name": short.trim(),
        "lang": words(page.language).tag,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f3ef",
        "theme_color": "#f4f3ef",
        "icons": [
            { "src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any" },
            picture(192),
            picture(512),
        ],
    });
    format!("{manifest:#}\n")
}

/// `home-assistant` as people write it: `Home assistant`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
