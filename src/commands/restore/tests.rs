//! What a run of `homelab restore` writes, and above all what not.

use serde_json::{Value, json};

use super::*;
use crate::commands::backup::tests::server::{Lab, OWNER, certificate, config, lab, namespace, root};
use crate::commands::backup::tests::{key, saved as save};
use crate::desired::meta::RESTORE;
use crate::machine::vault::Lock;

/// A backup of a lab.
struct Saved {
    folder: tempfile::TempDir,
    lock: Lock,
    opener: Opener,
}

async fn saved(objects: Vec<Value>) -> Saved {
    let (folder, (lock, opener)) = (tempfile::tempdir().unwrap(), key());
    save(&Lab::of(objects), folder.path(), &lock).await;
    Saved { folder, lock, opener }
}

const NAS: &str = "services: { nas: { url: 'http://10.0.0.2' } }\n";

impl Saved {
    async fn look(&self, lab: &Lab, more: &str, forced: &[&str]) -> Run {
        let forced: Vec<String> = forced.iter().map(|name| (*name).to_owned()).collect();
        let index = index_of(self.folder.path(), OWNER).unwrap();
        look(&lab.cluster, &config(more), self.folder.path(), &index, &self.opener, &forced).await.unwrap()
    }

    async fn restore(&self, lab: &Lab, more: &str, forced: &[&str]) -> Run {
        let run = self.look(lab, more, forced).await;
        write(&lab.cluster, &config(more), &run).await.unwrap();
        run
    }
}

