use std::os::unix::fs::{MetadataExt as _, symlink};

use super::*;

fn files(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Everything below a folder with its content; a symlink with where it leads.
fn held(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            match path.symlink_metadata().unwrap() {
                it if it.is_symlink() => {
                    drop(found.insert(name, path.read_link().unwrap().display().to_string()));
                }
                it if it.is_dir() => open.push(path),
                _ => drop(found.insert(name, std::fs::read_to_string(&path).unwrap())),
            }
        }
    }
    found
}

fn refused(folder: &Path, given: &[(&str, &str)]) -> String {
    let before = held(folder);
    let error = write(folder, &files(given)).unwrap_err();
    assert_eq!(held(folder), before, "it was refused, and something was written");
    error.to_string()
}

#[test]
fn a_strangers_file_is_neither_overwritten_nor_deleted_and_nothing_is_written_then() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/x.yaml"), "theirs").unwrap();
    let said = refused(folder.path(), &[("a/x.yaml", "ours"), ("b.yaml", "ours")]);
    assert!(said.contains("`a/x.yaml`: homelab did not write it") && said.contains("hint:"), "{said}");

    write(folder.path(), &files(&[("b.yaml", "ours")])).unwrap();
    std::fs::write(folder.path().join("c.yaml"), "theirs").unwrap();
    write(folder.path(), &files(&[("d.yaml", "ours")])).unwrap();
    let left: Vec<String> = held(folder.path()).into_keys().collect();
    assert_eq!(left, [RECORD, "a/x.yaml", "c.yaml", "d.yaml"]);
}

#[test]
fn a_file_that_was_changed_by_hand_is_neither_overwritten_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files(&[("a.yaml", "one"), ("b.yaml", "one")])).unwrap();
    std::fs::write(folder.path().join("a.yaml"), "by hand").unwrap();
    for given in [&[("a.yaml", "two"), ("b.yaml", "two")][..], &[("b.yaml", "two")][..]] {
        let said = refused(folder.path(), given);
        assert!(said.contains("`a.yaml`: it was changed after homelab wrote it"), "{said}");
    }
    std::fs::remove_file(folder.path().join("a.yaml")).unwrap();
    write(folder.path(), &files(&[("a.yaml", "two")])).unwrap();
    assert_eq!(held(folder.path())["a.yaml"], "two");
}

#[test]
fn no_symlink_leads_out_of_the_folder() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(elsewhere.path().join("x.yaml"), "theirs").unwrap();
    symlink(elsewhere.path(), folder.path().join("a")).unwrap();
    symlink(elsewhere.path().join("x.yaml"), folder.path().join("x.yaml")).unwrap();
    for path in ["a/x.yaml", "a/new.yaml", "x.yaml"] {
        let said = refused(folder.path(), &[(path, "ours")]);
        assert!(said.contains("symbolic link"), "{said}");
    }
    symlink(elsewhere.path().join("record"), folder.path().join(RECORD)).unwrap();
    assert!(refused(folder.path(), &[("b.yaml", "ours")]).contains("symbolic link"));
    assert_eq!(held(elsewhere.path()), files(&[("x.yaml", "theirs")]));
}

#[test]
fn a_record_that_names_files_elsewhere_deletes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rendered");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(home.path().join("precious"), "x").unwrap();
    let hash = digest(b"x");
    let outside = home.path().join("precious").display().to_string();
    for path in ["../precious", "a/../../precious", outside.as_str(), "", "."] {
        let record = serde_json::json!({ "schema_version": 1, "files": { path: hash } });
        std::fs::write(folder.join(RECORD), record.to_string()).unwrap();
        let said = refused(&folder, &[("a.yaml", "ours")]);
        assert!(said.contains(RECORD) && said.contains("git"), "{said}");
    }
    assert_eq!(std::fs::read_to_string(home.path().join("precious")).unwrap(), "x");
}

#[test]
fn a_record_that_cannot_be_read_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    for record in ["<<<<<<< HEAD", "{}", r#"{ "schema_version": 2, "files": {} }"#] {
        std::fs::write(folder.path().join(RECORD), record).unwrap();
        assert!(refused(folder.path(), &[("a.yaml", "ours")]).contains(RECORD), "{record}");
    }
}

#[test]
fn the_same_files_again_change_no_byte_and_touch_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let given = [("a/x.yaml", "x"), ("b.yaml", "y")];
    let first = write(folder.path(), &files(&given)).unwrap();
    assert_eq!(
        (first.written, first.removed, first.unchanged),
        (vec!["a/x.yaml".into(), "b.yaml".into()], vec![], 0)
    );
    let inode = |path: &str| folder.path().join(path).metadata().unwrap().ino();
    let (before, inodes) = (held(folder.path()), ["a/x.yaml", "b.yaml", RECORD].map(inode));
    let second = write(folder.path(), &files(&given)).unwrap();
    assert_eq!((second.written.len(), second.removed.len(), second.unchanged), (0, 0, 2));
    assert_eq!((held(folder.path()), ["a/x.yaml", "b.yaml", RECORD].map(inode)), (before, inodes));
}

#[test]
fn what_is_no_longer_wanted_goes_with_its_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files(&[("a/b/x.yaml", "x"), ("a/y.yaml", "y"), ("c/z.yaml", "z")])).unwrap();
    std::fs::write(folder.path().join("c/theirs"), "t").unwrap();
    let done = write(folder.path(), &files(&[("a/y.yaml", "y")])).unwrap();
    assert_eq!(done.removed, ["a/b/x.yaml", "c/z.yaml"]);
    assert!(!folder.path().join("a/b").exists() && folder.path().join("c/theirs").exists());
}

#[test]
fn a_run_that_was_stopped_half_way_is_finished_by_the_next_whatever_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files(&[("a.yaml", "one"), ("b.yaml", "one"), ("c.yaml", "one")])).unwrap();
    // As it is when a power cut comes after the first file.
    let old = Record::read(folder.path()).unwrap();
    let wanted = files(&[("a.yaml", "two"), ("b.yaml", "two")]);
    std::fs::write(folder.path().join(RECORD), Record::of(&wanted).over(&old).text()).unwrap();
    std::fs::write(folder.path().join("a.yaml"), "two").unwrap();
    write(folder.path(), &files(&[("a.yaml", "three"), ("b.yaml", "three")])).unwrap();
    assert_eq!(held(folder.path())["a.yaml"], "three");
    assert_eq!(
        Record::read(folder.path()).unwrap(),
        Record::of(&files(&[("a.yaml", "three"), ("b.yaml", "three")]))
    );
    assert!(!folder.path().join("c.yaml").exists());
}

#[test]
fn a_file_of_the_same_content_is_taken_for_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "ours").unwrap();
    assert_eq!(write(folder.path(), &files(&[("a.yaml", "ours")])).unwrap().unchanged, 1);
}

#[test]
fn everybody_may_read_what_is_written_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new/folder");
    write(&new, &files(&[("a/x.yaml", "x")])).unwrap();
    for path in ["a/x.yaml", RECORD] {
        assert_eq!(new.join(path).metadata().unwrap().mode() & 0o777, 0o644, "{path}");
    }
    assert_eq!(held(&new).into_keys().collect::<Vec<_>>(), [RECORD, "a/x.yaml"]);
}
