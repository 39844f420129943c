mod generated;
mod odd;

use super::*;
use crate::config;
use odd::ODD;

fn entry() -> ServiceEntry {
    let settings =
        vec![("service", Setting::Text("immich/immich-server".to_owned())), ("port", Setting::Number(2283))];
    ServiceEntry { name: "photos".to_owned(), settings }
}

const LINE: &str = "photos: { service: immich/immich-server, port: 2283 }";
const HEAD: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

#[test]
fn odd_files_get_the_entry_and_lose_it_again_without_another_change() {
    for (what, before, after) in ODD {
        let (before, after) = (before.replace("LONG", &"long ".repeat(999)), after.replace('@', LINE));
        let after = after.replace("LONG", &"long ".repeat(999));
        let added = add(&before, &entry()).unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(added.text, after, "{what}");
        let removed = remove(&after, "photos").unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(removed.text, before, "{what}");
    }
}

#[test]
fn a_file_without_the_key_gets_it_at_its_end_and_keeps_it() {
    let step = "dns:\n    provider: cloudflare\n";
    for (before, after) in [
        ("a: 1\n", "a: 1\nservices:\n  @\n"),
        ("a: 1", "a: 1\nservices:\n  @"),
        ("a: 1\r\n# services:\r\n", "a: 1\r\n# services:\r\nservices:\r\n  @\r\n"),
        (step, "dns:\n    provider: cloudflare\nservices:\n    @\n"),
        ("---\na: 1\n...\n", "---\na: 1\nservices:\n  @\n...\n"),
        ("{ a: 1 }\n", "{ a: 1, services: { @ } }\n"),
        ("a: |\n  text\n  # no comment\n", "a: |\n  text\n  # no comment\nservices:\n  @\n"),
    ] {
        let added = add(before, &entry()).unwrap().text;
        assert_eq!(added, after.replace('@', LINE));
        let again = remove(&added, "photos").unwrap().text;
        assert_eq!(add(&again, &entry()).unwrap().text, added);
    }
}

#[test]
fn an_explicit_null_becomes_braces() {
    for null in ["~", "null"] {
        let added = add(&format!("services: {null}   # none\n"), &entry()).unwrap().text;
        assert_eq!(added, format!("services: {{ {LINE} }}   # none\n"));
    }
}

#[test]
fn what_cannot_be_edited_is_refused_with_the_reason() {
    for (file, said) in [
        ("a: 1\n---\nb: 2\n", "not one YAML document"),
        ("services: []\n", "no mapping"),
        ("x: &x { nas: { url: y } }\nservices: *x\n", "an alias"),
        ("a: 1\rservices:\r", "carriage return"),
        // The entry would take the text's last blank line away.
        ("services:\n  nas:\n    host: |+\n      a\n\n\n", "something else"),
        ("? services\n: ? nas\n  : { url: x }\n", "a line of its own"),
        ("services: &s\ncopy: *s\n", "something else"),
        ("", "not one YAML document"),
    ] {
        let why = add(file, &entry()).unwrap_err();
        assert!(why.contains(said), "{file:?}: {why}");
    }
    for (file, said) in [
        ("base: &b { photos: { url: y } }\nservices:\n  <<: *b\n  nas: { url: x }\n", "comes here by"),
        // Its twin would come to light.
        ("base: &b { photos: { url: y } }\nservices:\n  <<: *b\n  photos: { url: x }\n", "something else"),
        ("services:\n  photos: &p { url: y }\n  nas: *p\n", "would not be valid"),
        ("services: { # mine\n  photos: { url: y } }\n", "comments stand"),
        ("services: { nas: { url: x } }\n", "comes here by"),
    ] {
        let why = remove(file, "photos").unwrap_err();
        assert!(why.contains(said), "{file:?}: {why}");
    }
}

