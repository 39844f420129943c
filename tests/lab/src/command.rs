//! Running a program to its end: its output, or an error that says what it said.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Context, Error, Result, bail};

const LIMIT: Duration = Duration::from_secs(120);
const STEP: Duration = Duration::from_millis(5);

/// What a program left behind, whether it succeeded or not.
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program that has to succeed, and gives its standard output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    run_within(command, LIMIT)
}

/// The same with another deadline.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<String> {
    let output = output_within(command, limit)?;
    if !output.status.success() {
        let said = if output.stderr.trim().is_empty() { &output.stdout } else { &output.stderr };
        bail!("{} failed ({}): {}", describe(command), output.status, tail(said, 15));
    }
    Ok(output.stdout)
}

/// Runs a program and gives what it left, also when it failed.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    output_within(command, LIMIT)
}

pub(crate) fn output_within(command: &mut Command, limit: Duration) -> Result<Output> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(format_args!("starting {}", describe(command)))?;
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().context(format_args!("running {}", describe(command)))? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).context("ending a program that took too long")?;
            bail!("{} did not end within {} s", describe(command), limit.as_secs());
        }
        thread::sleep(STEP);
    };
    Ok(Output { status, stdout: join(stdout)?, stderr: join(stderr)? })
}

/// Runs a program with the terminal's own streams.
pub(crate) fn run_in_terminal(command: &mut Command) -> Result<ExitStatus> {
    command.status().context(format_args!("starting {}", describe(command)))
}

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<std::io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map(|_| bytes)
    })
}

fn join(reader: Option<thread::JoinHandle<std::io::Result<Vec<u8>>>>) -> Result<String> {
    let Some(reader) = reader else { return Ok(String::new()) };
    let bytes = reader.join().map_err(|_| Error::new("reading a program's output"))?;
    Ok(String::from_utf8_lossy(&bytes.context("reading a program's output")?).into_owned())
}

/// The program and its arguments, shortened, without what the lab put in front to enter a vantage point.
pub(crate) fn describe(command: &Command) -> String {
    let mut words: Vec<_> = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    if let Some(end) = words.iter().position(|word| word == "--").filter(|_| enters(&words[0])) {
        words.drain(..=end);
    }
    let line = words.join(" ");
    if line.chars().count() > 200 { line.chars().take(200).chain("...".chars()).collect() } else { line }
}

/// Whether a program only leads to the place where another runs.
fn enters(program: &str) -> bool {
    ["nsenter", "unshare"].contains(&program)
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
