use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::config::{Language, StartPage, parse};

fn config(more: &str) -> Config {
    let text = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nstartPage: true\n{more}\n"
    );
    parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The text of a ConfigMap's file.
fn file(config: &Config, map: &str, name: &str) -> String {
    let objects = objects(config);
    let found = objects.iter().find(|o| o.key.kind.kind == "ConfigMap" && o.key.name == map).unwrap();
    found.body["data"][name].as_str().unwrap().to_owned()
}

fn html(config: &Config) -> String {
    file(config, START_PAGE, "index.html")
}

fn server(config: &Config) -> String {
    file(config, SERVER, "nginx.conf")
}

const HOUSE: &str = "services:\n  photos: { service: immich/immich-server, port: 2283, description: Our photos, icon: 📷 }\n  \
     films: { local: 8096 }\n  books: { image: 'a/b', port: 8083 }\n  nas: { url: 'https://192.168.1.5:5001' }\n  \
     six: { url: 'http://[fd00::5]:80' }\n  home-assistant: { url: 'http://hass.lan.example.com:8123' }\n";

#[test]
fn without_the_key_there_is_nothing_of_it() {
    let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare }\n";
    assert!(objects(&parse(text).unwrap()).is_empty());
}

#[test]
fn each_service_has_its_line_with_its_name_its_address_and_what_is_said_of_it() {
    let page = html(&config(HOUSE));
    for (host, name) in [("photos", "Photos"), ("home-assistant", "Home assistant"), ("whoami", "Whoami")] {
        let line = page.lines().find(|line| line.contains(&format!("data-service=\"{host}\""))).unwrap();
        assert!(line.contains(&format!("href=\"https://{host}.home.example.com/\"")), "{line}");
        assert!(line.contains(&format!(">{name}</span>")), "{line}");
    }
    assert_eq!(page.matches("data-service=\"").count(), 7);
    assert!(page.contains("📷") && page.contains("Our photos"));
    // One that says nothing of itself shows its first letter and its address.
    assert!(page.contains(">F</span>") && page.contains(">films.home.example.com</span>"));
}

#[test]
fn a_text_like_markup_stays_text() {
    let evil = "\"><script>alert(1)</script><img src=x onerror='y'>&";
    let quoted = evil.replace('\\', "\\\\").replace('"', "\\\"");
    let config = config(&format!(
        "services: {{ script: {{ url: 'http://10.0.0.2', description: \"{quoted}\", icon: '<b' }} }}"
    ));
    let page = html(&Config {
        start_page: config.start_page.clone().map(|page| StartPage { title: evil.into(), ..page }),
        ..config.clone()
    });
    assert_eq!(page.matches("<script").count(), 1, "its own alone: {page}");
    assert!(page.contains(
        "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;y&#39;&gt;&amp;"
    ));
    assert!(page.contains(">&lt;b</span>") && !page.contains("<img") && !page.contains("<b<"));
    // A service may be called after an element.
    assert!(page.contains("data-service=\"script\"") && page.contains(">Script</span>"));
}

#[test]
fn a_house_of_twenty_fits_in_50_kb_with_everything_that_a_browser_loads() {
    let long = "x".repeat(120);
    let lines: String = (0..20)
        .map(|n| format!("  service-{n}: {{ url: 'http://10.0.0.{n}', description: {long} }}\n"))
        .collect();
    let config = config(&format!("services:\n{lines}"));
    let page = config.start_page.as_ref().unwrap();
    let entries = page::entries(&config, page.language);
    let text: usize = page::files(page, &entries).values().map(String::len).sum();
    let pictures: usize = page::pictures().values().map(|bytes| bytes.0.len()).sum();
    assert!(text + pictures < 50_000, "{text} and {pictures}");
}

#[test]
fn the_policy_lets_nothing_in_that_is_not_the_pages_own_file() {
    let config = config(HOUSE);
    let settings = server(&config);
    let policy = settings.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    for loose in ["unsafe-inline", "unsafe-eval", "http:", "https:", "data:", "*"] {
        assert!(!policy.contains(loose), "{loose}");
    }
    // So nothing may be inline, and nothing may come from elsewhere.
    let page = html(&config);
    assert!(!page.contains("<style") && !page.contains("style="), "{page}");
    let handlers = page.split(" on").skip(1).filter_map(|rest| rest.split(['>', ' ']).next());
    assert_eq!(handlers.filter(|word| word.contains('=')).count(), 0, "{page}");
    assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/page.js\"").count());
    let loaded: Vec<&str> = page.split("<link ").skip(1).filter(|link| !link.contains("href=\"/")).collect();
    assert!(loaded.is_empty(), "{loaded:?}");
    // A header that a location sets itself would drop those of the server.
    assert_eq!(settings.matches("add_header").count(), 7);
    assert!(!server::settings(&[])["nginx.conf"].contains("/up/photos"));
}

