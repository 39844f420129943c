//! Starts the program in an empty folder of its own, with nothing of the caller's environment.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub struct Program {
    folder: TempDir,
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

    /// Starts it, with what it prints in files of its folder: `stdout` and `stderr`.
    pub fn start_into_files(mut self) -> (TempDir, Child) {
        let file = |name: &str| File::create(self.folder.path().join(name)).unwrap();
        let child = self.command.stdout(file("stdout")).stderr(file("stderr")).spawn().unwrap();
        (self.folder, child)
    }

    pub fn run(mut self) -> Ended {
        let output = self.command.output().unwrap();
        let asks_for_json = self.command.get_args().any(|argument| argument == "json");
        let is_help = output.status.success() && self.command.get_args().any(|argument| argument == "--help");
        if asks_for_json && !is_help && !output.stdout.is_empty() {
            crate::schema::assert_is_published(&serde_json::from_slice(&output.stdout).unwrap());
        }
        ended(output)
    }

    /// Lets it run beside the test.
    pub fn start(mut self) -> Running {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { child: self.command.spawn().unwrap(), _folder: self.folder }
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    _folder: TempDir,
}

impl Running {
    /// What Ctrl-C sends.
    pub fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    pub fn end(self) -> Ended {
        ended(self.child.wait_with_output().unwrap())
    }
}

/// What a program that no signal has killed said.
fn ended(output: Output) -> Ended {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{}", output.status));
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A configuration that is whole.
pub const MINIMAL: &str =
    "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, tokenFile: token }\n";

/// The way to an API server that asks for no proof.
pub fn kubeconfig(address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{ name: a, context: {{ cluster: a, user: a }} }}]\n\
         clusters: [{{ name: a, cluster: {{ server: 'http://{address}' }} }}]\nusers: [{{ name: a, user: {{}} }}]\n"
    )
}
