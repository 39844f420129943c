use crate::config::{Config, Problem, parse};

fn read(domain: &str, dns: &str, more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!("domain: {domain}\nemail: ada@lovelace.dev\ndns:\n  provider: cloudflare\n{dns}{more}"))
}

fn with_hosts(hosts: &str) -> Result<Config, Vec<Problem>> {
    read("home.example.com", &format!("  houseResolver: true\n  hosts:\n{hosts}"), "")
}

/// The one problem: its line, what it says, what helps.
fn only(read: Result<Config, Vec<Problem>>) -> (u64, String, String) {
    let problems = read.map(|_| ()).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = &problems[0];
    (
        problem.place.map_or(0, |place| place.line),
        problem.message.clone(),
        problem.help.clone().unwrap_or_default(),
    )
}

#[test]
fn without_a_word_a_provider_publishes_and_the_house_answers_nothing() {
    let config = read("home.example.com", "", "").unwrap();
    assert_eq!((config.dns.house_resolver, config.dns.publish, config.house_zone()), (false, true, None));
    let config = parse("domain: lab.home.arpa\ndns: { provider: local, zone: home.arpa }\n").unwrap();
    assert!(config.dns.house_resolver && !config.dns.publish);
    assert_eq!(config.house_zone().unwrap().as_str(), "home.arpa");
}

#[test]
fn the_house_answers_for_the_domain_and_not_for_the_rest_of_the_zone() {
    let config = read("home.example.com", "  zone: example.com\n  houseResolver: true\n", "").unwrap();
    assert_eq!(config.house_zone().unwrap().as_str(), "home.example.com");
    assert!(config.external_dns && config.dns.publish);
    let hidden = read("home.example.com", "  houseResolver: true\n  publish: false\n", "").unwrap();
    assert!(!hidden.dns.publish && hidden.external_dns);
}

#[test]
fn hosts_are_read_by_short_and_whole_names_with_one_address_or_several() {
    let config = with_hosts(
        "    printer: 192.168.1.9\n    ssh.nas: [192.168.1.6, 192.168.1.5, 192.168.1.6]\n    Beamer.home.example.com.: 10.0.0.4\n",
    )
    .unwrap();
    let seen: Vec<String> =
        config.dns.hosts.iter().map(|host| format!("{} {:?}", host.name, host.addresses)).collect();
    assert_eq!(
        seen,
        [
            "beamer.home.example.com [10.0.0.4]",
            "printer.home.example.com [192.168.1.9]",
            "ssh.nas.home.example.com [192.168.1.5, 192.168.1.6]",
        ]
    );
}

#[test]
fn a_name_that_cannot_be_is_refused_with_its_line_and_what_to_write() {
    for (hosts, what, help) in [
        ("    '*.lab': 192.168.1.9\n", "a wildcard", "each name in a line"),
        ("    nas.example.com: 192.168.1.9\n", "not below `home.example.com`", "`nas.home.example.com`"),
        (
            "    nas.example.com: 192.168.1.9\n",
            "not below `home.example.com`",
            "`nas.example.com.` with a final dot",
        ),
        ("    home.example.com: 192.168.1.9\n", "the domain itself", "startPage"),
        ("    192.168.1.9: printer\n", "the name comes first", "`printer: 192.168.1.9`"),
        ("    my_nas: 192.168.1.9\n", "`my_nas` is not a DNS label", "`ssh.nas`"),
        ("    homelab-ns: 192.168.1.9\n", "name servers themselves", "another name"),
    ] {
        let problems = with_hosts(hosts).unwrap_err();
        let problem = problems.iter().find(|problem| problem.message.contains(what));
        let problem = problem.unwrap_or_else(|| panic!("{hosts}: {problems:?}"));
        assert_eq!(problem.place.map(|place| place.line), Some(7), "{problem:?}");
        assert!(problem.help.as_deref().unwrap().contains(help), "{problem:?}");
    }
}

