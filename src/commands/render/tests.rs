use std::collections::BTreeMap;

use super::*;
use crate::config;

const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\n";
const CLOUD: &str = "dns: { provider: cloudflare, tokenFile: \"/run/my secrets/token\" }\n";

/// Of cert-manager's manifest, one object for each folder.
fn upstream() -> Vec<Value> {
    let wide = |kind: &str, api: &str, name: &str| json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name } });
    let mut role = wide("Role", "rbac.authorization.k8s.io/v1", "cert-manager:leaderelection");
    role["metadata"]["namespace"] = "kube-system".into();
    vec![
        wide("Namespace", "v1", "cert-manager"),
        wide("CustomResourceDefinition", "apiextensions.k8s.io/v1", "certificates.cert-manager.io"),
        role,
    ]
}

fn rendered(more: &str) -> BTreeMap<String, String> {
    let config = config::parse(&format!("{BASE}{more}")).unwrap();
    folder::can_be_files(&config).unwrap();
    let (documents, inputs) = (upstream(), Inputs::default());
    let bundle = bundle(&config, &Inputs { cert_manager: Some(&documents), ..inputs });
    folder::files(&config, &bundle).unwrap()
}

fn object(files: &BTreeMap<String, String>, path: &str) -> Value {
    serde_yaml::from_str(files.get(path).unwrap_or_else(|| panic!("no {path}: {:#?}", files.keys()))).unwrap()
}

#[test]
fn every_object_has_one_file_that_the_kustomization_of_its_folder_lists() {
    let files = rendered(&format!("{CLOUD}services: {{ nas: {{ url: 'http://192.168.1.5' }} }}\n"));
    let top = object(&files, "kustomization.yaml");
    assert_eq!(top["resources"], json!(["1-foundation", "2-programs", "3-names"]));
    let mut listed = vec!["kustomization.yaml".to_owned(), "README.md".to_owned()];
    for stage in ["1-foundation", "2-programs", "3-names"] {
        listed.push(format!("{stage}/kustomization.yaml"));
        let all = object(&files, &format!("{stage}/kustomization.yaml"));
        listed.extend(
            all["resources"]
                .as_array()
                .unwrap()
                .iter()
                .map(|path| format!("{stage}/{}", path.as_str().unwrap())),
        );
    }
    listed.sort();
    let mut written: Vec<String> = files.keys().cloned().collect();
    written.sort();
    assert_eq!(listed, written);
    for path in [
        "1-foundation/cert-manager/customresourcedefinition_certificates.cert-manager.io.yaml",
        "2-programs/cert-manager/role_kube-system_cert-manager_leaderelection.yaml",
        "2-programs/services/endpointslice_homelab_nas.yaml",
        "3-names/issuer/clusterissuer_letsencrypt.yaml",
        "3-names/services/ingress_homelab_nas.yaml",
    ] {
        assert!(files.contains_key(path), "{path}: {:#?}", files.keys());
    }
}

#[test]
fn definitions_come_before_programs_and_these_before_what_their_webhooks_judge() {
    let files = rendered(CLOUD);
    for (path, text) in
        files.iter().filter(|(path, _)| path.contains('/') && !path.ends_with("kustomization.yaml"))
    {
        let object: Value = serde_yaml::from_str(text).unwrap();
        let wave = object["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"].as_str().unwrap();
        let wanted = match object["kind"].as_str().unwrap() {
            "Namespace" | "CustomResourceDefinition" | "PriorityClass" => "0",
            kind if kind.starts_with("ValidatingAdmissionPolicy") => "0",
            "ClusterIssuer" | "Certificate" | "Ingress" => "2",
            _ => "1",
        };
        assert_eq!(wave, wanted, "{path}");
        assert!(
            path.starts_with(["1", "2", "3"][wave.parse::<usize>().unwrap()]),
            "{path} has the wave {wave}"
        );
    }
}

#[test]
fn no_secret_is_in_a_file_and_the_commands_that_make_them_are() {
    let files = rendered(CLOUD);
    assert!(!files.values().any(|text| text.contains("\nkind: Secret\n")));
    let readme = &files["README.md"];
    for line in [
        "tr -d '\\n' < '/run/my secrets/token' | kubectl -n external-dns create secret generic homelab-dns-provider --from-file=token=/dev/stdin --from-literal=zone-id=ZONE_ID --from-literal=zone=ZONE\n",
        "tr -d '\\n' < '/run/my secrets/token' | kubectl -n cert-manager create secret generic homelab-dns-provider --from-file=token=/dev/stdin\n",
        "- `ZONE_ID`: the Cloudflare dashboard",
        "- `ZONE`: ",
    ] {
        assert!(readme.contains(line), "{line}\n{readme}");
    }
    let named = rendered("dns: { provider: cloudflare, zone: example.com }\n");
    assert!(named["README.md"].contains("--from-literal=zone=example.com\n"));
    assert!(
        named["README.md"].contains("- `TOKEN_FILE`: a file with the API token.")
            && !named["README.md"].contains("- `ZONE`")
    );
}

