//! Ctrl-C between the change of a file and `up`.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::program::{Ended, homelab, kubeconfig};

const TOKEN: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";
const PATIENCE: Duration = Duration::from_secs(60);
/// A port on which nobody listens, as a URL.
const NOBODY: &str = "http://[fe80::1]:9";

/// Runs the command and interrupts it as soon as `file` is no longer `before`. Until then it waits for its token: that is read
/// first when `up` begins, from a pipe into which the test writes it afterwards.
fn interrupted_behind_the_change(folder: &Path, before: &str, words: &[&str]) -> Ended {
    // Whatever is asked of a cluster or of the internet is asked of one who never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    std::fs::write(folder.join("kubeconfig"), kubeconfig(&address.to_string())).unwrap();
    let pipe = folder.join("token");
    let _ = std::fs::remove_file(&pipe);
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (config, kubeconfig) = (folder.join("homelab.yaml"), folder.join("kubeconfig"));
    let flags = ["--yes", "--insecure-api-server", "--config", config.to_str().unwrap()];
    let words = [words, &flags[..], &["--kubeconfig", kubeconfig.to_str().unwrap()]].concat();
    let running = homelab(&words).env("HTTPS_PROXY", format!("http://{address}")).start();
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_to_string(&config).unwrap() == before {
        assert!(Instant::now() < deadline, "the file does not change");
        std::thread::sleep(Duration::from_millis(1));
    }
    running.interrupt();
    // Opening it waits for somebody who reads; a command that has ended before does not.
    std::thread::spawn(move || {
        let pipe = File::options().write(true).open(pipe);
        pipe.and_then(|mut pipe| pipe.write_all(TOKEN.as_bytes()))
    });
    running.end()
}

#[test]
fn an_interruption_behind_the_change_of_the_file_says_what_is_written_and_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let before = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: {} }}\n\
         certManager: {{ manage: false }}\nservices:\n",
        token.display()
    );
    let file = folder.path().join("homelab.yaml");
    std::fs::write(&file, &before).unwrap();
    let words = ["expose", "tv", "--url", NOBODY];
    let ended = interrupted_behind_the_change(folder.path(), &before, &words);
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    for part in
        ["the entry is written", "has `tv` now", " up` to go on with it", " unexpose tv` to take it back"]
    {
        assert!(ended.stderr.contains(part), "`{part}` is missing in:\n{}", ended.stderr);
    }
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("  tv: { url: "), "{written}");
    let ended = interrupted_behind_the_change(folder.path(), &written, &["unexpose", "tv"]);
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    for part in ["the entry is removed", "has `tv` no more", " up` to remove what"] {
        assert!(ended.stderr.contains(part), "`{part}` is missing in:\n{}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