#[test]
fn an_address_that_no_other_machine_can_reach_is_refused() {
    for (address, what) in [
        ("fd00::9", "keeps A records only"),
        ("127.0.0.1", "leads each machine to itself"),
        ("0.0.0.0", "no machine's address"),
        ("224.0.0.251", "no machine's address"),
        ("255.255.255.255", "no machine's address"),
        ("192.168.1.9/24", "is not an address"),
        ("192.168.1.256", "is not an address"),
        ("printer.lan", "is not an address"),
        ("[]", "has no address"),
        ("9", "an address is needed here"),
    ] {
        let (line, message, help) = only(with_hosts(
            &format!("    printer: '{address}'\n").replace("'[]'", "[]").replace("'9'", "9"),
        ));
        assert_eq!(line, 7, "{message}");
        assert!(message.contains("`dns.hosts.printer`") && message.contains(what), "{message}");
        assert!(help.contains("192.168.1.9"), "{help}");
    }
}

#[test]
fn a_name_that_is_in_use_is_refused_and_so_is_one_that_stands_twice() {
    let services = "services: { nas: { url: 'http://192.168.1.5' } }\n";
    for (host, user) in [("nas", "nas"), ("whoami", "whoami"), ("start", "startPage")] {
        let dns = format!("  houseResolver: true\n  hosts:\n    {host}: 192.168.1.5\n");
        let (line, message, help) =
            only(read("home.example.com", &dns, &format!("{services}startPage: {{ host: start }}\n")));
        assert!(message.contains(&format!("is the name of `{user}`")) && line == 7, "{line} {message}");
        assert!(help.contains("`ssh.nas`"), "{help}");
    }
    let twice = "    printer: 192.168.1.9\n    printer.home.example.com: 192.168.1.8\n";
    let (line, message, _) = only(with_hosts(twice));
    assert!(message.contains("are the same name") && line == 8, "{line} {message}");
}

#[test]
fn what_nobody_would_answer_is_refused() {
    let (line, message, help) = only(read("home.example.com", "  publish: false\n", ""));
    assert!(
        message.contains("cannot work without `dns.houseResolver: true`") && line == 5,
        "{line} {message}"
    );
    assert!(help.contains("house-resolver.md"), "{help}");
    let (_, message, help) = only(read("home.example.com", "  hosts: { printer: 192.168.1.9 }\n", ""));
    assert!(message.contains("nobody would answer in the house"), "{message}");
    assert!(help.contains("`houseResolver: true`") && help.contains("`publishHosts: true`"), "{help}");
    assert!(
        read("home.example.com", "  hosts: { printer: 192.168.1.9 }\n  publishHosts: true\n", "").is_ok()
    );
    let hidden = "  houseResolver: true\n  publish: false\n";
    let outside = "services: { wiki: { local: 1, host: wiki.example.com } }\n";
    let (_, message, help) = only(read("home.example.com", hidden, outside));
    assert!(message.contains("`wiki.example.com` of `wiki` would have no record"), "{message}");
    assert!(help.contains("below `home.example.com`"), "{help}");
    assert!(read("home.example.com", "  houseResolver: true\n", outside).is_ok());
}

#[test]
fn keys_that_contradict_each_other_are_refused_at_the_key() {
    let hidden = "  houseResolver: true\n  publish: false\n  publishHosts: true\n";
    let (line, message, _) = only(read("home.example.com", hidden, ""));
    assert!(message.contains("contradicts `dns.publish: false`") && line == 7, "{line} {message}");
    let unmanaged = "externalDns: { manage: false }\n";
    let (line, message, _) =
        only(read("home.example.com", "  houseResolver: true\n  publish: false\n", unmanaged));
    assert!(message.contains("`dns.publish: false` do not go together") && line == 7, "{line} {message}");
    assert!(read("home.example.com", "  houseResolver: true\n", unmanaged).is_ok());
}

#[test]
fn where_the_nodes_are_the_provider_only_the_contrary_is_refused() {
    let local = |more: &str| parse(&format!("domain: home.arpa\ndns: {{ provider: local, {more} }}\n"));
    let config = local("houseResolver: true, publish: false, hosts: { printer: 192.168.1.9 }").unwrap();
    assert_eq!(config.dns.hosts.len(), 1);
    for (key, why) in [
        ("houseResolver: false", "always on"),
        ("publish: true", "docs/configuration.md"),
        ("publishHosts: true", "serve `dns.hosts` in the house"),
    ] {
        let (line, message, help) = only(local(key));
        assert!(message.contains(key) && help.contains(why) && line == 2, "{line} {message} {help}");
    }
}
