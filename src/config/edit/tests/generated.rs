//! What holds for every file that can be made up.

use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ url: \"https://192.168.1.5:5001\" }".to_owned()),
        Just("{ service: a/b, port: 80, }".to_owned()),
        Just("{ url: 'http://10.0.0.2', annotations: { a: \"x, y # z\" } }".to_owned()),
        "[a-z]{1,6}"
            .prop_map(|word| format!("{{ url: http://10.0.0.3, annotations: {{ {word}: \"{{,}}\" }} }}")),
    ]
}

fn comment() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ \t]?#[ -~\t\u{e0}-\u{ff}]{0,12}".prop_map(|text| format!(" {text}"))]
}

/// Lines of a block of entries, set in by `indent`.
fn block(indent: usize) -> impl Strategy<Value = Vec<String>> {
    let space = " ".repeat(indent);
    let one = ("[a-o]{1,3}", value(), comment(), any::<bool>(), 0..3usize).prop_map(
        move |(name, value, comment, deep, more)| {
            let mut lines = match deep {
                false => vec![format!("{space}{name}: {value}{comment}")],
                true => vec![
                    format!("{space}{name}:{comment}"),
                    format!("{space} url: http://10.0.0.4"),
                    format!("{space} annotations:"),
                    format!("{space}   a: >-"),
                    format!("{space}      b"),
                ],
            };
            lines.extend([String::new(), format!("{space}# a"), "# b".to_owned()].into_iter().take(more));
            lines
        },
    );
    proptest::collection::vec(one, 1..4).prop_map(|entries| {
        let mut seen = std::collections::BTreeSet::new();
        let name = |lines: &Vec<String>| lines[0].trim().split(':').next().unwrap_or_default().to_owned();
        entries.into_iter().filter(|lines| seen.insert(name(lines))).flatten().collect()
    })
}

fn services() -> impl Strategy<Value = Vec<String>> {
    let flow = proptest::collection::btree_map("[a-o]{1,3}", value(), 0..4);
    prop_oneof![
        comment().prop_map(|comment| vec![format!("services:{comment}")]),
        (1..5usize, comment()).prop_flat_map(|(indent, comment)| {
            block(indent).prop_map(move |lines| [vec![format!("services:{comment}")], lines].concat())
        }),
        (flow, comment(), any::<bool>()).prop_map(|(entries, comment, last)| {
            let all: Vec<String> = entries.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let comma = if last && !all.is_empty() { "," } else { "" };
            let space = if all.is_empty() { "" } else { " " };
            vec![format!("services: {{{space}{}{comma}{space}}}{comment}", all.join(", "))]
        }),
    ]
}

fn file() -> impl Strategy<Value = String> {
    let around =
        || proptest::collection::vec(prop_oneof![Just(String::new()), Just("# note, {".to_owned())], 0..3);
    (around(), services(), around(), any::<[bool; 4]>()).prop_map(
        |(above, own, below, [bom, crlf, last, more])| {
            let more = if more { vec!["whoami: false".to_owned()] } else { Vec::new() };
            let head = HEAD.lines().map(str::to_owned).collect();
            let lines = [above, head, own, below, more].concat();
            let ending = if crlf { "\r\n" } else { "\n" };
            let mut text = lines.join(ending);
            if last {
                text.push_str(ending);
            }
            if bom { format!("\u{feff}{text}") } else { text }
        },
    )
}

proptest! {
    #[test]
    fn adding_and_then_removing_gives_the_same_bytes(text in file()) {
        let added = add(&text, &entry()).unwrap();
        prop_assert!(added.text.len() > text.len());
        prop_assert_eq!(remove(&added.text, "photos").unwrap().text, text);
    }

    #[test]
    fn adding_changes_nothing_that_the_configuration_said(text in file()) {
        let before = config::parse(&text).unwrap();
        let mut after = config::parse(&add(&text, &entry()).unwrap().text).unwrap();
        let alone = config::parse(&format!("{HEAD}services: {{ {LINE} }}\n")).unwrap();
        let at = after.services.iter().position(|service| service.name == "photos").unwrap();
        prop_assert_eq!(&after.services.remove(at), &alone.services[0]);
        prop_assert_eq!(after, before);
    }

    #[test]
    fn removing_leaves_every_other_line_as_it_was(text in file()) {
        let outline = read_outline(&text).unwrap();
        let keys = entries(&outline.root).unwrap();
        let services = &keys.iter().find(|key| key.is(SERVICES)).unwrap().value;
        for entry in entries(services).unwrap_or_default() {
            let Kind::Scalar(name) = &entry.key.kind else { continue };
            let removed = remove(&text, name).unwrap();
            let is_block = matches!(services.kind, Kind::Block(_));
            prop_assert!(!is_block || removed.added.is_empty());
            let mut rest = text.lines();
            if is_block {
                prop_assert!(removed.text.lines().all(|line| rest.any(|other| other == line)));
            }
        }
    }
}