#[test]
fn an_entry_goes_from_every_place_with_its_own_lines_alone() {
    for (before, after) in [
        ("services: { photos: { url: x }, nas: { url: y } }\n", "services: { nas: { url: y } }\n"),
        ("services: { nas: { url: y }, photos: { url: x } }\n", "services: { nas: { url: y } }\n"),
        ("services: { photos: { url: x } }\n", "services: {}\n"),
        ("services: { photos: { url: x }, }\n", "services: {}\n"),
        (
            "services: {\n  photos: { url: x },   # goes\n  nas: { url: y }   # stays\n}\n",
            "services: {\n  nas: { url: y }   # stays\n}\n",
        ),
        (
            "services: {\n  nas: { url: y },   # stays\n  photos: { url: x }   # goes\n}\n",
            "services: {\n  nas: { url: y },   # stays\n}\n",
        ),
        (
            "services:\n  # stays\n  photos:\n    url: x\n    # goes\n    host: y\n\n  # stays, too\n  nas: { url: z }\n",
            "services:\n  # stays\n\n  # stays, too\n  nas: { url: z }\n",
        ),
        ("services:\n  'photos' : { url: x } # goes\nwhoami: false\n", "services:\nwhoami: false\n"),
        ("a: 1\nservices:\n  photos:\n    url: x", "a: 1\nservices:"),
    ] {
        assert_eq!(remove(before, "photos").unwrap().text, after);
    }
}

#[test]
fn the_lines_that_change_are_told_with_their_number_and_without_the_hooks_address() {
    let edited = add("a: 1\nservices:\n  nas: { url: x }\nb: 2\n", &entry()).unwrap();
    assert_eq!((edited.line, edited.removed.len()), (4, 0));
    assert_eq!(edited.added, [format!("  {LINE}")]);
    let one = "{ doctor: { onFailure: { url: 'https://ntfy.sh/hunter2' } }, services: {} }\n";
    let edited = add(one, &entry()).unwrap();
    let told = format!("{:?}{:?}", edited.removed, edited.added);
    assert!(told.contains("photos") && !told.contains("hunter2"), "{told}");
    assert!(edited.text.contains("hunter2"));
}

#[test]
fn what_is_written_is_read_as_what_was_meant() {
    for name in ["photos", "2fa", "no", "null", "1e3", "0x1f", "a-b", "12"] {
        let settings = vec![("url", Setting::Text("https://192.168.1.5:5001".to_owned()))];
        let entry = ServiceEntry { name: name.to_owned(), settings };
        let text = add(HEAD, &entry).unwrap().text;
        let config = config::parse(&text).unwrap();
        assert_eq!(config.services[0].name, name);
    }
}

#[test]
fn a_section_of_an_entry_is_written_as_yaml_and_as_nix() {
    let protect = vec![("lan", Setting::Flag(true)), ("rate", Setting::Number(10))];
    let settings = vec![("local", Setting::Number(9090)), ("protect", Setting::Section(protect))];
    let entry = ServiceEntry { name: "admin".to_owned(), settings };
    let added = add(HEAD, &entry).unwrap();
    assert_eq!(added.added.last().unwrap(), "  admin: { local: 9090, protect: { lan: true, rate: 10 } }");
    let protect = config::parse(&added.text).unwrap().services.remove(0).protect;
    assert!(!protect.from.is_empty() && protect.rate == Some(10));
    assert_eq!(
        entry.nix(),
        "services.homelab.services.admin = { local = 9090; protect = { lan = true; rate = 10; }; };\n"
    );
}

#[test]
fn an_entry_for_nixos_is_quoted_where_nix_needs_it() {
    assert_eq!(
        entry().nix(),
        "services.homelab.services.photos = { service = \"immich/immich-server\"; port = 2283; };\n"
    );
    assert_eq!(nix_service("2fa"), "services.homelab.services.\"2fa\"");
    assert_eq!(nix_service("with"), "services.homelab.services.\"with\"");
    assert_eq!(nix("a\"b${c}\\"), r#""a\"b\${c}\\""#);
}