#[test]
fn every_secret_and_key_that_an_object_reads_is_made_by_a_command_or_by_cert_manager() {
    let files = rendered(CLOUD);
    let readme = &files["README.md"];
    let mut read = 0;
    for (path, text) in &files {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for at in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.ends_with("ecretKeyRef:") || line.ends_with("apiTokenSecretRef:"))
            .map(|(at, _)| at)
        {
            let value =
                |key: &str| lines[at + 1..=at + 2].iter().find_map(|line| line.strip_prefix(key)).unwrap();
            assert_eq!(value("name: "), "homelab-dns-provider", "{path}");
            let key = value("key: ");
            assert!(readme.contains(&format!("={key}=")), "{path} reads {key}, and no command writes it");
            read += 1;
        }
    }
    assert!(read >= 4, "only {read}");
}

#[test]
fn a_provider_of_two_credentials_and_one_of_none_have_their_own_commands() {
    let two = rendered("dns: { provider: paper, server: drawer.example.com, ttl: 300 }\n");
    assert!(two["README.md"].contains("kubectl -n external-dns create secret generic homelab-dns-provider --from-file=key=FILE_OF_KEY --from-file=name=FILE_OF_NAME\n"), "{}", two["README.md"]);
    let none = rendered("dns: { provider: slate, server: wall.example.com }\n");
    assert!(!none["README.md"].contains("create secret"), "{}", none["README.md"]);
}

#[test]
fn neither_flux_nor_argo_cd_deletes_data_or_what_others_have_in_a_namespace() {
    let files = rendered(&format!(
        "{CLOUD}services: {{ books: {{ image: 'ghcr.io/example/books:1', port: 80, data: /config }} }}\n"
    ));
    let annotation = |path: &str, key: &str| object(&files, path)["metadata"]["annotations"][key].clone();
    for path in [
        "1-foundation/services/namespace_homelab-books.yaml",
        "1-foundation/cert-manager/customresourcedefinition_certificates.cert-manager.io.yaml",
        "2-programs/services/persistentvolumeclaim_homelab-books_data.yaml",
    ] {
        assert_eq!(annotation(path, "kustomize.toolkit.fluxcd.io/prune"), "disabled", "{path}");
        assert_eq!(annotation(path, "argocd.argoproj.io/sync-options"), "Prune=false,Delete=false", "{path}");
    }
    let claim = "2-programs/services/persistentvolumeclaim_homelab-books_data.yaml";
    assert_eq!(annotation(claim, "kustomize.toolkit.fluxcd.io/ssa"), "IfNotPresent");
    assert!(
        annotation("3-names/services/ingress_homelab-books_books.yaml", "kustomize.toolkit.fluxcd.io/prune")
            .is_null()
    );
}

#[test]
fn a_tunnel_is_refused_since_only_the_provider_knows_its_id() {
    let text = "domain: example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\ningress: { controller: traefik }\n\
                services: { nas: { url: 'http://10.0.0.2', public: tunnel } }\n";
    let error = folder::can_be_files(&crate::config::parse(text).unwrap()).unwrap_err().to_string();
    assert!(error.contains("`services.nas.public: tunnel` cannot be written into files"), "{error}");
}

#[test]
fn a_program_on_a_node_is_refused_with_what_to_write_instead() {
    let config = config::parse(&format!("{BASE}{CLOUD}services: {{ films: {{ local: 8096 }} }}\n")).unwrap();
    let error = folder::can_be_files(&config).unwrap_err().to_string();
    assert!(
        error.contains("`services.films.local`") && error.contains("`url: \"http://ADDRESS:8096\"`"),
        "{error}"
    );
}

#[test]
fn what_has_to_be_there_before_is_named() {
    let files = rendered(&format!(
        "{CLOUD}services: {{ photos: {{ service: immich/server, port: 80 }}, nas: {{ url: 'http://192.168.1.5' }} }}\n"
    ));
    let readme = &files["README.md"];
    assert!(readme.contains("must exist before the objects in them are applied: `immich`."), "{readme}");
    assert!(readme.contains("the addresses of `nas` are in some"), "{readme}");
    assert!(!rendered(CLOUD)["README.md"].contains("EndpointSlice"));
}

#[test]
fn the_document_has_the_published_form() {
    let done = Done { written: vec!["a".into()], removed: vec!["b".into()], unchanged: 3 };
    ui::assert_is("rendered", &document(&done, Path::new("gitops")));
}
