use crate::program::{MINIMAL, homelab};

/// What `up` says about a token file, before it talks to anything.
fn up_with(token: Option<&str>) -> (i32, String) {
    let program = homelab(&["up"]).file("homelab.yaml", MINIMAL);
    let program = match token {
        Some(token) => program.file("token", token),
        None => program,
    };
    let ended = program.run();
    (ended.code, ended.stderr)
}

#[test]
fn a_missing_token_file_is_named() {
    let (code, stderr) = up_with(None);
    assert_eq!(code, 2);
    assert!(stderr.contains("cannot read the API token from `token`"), "{stderr}");
}

#[test]
fn a_token_of_a_bad_shape_is_refused_with_its_own_hint_and_never_shown() {
    for (token, part) in [
        ("", "is empty"),
        ("Bearer abcdefgh12345", "begins with `Bearer `"),
        ("\"abcdefgh12345\"", "has quotes"),
        ("abcdefgh12345 6789", "white space"),
        ("0123456789abcdef0123456789abcdef01234", "Global API Key"),
    ] {
        let (code, stderr) = up_with(Some(token));
        assert_eq!(code, 2);
        assert!(stderr.contains(part), "{stderr}");
        assert!(token.is_empty() || !stderr.contains(token), "the token was printed");
    }
}

#[test]
fn a_credential_of_systemd_comes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dns-token"), "\"quoted\"").unwrap();
    let ended =
        homelab(&["up"]).file("homelab.yaml", MINIMAL).env("CREDENTIALS_DIRECTORY", folder.path()).run();
    assert!(ended.stderr.contains("dns-token"), "{}", ended.stderr);
}

#[test]
fn a_missing_cluster_is_said_with_the_places_that_were_looked_at() {
    let ended = homelab(&["up"])
        .file("homelab.yaml", MINIMAL)
        .file("token", "0123456789012345678901234567890123456789")
        .env("KUBECONFIG", "nowhere.yaml")
        .run();
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("cannot read the kubeconfig `nowhere.yaml`"), "{}", ended.stderr);
}
