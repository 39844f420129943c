//! Starts the program in an empty folder of its own, with nothing of the caller's environment.

use std::path::Path;
use std::process::Command;

pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub struct Program {
    folder: tempfile::TempDir,
    command: Command,
}

/// `homelab ARGUMENTS`.
pub fn homelab(arguments: &[&str]) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
    command.args(arguments).env_clear().current_dir(folder.path());
    Program { folder, command }
}

impl Program {
    pub fn file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    pub fn run(mut self) -> Ended {
        let output = self.command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A configuration that is whole.
pub const MINIMAL: &str =
    "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, tokenFile: token }\n";