#[test]
fn each_service_is_asked_where_it_is() {
    let settings = server(&config(HOUSE));
    let asked = |name: &str| {
        let at = settings.find(&format!("location = /ask/{name} {{")).unwrap();
        let rest = &settings[at..];
        rest[..rest.find('}').unwrap()].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (name, there) in [
        ("photos", "set $there immich-server.immich.svc.$cluster_domain:2283; proxy_pass http://$there/;"),
        ("films", "set $there films.homelab.svc.$cluster_domain:8096; proxy_pass http://$there/;"),
        ("books", "set $there books.homelab-books.svc.$cluster_domain:8083; proxy_pass http://$there/;"),
        ("nas", "set $asked nas.home.example.com; proxy_pass https://192.168.1.5:5001/;"),
        ("six", "proxy_pass http://[fd00::5]:80/;"),
        ("home-assistant", "set $there hass.lan.example.com:8123; proxy_pass http://$there/;"),
        ("whoami", "set $there whoami.homelab.svc.$cluster_domain:80; proxy_pass http://$there/;"),
    ] {
        assert!(asked(name).contains(there), "{name}: {}", asked(name));
        assert!(asked(name).contains("internal;"), "{name} can be asked for from outside");
        assert!(settings.contains(&format!("location = /up/{name} {{")), "{name}");
    }
    assert_eq!(settings.matches('{').count(), settings.matches('}').count());
    assert!(!settings.contains("BURST") && !settings.contains("Each service"));
}

#[test]
fn it_has_no_token_no_right_and_no_file_that_it_can_change() {
    let objects = objects(&config(HOUSE));
    let kinds: Vec<&str> = objects.iter().map(|object| object.key.kind.kind).collect();
    assert_eq!(kinds, ["ConfigMap", "ConfigMap", "Deployment", "Service", "Ingress"]);
    let pod = &objects[2].body["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["runAsNonRoot"], true);
    let writable: Vec<&Value> =
        container["volumeMounts"].as_array().unwrap().iter().filter(|m| m["readOnly"] != true).collect();
    assert_eq!(writable.len(), 1);
    assert_eq!(writable[0]["mountPath"], "/tmp");
}

#[test]
fn what_changes_starts_the_server_anew_and_nothing_else_does() {
    let print = |config: &Config| {
        let deployment = objects(config).remove(2).body;
        deployment["spec"]["template"]["metadata"]["annotations"]["homelab/page"].as_str().unwrap().to_owned()
    };
    let (one, more) = (config(""), config(HOUSE));
    assert_eq!(print(&one), print(&one));
    assert_ne!(print(&one), print(&more));
    assert_eq!(print(&one), print(&Config { email: Some("b@lovelace.dev".into()), ..one.clone() }));
}

#[test]
fn it_speaks_german_if_told_so_and_both_languages_say_everything() {
    let german = Config {
        start_page: config("").start_page.map(|page| StartPage { language: Language::German, ..page }),
        ..config(HOUSE)
    };
    let page = html(&german);
    assert!(page.contains("<html lang=\"de\">") && page.contains("data-down=\"Nicht erreichbar\""), "{page}");
    assert!(html(&config(HOUSE)).contains("<html lang=\"en\">"));
}

#[test]
fn a_telephone_can_install_it() {
    let manifest: Value =
        serde_json::from_str(&file(&config(""), START_PAGE, "manifest.webmanifest")).unwrap();
    assert_eq!((&manifest["start_url"], &manifest["display"]), (&"/".into(), &"standalone".into()));
    let pictures: BTreeMap<_, _> = page::pictures();
    for size in [192, 512] {
        let bytes = &pictures[&format!("icon-{size}.png")].0;
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(bytes[16..20], u32::to_be_bytes(size), "its width");
        let named =
            manifest["icons"].as_array().unwrap().iter().any(|i| i["sizes"] == format!("{size}x{size}"));
        assert!(named, "{size}");
    }
    let served = server(&config(""));
    for name in page::files(config("").start_page.as_ref().unwrap(), &[]).keys().chain(pictures.keys()) {
        assert!(name == "index.html" || served.contains(&name.replace('.', "\\.")), "{name} is not served");
    }
}
