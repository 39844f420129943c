//! Runs a program that the user named, with a text on its standard input.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::Provider;

/// Leads to files with secrets of homelab's own. What it runs for others does not see it, nor the variables of the providers.
/// That runs as the same user all the same, and may read what that user may.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Runs `command`, the program first, and waits for it. What it prints goes to stderr, since stdout is the answer.
///
/// # Errors
/// When it cannot be started, does not end in time (it is killed then), or fails; in words.
pub async fn run_with_input(command: &[String], input: &str, within: Duration) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("there is no program to run".to_owned());
    };
    let mut child =
        prepared(program, arguments).spawn().map_err(|error| format!("cannot run `{program}`: {error}"))?;
    let run = async {
        if let Some(mut stdin) = child.stdin.take() {
            // Who does not read has a reason of its own.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        child.wait().await
    };
    match timeout(within, run).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("`{program}` failed: {status}")),
        Ok(Err(error)) => Err(format!("`{program}`: {error}")),
        Err(_) => Err(format!("`{program}` did not finish within {} s", within.as_secs())),
    }
}

fn prepared(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(std::io::stderr()).kill_on_drop(true);
    without_secrets(command.as_std_mut());
    command
}

/// Takes the variables out of its environment that lead to secrets.
pub(in crate::machine) fn without_secrets(command: &mut std::process::Command) {
    let secrets =
        Provider::credentials().flat_map(|credential| credential.variables.iter().chain(credential.others));
    for name in secrets.chain([&CREDENTIALS]) {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_sees_neither_tokens_nor_where_credentials_lie() {
        let command = prepared("env", &[]);
        let removed: Vec<_> =
            command.as_std().get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in
            ["CREDENTIALS_DIRECTORY", "CLOUDFLARE_API_TOKEN", "CF_API_TOKEN", "PAPER_NAME", "PAPER_PAPERS"]
        {
            assert!(removed.iter().any(|removed| *removed == name), "{name}");
        }
    }

    async fn run(script: &str, within: Duration) -> Result<(), String> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        run_with_input(&command, "hello", within).await
    }

    #[tokio::test]
    async fn a_program_reads_its_input_and_its_failure_is_told() {
        let long = Duration::from_secs(10);
        assert_eq!(run("test \"$(cat)\" = hello", long).await, Ok(()));
        assert!(run("exit 3", long).await.unwrap_err().contains("exit status: 3"));
        assert!(run_with_input(&["/nowhere".to_owned()], "", long).await.unwrap_err().contains("cannot run"));
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_not_waited_for() {
        let error = run("sleep 60", Duration::from_millis(100)).await.unwrap_err();
        assert!(error.contains("did not finish"), "{error}");
    }
}
