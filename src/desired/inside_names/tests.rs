use super::*;
use crate::config::parse;
use crate::desired::{Inputs, bundle};
use crate::facts::corefile;

const HOSTS: &str = "  houseResolver: true\n  hosts: { printer: 192.168.1.9, nas.k8s.intra: [192.168.1.6, 192.168.1.5], tv.lan: 192.168.1.7 }\n";

fn config(dns: &str) -> Config {
    parse(&format!("domain: home.example.com\nemail: ada@lovelace.dev\ndns:\n  provider: cloudflare\n{dns}"))
        .unwrap()
}

fn blocks(config: &Config) -> String {
    entries(config).remove(KEY).unwrap()
}

#[test]
fn a_machine_outside_every_zone_has_a_block_for_just_its_name() {
    let text = blocks(&config(HOSTS));
    let read = corefile::parse(&text).unwrap();
    assert_eq!(read.blocks.len(), 2, "{text}");
    let zones: Vec<String> = read.blocks[0].zones().collect();
    assert_eq!(zones, ["nas.k8s.intra", "printer.home.example.com", "tv.lan"], "no other name is hidden");
    assert!(
        text.contains("        192.168.1.5 nas.k8s.intra\n        192.168.1.6 nas.k8s.intra\n"),
        "{text}"
    );
    // CoreDNS takes what follows `fallthrough` for no line of the list.
    let order = |word: &str| text.find(word).unwrap();
    assert!(order("192.168.1.7 tv.lan") < order("fallthrough") && text.contains("ttl 30\n"), "{text}");
    assert!(text.contains("forward . /etc/resolv.conf"), "what is below such a name stays what it was");
}

#[test]
fn a_machine_in_a_zone_of_the_house_stands_before_the_router() {
    let text = blocks(&config(&format!(
        "{HOSTS}  insideZones: [{{ zone: LAN., forward: [192.168.1.1, '192.168.1.2:5353'] }}]\n"
    )));
    let read = corefile::parse(&text).unwrap();
    let lan = read.blocks.iter().find(|block| block.zones().any(|zone| zone == "lan")).unwrap();
    let names: Vec<&str> = lan.directives.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["errors", "hosts", "cache", "forward"]);
    assert!(text.contains("forward . 192.168.1.1 192.168.1.2:5353\n"), "{text}");
    assert!(!read.blocks[0].zones().any(|zone| zone == "tv.lan"), "{text}");
}

#[test]
fn a_zone_is_written_anew_from_what_was_read_and_has_the_machines_in_it() {
    let mut config = config(&format!("{HOSTS}  insideZones: [{{ zone: k8s.intra, file: k8s.zone }}]\n"));
    config.take_zone("k8s.intra", "@ SOA x y 7 1 1 1 1\n; secret remark\ndb 9999 A 192.168.1.8\n").unwrap();
    let entries = entries(&config);
    let file = &entries["homelab.k8s.intra.zone"];
    assert!(file.starts_with("k8s.intra. 30 IN SOA k8s.intra. hostmaster.k8s.intra. "), "{file}");
    assert!(file.ends_with(
        " 7200 1800 86400 30\ndb.k8s.intra. 30 IN A 192.168.1.8\nnas.k8s.intra. 30 IN A 192.168.1.5\nnas.k8s.intra. 30 IN A 192.168.1.6\n"
    ), "{file}");
    assert!(!file.contains("secret") && !entries[KEY].contains("192.168.1.5"));
    assert!(entries[KEY].contains("file /etc/coredns/custom/homelab.k8s.intra.zone {"));
    assert_eq!(zones(&config), ["printer.home.example.com", "tv.lan", "homelab.invalid", "k8s.intra"]);
}

#[test]
fn the_serial_is_another_as_soon_as_the_content_is_and_never_nought() {
    let of = |text: &str| {
        let mut config = config("  insideZones: [{ zone: k8s.intra, file: k8s.zone }]\n");
        config.take_zone("k8s.intra", text).unwrap();
        match wanted(&config).remove(1).answer {
            InsideAnswer::Serial(serial) => serial,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of("a A 10.0.0.1\nb A 10.0.0.2\n"), of("b A 10.0.0.2\na A 10.0.0.1 ; the same\n"));
    assert_ne!(of("a A 10.0.0.1\n"), of("a A 10.0.0.2\n"));
    assert!(serial(&[]) > 0);
}

#[test]
fn each_change_of_the_blocks_is_told_by_the_marker() {
    let marker = |dns: &str| wanted(&config(dns)).remove(0);
    let (one, other) = (marker(HOSTS), marker(&HOSTS.replace("tv.lan: 192.168.1.7", "tv.lan: 192.168.1.8")));
    assert_eq!((one.name.as_str(), one == other), ("homelab.invalid", false));
    let InsideAnswer::Text(text) = one.answer else { panic!("no text") };
    assert!(blocks(&config(HOSTS)).contains(&format!("answer \"{{{{ .Name }}}} 30 IN TXT {text}\"")));
}

#[test]
fn a_lab_without_such_names_has_no_entry_and_the_entry_says_not_whose_the_map_is() {
    assert_eq!(objects(&config("")), None);
    let text = "  houseResolver: true\n  hosts: { printer: 192.168.1.9 }\n";
    assert_eq!(objects(&config(&format!("{text}  podHosts: false\n"))), None);
    let made = bundle(&config(text), &Inputs::default()).objects.into_iter().find(|one| one.key == key());
    let made = made.unwrap().body;
    assert!(made["metadata"]["labels"].is_null(), "labels of a stranger's map are his: {made}");
    assert_eq!(made["data"].as_object().unwrap().keys().collect::<Vec<_>>(), [KEY]);
}
