//! The golden rendering of each example under `manifests/examples`. `UPDATE_GOLDEN=1 cargo test` writes them anew.

use std::path::{Path, PathBuf};

use crate::program::homelab;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/examples");
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn render(example: &Path) -> String {
    let config = example.join("homelab.yaml");
    let ended = homelab(&["render", "--config", config.to_str().unwrap()]).run();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

#[test]
fn each_example_renders_to_its_golden_file() {
    let examples = examples();
    assert!(examples.len() >= 4);
    for example in examples {
        let golden = example.join("rendered.yaml");
        let rendered = render(&example);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &rendered).unwrap();
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        let first = rendered.lines().zip(wanted.lines()).position(|(a, b)| a != b);
        assert!(
            rendered == wanted,
            "{} differs, first at line {first:?}; `UPDATE_GOLDEN=1 cargo test` accepts it",
            golden.display()
        );
    }
}

/// What people trust once must not become another because the cluster's names are in another domain.
#[test]
fn another_cluster_domain_changes_what_the_own_authority_may_sign_and_nothing_else() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/examples/own-ca");
    let config = example.join("homelab.yaml");
    let flags = ["render", "--cluster-domain", "Lab.test.", "--config", config.to_str().unwrap()];
    let ended = homelab(&flags).run();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let golden = std::fs::read_to_string(example.join("rendered.yaml")).unwrap();
    assert_eq!(golden.matches("cluster.local").count(), 6);
    assert_eq!(ended.stdout, golden.replace("- cluster.local", "- lab.test"));
    let none = homelab(&["render", "--cluster-domain", "a b", "--config", config.to_str().unwrap()]).run();
    assert!(none.code == 2 && none.stderr.contains("this is no domain"), "{}", none.stderr);
}

#[test]
fn rendering_is_the_same_from_run_to_run() {
    for example in examples() {
        assert_eq!(render(&example), render(&example));
    }
}

/// What a person has written of an example: the configuration, and the files that it names.
fn written(example: &Path) -> String {
    let files = std::fs::read_dir(example).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.is_file() && !file.ends_with("rendered.yaml"));
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn no_rendering_has_an_address_that_the_configuration_does_not_have() {
    for example in examples() {
        let config = written(&example);
        for word in render(&example).split(|c: char| !(c.is_ascii_digit() || c == '.')) {
            // The resolvers of ACME, what the lab's own authority signs for none of: every address, and loopback.
            let known = ["1.1.1.1", "8.8.8.8", "0.0.0.0", "127.0.0.0", "127.0.0.1"].contains(&word);
            // Where each house's visitors come from (`protect: { lan: true }`): RFC 1918 and RFC 6598.
            let known = known || ["10.0.0.0", "172.16.0.0", "192.168.0.0", "100.64.0.0"].contains(&word);
            // Beside these, what a tunnel's connectors do not reach: RFC 3927.
            let known = known || word == "169.254.0.0";
            // And what of the house is the pods' own: k3s' network of them.
            let known = known || word == "10.42.0.0";
            let address = word.parse::<std::net::Ipv4Addr>().is_ok();
            assert!(!address || known || config.contains(word), "{}: {word}", example.display());
        }
    }
}

#[test]
fn json_is_one_list_of_the_same_objects() {
    let config = examples()[0].join("homelab.yaml");
    let ended = homelab(&["render", "--output", "json", "--config", config.to_str().unwrap()]).run();
    let list: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"].as_array().unwrap().len(), render(&examples()[0]).matches("---\n").count());
}

/// The level `restricted` of the Pod Security Standards, as far as these pods could break it.
#[test]
fn every_pod_keeps_to_the_level_that_its_namespace_enforces() {
    let mut looked = 0;
    for example in examples() {
        let config = example.join("homelab.yaml");
        let ended = homelab(&["render", "--output", "json", "--config", config.to_str().unwrap()]).run();
        let list: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let objects = list["items"].as_array().unwrap();
        let level = |name: &serde_json::Value| {
            let space = objects.iter().find(|o| o["kind"] == "Namespace" && o["metadata"]["name"] == *name);
            // Upstream's own, which enforces nothing: what homelab puts there keeps to it by itself.
            if *name == "cert-manager" {
                return "restricted".to_owned();
            }
            let level = &space.unwrap()["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
            level.as_str().unwrap().to_owned()
        };
        for object in objects.iter().filter(|o| o["spec"]["template"]["spec"].is_object()) {
            let pod = &object["spec"]["template"]["spec"];
            // It has a port of its node's, and nothing else beyond `restricted`.
            let is_server = object["metadata"]["name"] == "challenge-server";
            match level(&object["metadata"]["namespace"]).as_str() {
                "restricted" => {}
                // Images of people's own: what these may not do, no test can read from them.
                "baseline" => {
                    assert_eq!(pod["automountServiceAccountToken"], false);
                    assert!(pod["hostNetwork"].is_null() && !pod["volumes"].to_string().contains("hostPath"));
                    continue;
                }
                _ if is_server => {}
                _ => {
                    assert_eq!(object["kind"], "DaemonSet");
                    continue;
                }
            }
            looked += 1;
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
            assert!(pod["hostNetwork"].is_null());
            for volume in pod["volumes"].as_array().into_iter().flatten() {
                let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
                // Of Secrets, certificates alone are mounted, not the keys beside them.
                let certificate =
                    volume["secret"]["items"] == serde_json::json!([{ "key": "tls.crt", "path": "tls.crt" }]);
                let key = volume["secret"]["secretName"] == "homelab-challenge-key";
                let may = |kind: &str| ["configMap", "emptyDir"].contains(&kind) || certificate || key;
                assert!(kinds.into_iter().all(|kind| may(kind)), "{volume}");
            }
            for container in pod["containers"].as_array().unwrap() {
                let security = &container["securityContext"];
                assert_eq!(security["allowPrivilegeEscalation"], false);
                assert_eq!(security["capabilities"]["drop"][0], "ALL");
                assert!(security["capabilities"]["add"].is_null());
                let mut ports = container["ports"].as_array().unwrap().iter();
                assert!(is_server || ports.all(|port| port["hostPort"].is_null()));
            }
        }
    }
    assert!(looked >= examples().len());
}

/// Renders into a folder beside the configuration.
fn render_into(config: &Path, folder: &Path) -> crate::program::Ended {
    let words = ["render", "--output-dir", folder.to_str().unwrap(), "--config", config.to_str().unwrap()];
    homelab(&words).run()
}

/// Every file below a folder, by its path.
fn files_of(folder: &Path) -> std::collections::BTreeMap<String, String> {
    let (mut found, mut open) = (std::collections::BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, std::fs::read_to_string(&path).unwrap());
                }
            }
        }
    }
    found
}

