//! `homelab status --watch`, in a pipe.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{MINIMAL, homelab};

#[test]
fn it_prints_again_only_when_something_changed_and_ctrl_c_ends_it() {
    let flags = ["--config", "homelab.yaml", "--kubeconfig", "none.yaml", "--offline"];
    let arguments = [&["status", "--watch", "--interval", "2s", "--quiet"][..], &flags].concat();
    let (folder, mut child) = homelab(&arguments).file("homelab.yaml", MINIMAL).start_into_files();
    let printed = || std::fs::read_to_string(folder.path().join("stdout")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(90);
    let wait_for = |name: &str| {
        while !printed().contains(name) {
            let said = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
            assert!(Instant::now() < deadline, "`{name}` does not come:\n{}{said}", printed());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for("whoami.home.example.com");
    // Time for one more look, at the least.
    std::thread::sleep(Duration::from_secs(4));
    let more = format!("{MINIMAL}services: {{ nas: {{ url: 'http://10.0.0.2' }} }}\n");
    std::fs::write(folder.path().join("homelab.yaml"), more).unwrap();
    wait_for("nas.home.example.com");
    std::fs::write(folder.path().join("homelab.yaml"), "domain: 1\n").unwrap();
    wait_for("the configuration has");
    assert!(child.try_wait().unwrap().is_none(), "a slip in the file must not end it");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let printed = printed();
    assert_eq!(printed.lines().filter(|line| line.starts_with("20")).count(), 3, "{printed}");
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
}

#[test]
fn a_pause_that_is_too_short_and_a_format_without_an_end_are_refused() {
    let refused = |arguments: &[&str], said: &str| {
        let ended = homelab(arguments).file("homelab.yaml", MINIMAL).run();
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    };
    refused(&["status", "--watch", "--interval", "1s"], "at least 2s");
    refused(&["status", "--interval", "5s"], "--watch");
    refused(&["status", "--watch", "--output", "json"], "no other output format");
    refused(&["status", "--watch", "--output", "short"], "no other output format");
}
