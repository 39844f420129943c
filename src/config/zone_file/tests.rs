use super::*;

fn texts(text: &str) -> Vec<String> {
    let records = parse("k8s.intra", text).unwrap();
    records.iter().map(|record| format!("{} {}", record.name, record.data)).collect()
}

/// The one mistake: its line and what it says.
fn only(text: &str) -> (usize, String) {
    let mistakes = parse("k8s.intra", text).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
    (mistakes[0].line, mistakes[0].why.clone())
}

#[test]
fn a_file_as_name_servers_have_it_is_read_without_its_soa_and_its_times() {
    let text = "$TTL 1h\n$ORIGIN k8s.intra.\n@ IN SOA ns.k8s.intra. admin.k8s.intra. (\n  2024 ; serial\n  3600 600 86400 60 )\n\
                DB 300 IN A 192.168.1.9 ; the database\n   IN 300 A 192.168.1.8\nwww CNAME db\n*.apps A 192.168.1.7\n\
                _pg._tcp SRV 0 5 5432 db.k8s.intra.\n@ MX 10 mail.example.org.\nnote TXT \"a; \\\"b\\\"\" c\nsix AAAA fd00::9\n";
    assert_eq!(
        texts(text),
        [
            "*.apps.k8s.intra A 192.168.1.7",
            "_pg._tcp.k8s.intra SRV 0 5 5432 db.k8s.intra.",
            "db.k8s.intra A 192.168.1.8",
            "db.k8s.intra A 192.168.1.9",
            "k8s.intra MX 10 mail.example.org.",
            "note.k8s.intra TXT \"a; \\\"b\\\"\" \"c\"",
            "six.k8s.intra AAAA fd00::9",
            "www.k8s.intra CNAME db.k8s.intra.",
        ]
    );
}

#[test]
fn names_end_in_the_origin_that_was_said_last() {
    assert_eq!(
        texts("$ORIGIN lab.k8s.intra.\na A 10.0.0.1\n$ORIGIN sub\nb A 10.0.0.2\n").join(" "),
        "a.lab.k8s.intra A 10.0.0.1 b.sub.lab.k8s.intra A 10.0.0.2"
    );
}

#[test]
fn what_is_written_is_read_again_as_the_same() {
    let text = "db A 10.0.0.1\nnote TXT \"a\\\\b \\\"c\\\"\"\nx SRV 1 2 3 db\n";
    let once = parse("k8s.intra", text).unwrap();
    let again: String =
        once.iter().map(|record| format!("{}. 30 IN {}\n", record.name, record.data)).collect();
    assert_eq!(parse("k8s.intra", &again).unwrap(), once);
}

#[test]
fn every_mistake_is_told_with_its_line() {
    for (text, line, why) in [
        ("db A 192.168.1.900\n", 1, "not an IPv4 address"),
        ("\ndb A\n", 2, "needs one IPv4 address"),
        ("db A 10.0.0.1 10.0.0.2\n", 1, "nothing more"),
        ("db AAAA 10.0.0.1\n", 1, "not an IPv6 address"),
        ("db.example.com. A 10.0.0.1\n", 1, "`db.example.com` is not in the zone `k8s.intra`"),
        ("  A 10.0.0.1\n", 1, "has no name"),
        ("a A 10.0.0.1\na_b A 10.0.0.1\n", 2, "`a_b` is not a DNS name"),
        ("db\n", 1, "the type of the record is missing"),
        ("db CH A 10.0.0.1\n", 1, "another class"),
        ("db LOC 52 N\n", 1, "type `LOC`"),
        ("$INCLUDE /etc/shadow\n", 1, "`$INCLUDE` is not read here"),
        ("db MX mail 10\n", 1, "not a number from 0 to 65535"),
        ("db TXT \"open\n", 1, "never closed"),
        ("@ SOA a b (\n 1 2 3 4 5\n", 1, "never closed"),
        ("a A 10.0.0.1\na CNAME b\n", 2, "has another record beside it"),
        ("@ CNAME b\n", 1, "the zone itself"),
        ("; nothing\n", 1, "no record is in it"),
    ] {
        let (at, said) = only(text);
        assert!(at == line && said.contains(why), "{text}: {at} {said}");
    }
    let two = parse("k8s.intra", "a A x\nb A 10.0.0.1\nc A y\n").unwrap_err();
    assert_eq!(two.iter().map(|mistake| mistake.line).collect::<Vec<_>>(), [1, 3]);
    let long = format!("a A 10.0.0.1 ;{}\n", "x".repeat(LONGEST));
    assert!(only(&long).1.contains("longer than 256 KiB"));
}