/// An example that uses a cert-manager which is there: its folder needs no manifest of upstream's.
#[test]
fn the_folder_for_git_is_as_its_golden_one() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/examples/own-acme");
    let (config, golden) = (example.join("homelab.yaml"), example.join("gitops"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let ended = render_into(&config, &golden);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("gitops");
    let ended = render_into(&config, &folder);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let (rendered, wanted) = (files_of(&folder), files_of(&golden));
    let names =
        |files: &std::collections::BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rendered), names(&wanted), "`UPDATE_GOLDEN=1 cargo test golden` accepts it");
    for (name, text) in &rendered {
        assert!(*text == wanted[name], "{name} differs; `UPDATE_GOLDEN=1 cargo test golden` accepts it");
    }
    assert!(rendered.len() > 20);
}

#[test]
fn rendering_into_a_folder_again_changes_nothing_and_a_removed_service_loses_its_files() {
    let place = tempfile::tempdir().unwrap();
    let (config, folder) = (place.path().join("homelab.yaml"), place.path().join("gitops"));
    let base = format!("{}certManager: {{ manage: false }}\n", crate::program::MINIMAL);
    std::fs::write(&config, format!("{base}services: {{ nas: {{ url: 'http://192.168.1.5' }} }}\n")).unwrap();
    let first = render_into(&config, &folder);
    assert!(first.code == 0 && first.stdout.contains("README.md"), "{}{}", first.stdout, first.stderr);
    let before = files_of(&folder);
    assert!(before.contains_key("3-names/services/ingress_homelab_nas.yaml"), "{:#?}", before.keys());
    let second = render_into(&config, &folder);
    assert!(second.stdout.contains("nothing to do"), "{}", second.stdout);
    assert_eq!(files_of(&folder), before);
    let is_object = |path: &&String| path.ends_with(".yaml") && !path.ends_with("kustomization.yaml");
    let objects = before.keys().filter(is_object).count();
    assert!(second.stdout.contains(&format!("({objects} objects)")), "{}", second.stdout);

    std::fs::write(&config, base).unwrap();
    let json = homelab(&[
        "render",
        "--output",
        "json",
        "--output-dir",
        folder.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ])
    .run();
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let removed = document["removed"].to_string();
    for kind in
        ["3-names/services/ingress", "2-programs/services/service", "2-programs/services/endpointslice"]
    {
        assert!(removed.contains(&format!("{kind}_homelab_nas.yaml")), "{removed}");
    }
    assert!(!files_of(&folder).keys().any(|path| path.contains("_nas")));
}

#[test]
fn rendering_into_a_folder_with_a_file_of_others_says_so_and_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (config, folder) = (place.path().join("homelab.yaml"), place.path().join("gitops"));
    std::fs::write(&config, format!("{}certManager: {{ manage: false }}\n", crate::program::MINIMAL))
        .unwrap();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("kustomization.yaml"), "theirs").unwrap();
    let ended = render_into(&config, &folder);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for part in ["`kustomization.yaml`: homelab did not write it", "nothing was written", "hint:"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert_eq!(files_of(&folder), [("kustomization.yaml".to_owned(), "theirs".to_owned())].into());
}

#[test]
fn a_program_on_a_node_is_refused_for_a_folder_before_anything_is_fetched() {
    let more = "services: { films: { local: 8096 } }\n";
    let ended = homelab(&["render", "--output-dir", "gitops", "--config", "homelab.yaml"])
        .file("homelab.yaml", &format!("{}{more}", crate::program::MINIMAL))
        .run();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("`services.films.local` cannot be written into files"), "{}", ended.stderr);
}
