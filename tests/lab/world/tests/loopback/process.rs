//! How the program starts and ends.

use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, launch};

fn ends(program: &mut Program) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if let Some(status) = program.child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the program did not end");
}

#[test]
fn sigterm_ends_the_program_at_once() {
    let mut program = Program::start();
    let killed = Command::new("kill").arg(program.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(ends(&mut program), Some(0));
}

#[tokio::test]
async fn the_control_api_answers_before_it_ends_the_program() {
    let mut program = Program::start();
    let answer = program.control("POST", "/shutdown", Value::Null).await;
    assert_eq!(answer, json!({ "shutdown": true }));
    assert_eq!(ends(&mut program), Some(0));
}

/// Runs a program that cannot start: its exit code and what it says.
fn failure(config: &Value) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let mut child = launch(folder.path(), config);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.9.9:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = failure(&json!({ "control": address }));
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("cannot listen on {address} (control)")), "{said}");
}

#[test]
fn a_broken_configuration_is_an_error_with_its_place() {
    let (code, said) = failure(&json!({ "resolver": [] }));
    assert!(code == Some(1) && said.contains("unknown field `resolver`"), "{said}");
    let (code, said) = failure(&json!({ "api": ["127.0.9.9:0"] }));
    assert!(code == Some(1) && said.contains("`tls` is not"), "{said}");
}
