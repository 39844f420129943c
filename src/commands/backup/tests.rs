//! What a run of `homelab backup` leaves in its folder.

pub(in crate::commands) mod server;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use server::{Lab, OWNER, account, certificate, config, lab, root};

use super::*;
use crate::machine::vault::Opener;

/// A lock, and what opens it.
pub(in crate::commands) fn key() -> (Lock, Opener) {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let opener = Opener::of_identities(identity.to_string().expose_secret()).unwrap();
    (Lock::of_recipients([identity.to_public().to_string().as_str()]).unwrap(), opener)
}

async fn run(lab: &Lab, at: &Path, lock: &Lock, prune: bool) -> Result<Done> {
    let folder = place::look(at)?;
    is_of_lab(&folder, OWNER)?;
    save(&lab.cluster, &config(""), at, folder, lock, prune).await
}

/// Saves a lab for the tests of `restore`.
pub(in crate::commands) async fn saved(lab: &Lab, at: &Path, lock: &Lock) {
    run(lab, at, lock, false).await.unwrap();
}

/// The files of a folder: what is in them, and which inode each is.
fn files(at: &Path) -> BTreeMap<String, (Vec<u8>, u64)> {
    let all = std::fs::read_dir(at).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, (std::fs::read(&path).unwrap(), path.metadata().unwrap().ino()))
    });
    all.collect()
}

fn names(at: &Path) -> Vec<String> {
    files(at).into_keys().collect()
}

const WHOLE: [&str; 4] =
    ["cert-manager.letsencrypt-account.age", "homelab.nas-tls.age", "homelab.whoami-tls.age", "index.json"];

fn places(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.facts.place()).collect()
}

#[tokio::test]
async fn certificates_and_the_account_are_saved_and_a_second_run_touches_no_file() {
    let (folder, (lock, opener), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let at = folder.path().join("new/backup");
    let done = run(&lab, &at, &lock, false).await.unwrap();
    assert_eq!((done.written.len(), done.problems.len()), (3, 0));
    assert_eq!(names(&at), WHOLE);
    let modes: Vec<u32> =
        WHOLE.iter().map(|name| at.join(name).metadata().unwrap().permissions().mode() & 0o777).collect();
    assert_eq!(modes, [0o600; 4]);
    let before = files(&at);
    let again = run(&lab, &at, &lock, false).await.unwrap();
    assert_eq!((again.written.len(), again.unchanged.len()), (0, 3));
    assert_eq!(files(&at), before);
    assert!(lab.writes().is_empty(), "the cluster is only read: {:?}", lab.writes());
    // What is sealed is a manifest, with what cert-manager compares, and without what others noted.
    let opened = opener.open(&before["homelab.nas-tls.age"].0).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&opened).unwrap();
    let live = lab.object("Secret", "nas-tls").unwrap();
    assert_eq!((&manifest["kind"], &manifest["data"]), (&"Secret".into(), &live["data"]));
    assert_eq!(manifest["metadata"]["annotations"]["cert-manager.io/issuer-name"], "letsencrypt");
    assert!(!opened.windows(9).any(|part| part == b"reflector"));
}

#[tokio::test]
async fn the_index_has_public_facts_and_no_byte_of_a_key() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    run(&lab, folder.path(), &lock, false).await.unwrap();
    let text = std::fs::read_to_string(folder.path().join(INDEX)).unwrap();
    for name in ["nas-tls", "whoami-tls", "letsencrypt-account"] {
        let key = lab.object("Secret", name).unwrap()["data"]["tls.key"].as_str().unwrap().to_owned();
        assert!(!text.contains(&key[100..140]), "{text}");
    }
    assert!(text.contains("nas.home.example.com") && text.contains("\"serial\"") && text.contains("age1"));
    assert!(!text.contains("PRIVATE") && !text.contains("tls.key"), "{text}");
}

#[tokio::test]
async fn a_renewed_certificate_changes_its_own_file_and_the_index_alone() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    run(&lab, folder.path(), &lock, false).await.unwrap();
    let before = files(folder.path());
    let renewed = certificate("homelab", "nas-tls", (0, 90));
    for one in lab.held.lock().unwrap().iter_mut().filter(|one| one["metadata"]["name"] == "nas-tls") {
        *one = renewed.clone();
    }
    let done = run(&lab, folder.path(), &lock, false).await.unwrap();
    assert_eq!(places(&done.written), ["homelab/nas-tls"]);
    let after = files(folder.path());
    let changed: Vec<&String> = after.keys().filter(|name| after[*name] != before[*name]).collect();
    assert_eq!(changed, ["homelab.nas-tls.age", "index.json"]);
}

#[tokio::test]
async fn a_strangers_file_in_the_way_stops_the_run_before_the_first_write() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let theirs = folder.path().join("homelab.nas-tls.age");
    std::fs::write(&theirs, "theirs").unwrap();
    let error = run(&lab, folder.path(), &lock, true).await.err().unwrap().to_string();
    assert!(error.contains("`homelab.nas-tls.age` would be overwritten"), "{error}");
    assert_eq!(names(folder.path()), ["homelab.nas-tls.age"]);
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
    // A link is no file of a backup, whatever it leads to.
    std::fs::rename(&theirs, folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &theirs).unwrap();
    assert!(run(&lab, folder.path(), &lock, true).await.is_err());
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
}

#[tokio::test]
async fn an_index_of_somebody_else_or_of_another_lab_is_refused() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let index = folder.path().join(INDEX);
    let other = Index::new("other.example.com", lock.sealed_for(), Vec::new()).text();
    let texts = ["{}", "[1]", "{ \"schema_version\": 1, \"made_by\": \"webpack\" }", other.as_str()];
    for text in texts {
        std::fs::write(&index, text).unwrap();
        assert!(run(&lab, folder.path(), &lock, true).await.is_err(), "{text}");
        assert_eq!(std::fs::read_to_string(&index).unwrap(), text);
        assert_eq!(names(folder.path()), ["index.json"]);
    }
}

