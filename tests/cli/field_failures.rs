//! docs/field-failures.md says which check names what people report, and what shows it. What it names has to be there.

use std::collections::BTreeSet;
use std::path::Path;

use homelab::checks::GROUPS;

/// The kinds of failures from the field; each has its own table.
const KINDS: usize = 6;

/// A row of a table: the cells, without the outer bars.
struct Row {
    kind: usize,
    cells: Vec<String>,
}

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/field-failures.md")).unwrap()
}

/// The rows of each table, by the number of its heading.
fn rows(page: &str) -> Vec<Row> {
    let mut kind = 0;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("## ") {
            kind += 1;
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<String> = inner.split(" | ").map(str::to_owned).collect();
        // The head of a table.
        if cells.iter().any(|cell| cell == "named by") {
            continue;
        }
        assert_eq!(cells.len(), 5, "{line}");
        found.push(Row { kind, cells });
    }
    found
}

/// What stands between two of these marks.
fn marked(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

/// The sources below a folder of the repository.
fn sources(folder: &str) -> Vec<String> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// The names of all tests: functions right after the attribute that makes them one.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in sources("src").iter().chain(&sources("tests/cli")) {
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ");
            match name.and_then(|rest| rest.split('(').next()) {
                Some(name) if is_test => drop(found.insert(name.to_owned())),
                _ => {}
            }
            is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        }
    }
    found
}

#[test]
fn the_page_of_failures_names_checks_and_tests_that_are_there() {
    let page = page();
    let ids: BTreeSet<&str> =
        GROUPS.iter().flat_map(|group| group.checks).map(|def| def.id.as_str()).collect();
    let (tests, lab) = (tests(), sources("tests/lab/src/cases/doctor").concat());
    assert!(tests.contains("the_page_of_failures_names_checks_and_tests_that_are_there"));
    for Row { kind, cells } in rows(&page) {
        // In the table of k3s the source stands before the check.
        let (named, shown) = if kind <= KINDS { (&cells[2], &cells[3]) } else { (&cells[3], &cells[4]) };
        let checks: Vec<&str> = marked(named, '`').collect();
        assert!(!checks.is_empty(), "no check: {}", cells[0]);
        for check in checks {
            assert!(ids.contains(check), "`{check}` is no check: {}", cells[0]);
        }
        let (by_test, by_lab): (Vec<&str>, Vec<&str>) =
            (marked(shown, '`').collect(), marked(shown, '"').collect());
        assert!(!by_test.is_empty() || !by_lab.is_empty(), "nothing shows it: {}", cells[0]);
        for name in by_test {
            assert!(tests.contains(name), "`{name}` is no test: {}", cells[0]);
        }
        for name in by_lab {
            assert!(lab.contains(&format!("\"{name}\"")), "the lab makes no \"{name}\": {}", cells[0]);
        }
        assert!(kind > KINDS || cells[4].contains("](https://"), "no report: {}", cells[0]);
    }
}

#[test]
fn each_kind_of_failure_has_more_than_the_first_reports() {
    let page = page();
    let of = |wanted: usize| rows(&page).iter().filter(|row| row.kind == wanted).count();
    for kind in 1..=KINDS {
        assert!(of(kind) >= 5, "kind {kind}: {}", of(kind));
    }
    assert!(of(KINDS + 1) >= 20, "k3s: {}", of(KINDS + 1));
}