/// `secret: outcome`, as the document has them.
fn outcomes(run: &Run) -> Vec<String> {
    let document = told::document(run, false);
    ui::assert_is("restore", &document);
    let all = document["secrets"].as_array().unwrap().iter();
    all.map(|one| format!("{}: {}", one["secret"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn everything_comes_back_into_an_empty_cluster_and_a_second_run_writes_nothing() {
    let all = lab();
    let backup = saved(all.clone()).await;
    let fresh = Lab::of([namespace("cert-manager")]);
    let run = backup.restore(&fresh, NAS, &[]).await;
    let wanted = [
        "cert-manager/letsencrypt-account: restored",
        "homelab/nas-tls: restored",
        "homelab/whoami-tls: restored",
    ];
    assert_eq!(outcomes(&run), wanted);
    let writes = fresh.writes();
    assert!(writes[0].contains("/namespaces/homelab?fieldManager=homelab&"), "{writes:?}");
    assert_eq!(writes.iter().filter(|line| line.contains("fieldManager=homelab-restore&")).count(), 3);
    assert!(writes.iter().all(|line| !line.contains("force")), "{writes:?}");
    let home = fresh.object("Namespace", "homelab").unwrap();
    assert_eq!(home["metadata"]["managedFields"][0]["manager"], "homelab");
    assert_eq!(home["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    for name in ["nas-tls", "whoami-tls", "letsencrypt-account"] {
        let before = all.iter().find(|one| one["metadata"]["name"] == name).unwrap();
        let after = fresh.object("Secret", name).unwrap();
        assert_eq!((&after["data"], &after["type"]), (&before["data"], &before["type"]), "{name}");
        assert_eq!(after["metadata"]["managedFields"][0]["manager"], RESTORE);
    }
    let nas = fresh.object("Secret", "nas-tls").unwrap();
    assert_eq!(nas["metadata"]["labels"]["app.kubernetes.io/instance"], OWNER);
    assert_eq!(nas["metadata"]["annotations"]["cert-manager.io/certificate-name"], "nas-tls");
    let again = backup.restore(&fresh, NAS, &[]).await;
    assert!(outcomes(&again).iter().all(|line| line.ends_with(": same")), "{:?}", outcomes(&again));
    assert_eq!(fresh.writes().len(), writes.len());
    assert!(
        told::summary(&again, false, &ui::House::default()).to_string().ends_with("nothing to restore\n")
    );
}

#[tokio::test]
async fn what_is_restored_is_saved_again_without_a_change() {
    let backup = saved(lab()).await;
    let fresh = Lab::of([namespace("cert-manager")]);
    backup.restore(&fresh, NAS, &[]).await;
    let before = std::fs::read(backup.folder.path().join(INDEX)).unwrap();
    save(&fresh, backup.folder.path(), &backup.lock).await;
    assert_eq!(std::fs::read(backup.folder.path().join(INDEX)).unwrap(), before);
}

#[tokio::test]
async fn up_deletes_nothing_of_what_was_restored_and_takes_it_for_no_strangers() {
    let backup = saved(lab()).await;
    let fresh = Lab::of([namespace("cert-manager")]);
    backup.restore(&fresh, NAS, &[]).await;
    let config = config(NAS);
    let snapshot = fresh.cluster.snapshot(OWNER, config.ingress.controller).await.unwrap();
    let controller = config.ingress.controller;
    let mut plan = crate::plan::plan(bundle(&config, &Inputs::default()), &snapshot);
    strangers::objects(&fresh.cluster, controller, &mut plan, &snapshot, false).await.unwrap();
    assert!(plan.removal.gone.is_empty(), "{:?}", plan.removal);
    let written: Vec<String> = plan.apply.iter().map(|change| change.object.key.to_string()).collect();
    assert!(!written.contains(&"Namespace homelab".to_owned()), "as `up` made it: {written:?}");
    for one in fresh.held.lock().unwrap().iter_mut().filter(|one| one["metadata"]["name"] == "nas-tls") {
        one["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
    }
    let snapshot = fresh.cluster.snapshot(OWNER, controller).await.unwrap();
    let error =
        strangers::objects(&fresh.cluster, controller, &mut plan, &snapshot, false).await.err().unwrap();
    assert!(error.to_string().contains("Secret homelab/nas-tls"), "{error}");
}

#[tokio::test]
async fn what_is_there_is_never_overwritten_unless_it_is_named_and_a_strangers_not_even_then() {
    let backup = saved(lab()).await;
    let mut theirs = certificate("homelab", "whoami-tls", (-9, 9));
    theirs["metadata"]["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
    for (days, outcome) in [((0, 90), "newer-there"), ((-60, 30), "other-there")] {
        let all = [
            namespace("homelab"),
            namespace("cert-manager"),
            certificate("homelab", "nas-tls", days),
            theirs.clone(),
        ];
        let living = Lab::of(all.clone());
        let run = backup.restore(&living, NAS, &["homelab/whoami-tls"]).await;
        assert_eq!(
            outcomes(&run)[1..],
            [format!("homelab/nas-tls: {outcome}"), "homelab/whoami-tls: strangers".into()]
        );
        assert!(run.all.iter().any(One::is_wrong));
        assert_eq!(living.object("Secret", "nas-tls").as_ref(), Some(&all[2]));
        assert_eq!(living.object("Secret", "whoami-tls").as_ref(), Some(&theirs));
        let said = told::summary(&run, false, &ui::House::default()).to_string();
        assert!(said.contains("`--force homelab/nas-tls` overwrites it"), "{said}");
        let run = backup.restore(&living, NAS, &["homelab/nas-tls"]).await;
        assert_eq!(outcomes(&run)[1], "homelab/nas-tls: replaced");
        let last = living.writes().pop().unwrap();
        assert!(last.contains("/nas-tls?") && last.contains("&force=true"), "{last}");
        assert_ne!(living.object("Secret", "nas-tls").as_ref(), Some(&all[2]));
        assert_eq!(living.object("Secret", "whoami-tls").as_ref(), Some(&theirs));
    }
}

#[tokio::test]
async fn what_changed_between_the_look_and_the_write_is_not_overwritten() {
    let backup = saved(lab()).await;
    let living = Lab::of([
        namespace("homelab"),
        namespace("cert-manager"),
        certificate("homelab", "nas-tls", (-60, 30)),
    ]);
    let run = backup.look(&living, NAS, &["homelab/nas-tls"]).await;
    let mut renewed = certificate("homelab", "nas-tls", (0, 90));
    renewed["metadata"]["resourceVersion"] = "9".into();
    for one in living.held.lock().unwrap().iter_mut().filter(|one| one["kind"] == "Secret") {
        *one = renewed.clone();
    }
    assert!(write(&living.cluster, &config(NAS), &run).await.is_err());
    assert_eq!(living.object("Secret", "nas-tls"), Some(renewed));
}

#[tokio::test]
async fn an_expired_certificate_and_one_that_nobody_asks_for_are_left_out() {
    let mut all = lab();
    all.push(certificate("homelab", "old-tls", (-90, -1)));
    let backup = saved(all).await;
    let fresh = Lab::of([namespace("homelab"), namespace("cert-manager")]);
    let run = backup.restore(&fresh, "services: { old: { url: 'http://10.0.0.2' } }\n", &[]).await;
    let wanted = ["homelab/nas-tls: unwanted", "homelab/old-tls: expired", "homelab/whoami-tls: restored"];
    assert_eq!(outcomes(&run)[1..], wanted);
    assert!(fresh.object("Secret", "old-tls").is_none() && fresh.object("Secret", "nas-tls").is_none());
    assert!(!run.all.iter().any(One::is_wrong));
}

#[tokio::test]
async fn the_labs_own_authority_comes_back_as_it_was_before_the_first_up() {
    let mut all = lab();
    all.push(root(3650));
    let backup = saved(all.clone()).await;
    let fresh = Lab::of([namespace("homelab"), namespace("cert-manager")]);
    let left_out = backup.look(&fresh, "", &[]).await;
    assert!(outcomes(&left_out).contains(&"cert-manager/homelab-ca-root: unwanted".to_owned()));
    let run = backup.restore(&fresh, "issuer: ca\n", &[]).await;
    assert!(outcomes(&run).contains(&"cert-manager/homelab-ca-root: restored".to_owned()));
    let before = all.last().unwrap();
    let after = fresh.object("Secret", "homelab-ca-root").unwrap();
    assert_eq!((&after["data"], &after["type"]), (&before["data"], &before["type"]));
    // By these cert-manager knows it for what it made itself, and makes no other.
    for noted in ["certificate-name", "issuer-name", "issuer-kind"] {
        let noted = format!("cert-manager.io/{noted}");
        assert_eq!(after["metadata"]["annotations"][&noted], before["metadata"]["annotations"][&noted]);
    }
    let said = told::summary(&run, false, &ui::House::default()).to_string();
    assert!(
        said.contains("homelab-ca-root: restored: the lab's own certificate authority, serial "),
        "{said}"
    );
    // The authority's own is as it should be; the demo's was another issuer's.
    let anew = |name: &str| {
        let one = run.all.iter().find(|one| one.facts.secret == name).unwrap();
        one.other_issuer
    };
    assert!(!anew("homelab-ca-root") && anew("whoami-tls"));
    let again = backup.restore(&fresh, "issuer: ca\n", &[]).await;
    assert!(outcomes(&again).contains(&"cert-manager/homelab-ca-root: same".to_owned()));
}

#[tokio::test]
async fn another_root_that_is_there_is_overwritten_only_if_it_is_named() {
    let mut all = lab();
    all.push(root(3650));
    let backup = saved(all).await;
    let other = root(3650);
    let living = Lab::of([namespace("homelab"), namespace("cert-manager"), other.clone()]);
    let run = backup.restore(&living, "issuer: ca\n", &[]).await;
    assert!(run.all.iter().any(One::is_wrong));
    assert_eq!(living.object("Secret", "homelab-ca-root").unwrap()["data"], other["data"]);
    backup.restore(&living, "issuer: ca\n", &["cert-manager/homelab-ca-root"]).await;
    assert_ne!(living.object("Secret", "homelab-ca-root").unwrap()["data"], other["data"]);
}

#[tokio::test]
async fn a_file_that_the_key_does_not_open_or_that_lies_in_anothers_place_is_written_nowhere() {
    let mut backup = saved(lab()).await;
    let fresh = Lab::of([namespace("homelab"), namespace("cert-manager")]);
    // The text of one certificate under the name of another, with an index that says so.
    let at = backup.folder.path();
    let text = std::fs::read_to_string(at.join(INDEX)).unwrap();
    let index = Index::read(&text).unwrap();
    let of = |name: &str| index.entries.iter().find(|entry| entry.facts.secret == name).unwrap();
    std::fs::copy(at.join("homelab.nas-tls.age"), at.join("homelab.whoami-tls.age")).unwrap();
    let forged = text.replace(&of("whoami-tls").file_sha256, &of("nas-tls").file_sha256);
    std::fs::write(at.join(INDEX), forged).unwrap();
    std::fs::write(at.join("cert-manager.letsencrypt-account.age"), "half").unwrap();
    let run = backup.restore(&fresh, NAS, &[]).await;
    let wanted = [
        "cert-manager/letsencrypt-account: unusable",
        "homelab/nas-tls: restored",
        "homelab/whoami-tls: unusable",
    ];
    assert_eq!(outcomes(&run), wanted);
    assert!(fresh.object("Secret", "whoami-tls").is_none());
    let said = told::summary(&run, false, &ui::House::default()).to_string();
    assert!(said.contains("it holds another Secret than the index tells of"), "{said}");
    backup.opener = key().1;
    let run = backup.look(&Lab::of([]), NAS, &[]).await;
    assert!(outcomes(&run).iter().all(|line| line.ends_with("unusable")));
    assert!(run.all.iter().all(One::is_wrong));
}

#[tokio::test]
async fn a_namespace_that_up_does_not_make_is_named_and_not_made() {
    let mut all = lab();
    all.push(namespace("immich"));
    all.push(certificate("immich", "photos-tls", (-1, 89)));
    let backup = saved(all).await;
    let fresh = Lab::of([namespace("cert-manager")]);
    let photos = "services: { photos: { service: immich/immich-server, port: 2283 } }\n";
    let run = backup.restore(&fresh, photos, &[]).await;
    assert!(outcomes(&run).contains(&"immich/photos-tls: no-namespace".to_owned()), "{:?}", outcomes(&run));
    assert!(fresh.object("Namespace", "immich").is_none() && run.all.iter().any(One::is_wrong));
    assert!(fresh.object("Secret", "whoami-tls").is_some(), "the others come back");
}

#[tokio::test]
async fn a_look_writes_nothing_and_names_what_would_happen() {
    let backup = saved(lab()).await;
    let fresh = Lab::of([]);
    let run = backup.look(&fresh, NAS, &[]).await;
    assert!(fresh.writes().is_empty());
    let said = told::summary(&run, true, &ui::House::default()).to_string();
    assert!(
        said.starts_with("Namespace cert-manager: would be made\nNamespace homelab: would be made\n"),
        "{said}"
    );
    assert!(
        said.contains("Secret homelab/nas-tls: would be restored: nas.home.example.com, serial "),
        "{said}"
    );
    assert!(!said.contains("next:"), "{said}");
}

#[test]
fn a_folder_without_a_backup_or_with_another_labs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(index_of(folder.path(), OWNER).err().unwrap().what.contains("there is no backup in"));
    let index = Index::new("other.example.com", key().0.sealed_for(), Vec::new());
    std::fs::write(folder.path().join(INDEX), index.text()).unwrap();
    let error = index_of(folder.path(), OWNER).err().unwrap().to_string();
    assert!(error.contains("of the lab `other.example.com`"), "{error}");
    assert!(is_known(&index, &["homelab/nas-tls".to_owned()]).is_err());
}