#[tokio::test]
async fn prune_deletes_what_backup_wrote_and_nothing_else() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let at = folder.path();
    run(&lab, at, &lock, false).await.unwrap();
    let theirs = ["homelab.theirs.age", "README.md", "homelab.nas-tls.age.bak"];
    theirs.iter().for_each(|name| std::fs::write(at.join(name), "theirs").unwrap());
    lab.held.lock().unwrap().retain(|one| one["metadata"]["name"] != "nas-tls");
    let done = run(&lab, at, &lock, false).await.unwrap();
    assert_eq!((places(&done.outlived), done.removed.len()), (vec!["homelab/nas-tls".to_owned()], 0));
    assert!(at.join("homelab.nas-tls.age").exists());
    // Somebody put another file into its place: it is his now.
    std::fs::write(at.join("homelab.nas-tls.age"), "theirs").unwrap();
    let done = run(&lab, at, &lock, true).await.unwrap();
    assert_eq!(places(&done.strange), ["homelab/nas-tls"]);
    assert_eq!(std::fs::read_to_string(at.join("homelab.nas-tls.age")).unwrap(), "theirs");
    lab.held.lock().unwrap().retain(|one| one["metadata"]["name"] != "whoami-tls");
    let done = run(&lab, at, &lock, true).await.unwrap();
    assert_eq!(places(&done.removed), ["homelab/whoami-tls"]);
    assert!(!at.join("homelab.whoami-tls.age").exists());
    theirs.iter().for_each(|name| assert_eq!(std::fs::read_to_string(at.join(name)).unwrap(), "theirs"));
}

#[tokio::test]
async fn an_empty_cluster_empties_no_backup_and_a_broken_secret_prunes_none() {
    let (folder, (lock, _), whole) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    run(&whole, folder.path(), &lock, false).await.unwrap();
    let before = files(folder.path());
    let error = run(&Lab::of([]), folder.path(), &lock, true).await.err().unwrap().to_string();
    assert!(error.contains("nothing to save"), "{error}");
    for one in whole.held.lock().unwrap().iter_mut().filter(|one| one["metadata"]["name"] == "nas-tls") {
        one["data"]["tls.key"] = account()["data"]["tls.key"].clone();
    }
    let done = run(&whole, folder.path(), &lock, true).await.unwrap();
    assert_eq!(done.problems, ["Secret homelab/nas-tls: its private key does not belong to its certificate"]);
    assert_eq!(files(folder.path()), before);
}

#[tokio::test]
async fn another_lock_seals_everything_anew_and_a_damaged_file_is_written_again() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let at = folder.path();
    run(&lab, at, &lock, false).await.unwrap();
    let first = Lock::of_passphrase("correct horse battery").unwrap();
    for lock in [&first, &Lock::of_passphrase("another long passphrase").unwrap()] {
        let done = run(&lab, at, lock, false).await.unwrap();
        assert_eq!((done.written.len(), done.unchanged.len()), (3, 0));
        assert!(lock.is_of(&std::fs::read(at.join("homelab.nas-tls.age")).unwrap()));
        assert_eq!(run(&lab, at, lock, false).await.unwrap().written.len(), 0);
    }
    let lock = Lock::of_passphrase("another long passphrase").unwrap();
    std::fs::write(at.join("homelab.nas-tls.age"), "half").unwrap();
    std::fs::remove_file(at.join("homelab.whoami-tls.age")).unwrap();
    let done = run(&lab, at, &lock, false).await.unwrap();
    assert_eq!(places(&done.written), ["homelab/nas-tls", "homelab/whoami-tls"]);
    assert_eq!(names(at), WHOLE);
}

#[tokio::test]
async fn what_is_said_names_the_next_command_and_where_not_to_keep_the_key() {
    let (folder, (lock, _), lab) = (tempfile::tempdir().unwrap(), key(), Lab::of(lab()));
    let done = run(&lab, folder.path(), &lock, false).await.unwrap();
    let at = Path::new("/srv/my backup");
    let said = told::summary(&done, at, &lock.sealed_for(), &ui::House::default()).to_string();
    assert!(said.contains("saved 3 Secrets in `/srv/my backup`"), "{said}");
    assert!(
        said.contains("`homelab restore '/srv/my backup' --identity key.txt` brings them back"),
        "{said}"
    );
    assert!(said.contains("in another place than the backup"), "{said}");
    let document = told::document(&done, at);
    assert_eq!(document["secrets"][0]["outcome"], "written");
    assert_eq!(document["secrets"].as_array().unwrap().len(), 3);
    ui::assert_is("backup", &document);
}

#[tokio::test]
async fn the_labs_own_authority_is_saved_and_known_for_what_it_is() {
    let (folder, (lock, opener)) = (tempfile::tempdir().unwrap(), key());
    let mut all = lab();
    all.push(root(3650));
    let done = run(&Lab::of(all), folder.path(), &lock, false).await.unwrap();
    let saved = done.written.iter().find(|entry| entry.facts.secret == "homelab-ca-root").unwrap();
    assert_eq!(saved.facts.holds, crate::plan::backup::Holding::CertificateAuthority);
    let sealed = std::fs::read(folder.path().join(&saved.file)).unwrap();
    let opened = Held::read(&opener.open(&sealed).unwrap()).map_err(|why| panic!("{why}")).ok().unwrap();
    assert_eq!(opened.facts, saved.facts);
    ui::assert_is("backup", &told::document(&done, folder.path()));
}
