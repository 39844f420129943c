//! One verb, one file.

mod addresses;
mod backup;
mod ca;
mod cert;
mod challenges;
mod close_tunnel;
mod cluster_names;
mod completions;
mod confirm;
mod converge;
mod data;
mod deployed;
mod diff;
mod doctor;
mod down;
mod downgrade;
mod egress;
mod expose;
mod homes;
mod house;
mod init;
mod inside;
mod interruption;
mod k3s_config;
mod kubeconfig;
mod leave;
mod left_zones;
mod manifest;
mod nodes;
mod open;
mod open_challenges;
mod organisations;
mod own;
mod own_class;
mod page_name;
mod planned;
mod protect;
mod prove;
mod prune;
mod public_address;
mod refused;
mod render;
mod renew;
mod restore;
mod schema;
mod skipped;
mod status;
mod strangers;
mod switching;
mod tunnel;
mod up;
mod upgrade;
mod wildcard;
mod zone;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{Cli, Command, Global};
use crate::commands::house::house;
use crate::commands::interruption::{UP_GOES_ON, or_interrupted};
use crate::commands::refused::Words;
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Mode, Output, Ui};

/// Runs a command to its end and says how it ended. The one place where errors become exit codes.
pub fn run(cli: Cli) -> Exit {
    let global = &cli.global;
    let ui = Ui::new(global.output, global.color, global.quiet, global.no_progress);
    let ended = match runtime() {
        Ok(runtime) => {
            let ended = runtime.block_on(Box::pin(until_interrupted(&cli, ui)));
            // A request that is still under way must not hold the exit.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            let error = house(global).error(error);
            if ui.output == Output::Json {
                ui::document(error_document(&error));
            }
            ui::print_error(&error);
            error.exit
        }
    }
}

/// Tells what is wrong with a command line, or the help or the version that it asks for, and says how that ends. With
/// `--output json` what is wrong is a document, too.
pub fn refuse(error: clap::Error, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words = Words::of(arguments);
    let error = refused::with_nearest_flag(error, &words);
    let _ = error.print();
    if error.use_stderr() && words.ask_for_json() {
        ui::document(error_document(&refused::error(&error.render().to_string())));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8))
}

async fn until_interrupted(cli: &Cli, ui: Ui) -> Result<Exit> {
    let work = dispatch(cli, ui);
    match &cli.command {
        // Whoever is asked a question ends the program at once by Ctrl-C; `down` and `upgrade` say what they have done until then.
        Command::Init(_)
        | Command::Expose(_)
        | Command::Unexpose(_)
        | Command::Protect(_)
        | Command::Down(_)
        | Command::Upgrade(_) => work.await,
        Command::Up(_) => or_interrupted(work, Some(UP_GOES_ON)).await,
        _ => or_interrupted(work, None).await,
    }
}

async fn dispatch(cli: &Cli, ui: Ui) -> Result<Exit> {
    if matches!(ui.output, Output::Short | Output::Junit) && !cli.command.reports() {
        return Err(Error::usage(
            "only reports (`up`, `status`, `doctor`) have the formats `short` and `junit`",
        )
        .hint("use `--output text` or `--output json` here"));
    }
    let has_metrics = matches!(cli.command, Command::Doctor(_)) && cli.command.reports();
    if ui.output == Output::Prometheus && !has_metrics {
        return Err(Error::usage("only `homelab doctor` has the format `prometheus`"));
    }
    if cli.command.reads_configuration() {
        name_configuration(&cli.global, ui);
    }
    match &cli.command {
        Command::Up(flags) => up::up(&cli.global, flags, ui).await,
        Command::Diff(flags) => diff::diff(&cli.global, flags, ui).await,
        Command::Upgrade(flags) => upgrade::upgrade(&cli.global, flags, ui).await,
        Command::Addresses(flags) => addresses::addresses(&cli.global, flags, ui).await,
        Command::Down(flags) => down::down(&cli.global, flags, ui).await,
        Command::Init(flags) => init::init(&cli.global, flags, ui).await,
        Command::Expose(flags) => expose::expose(&cli.global, flags, ui).await,
        Command::Unexpose(flags) => expose::unexpose(&cli.global, flags, ui).await,
        Command::Protect(flags) => protect::protect(&cli.global, flags, ui).await,
        Command::Render(flags) => render::render(&cli.global, flags).await,
        Command::Doctor(flags) => doctor::doctor(&cli.global, flags, ui).await,
        Command::Renew(flags) => renew::renew(&cli.global, flags, ui).await,
        Command::Backup(flags) => backup::backup(&cli.global, flags, ui).await,
        Command::Restore(flags) => restore::restore(&cli.global, flags, ui).await,
        Command::Cert(flags) => cert::cert(&cli.global, flags, ui).await,
        Command::Ca(flags) => ca::ca(&cli.global, flags, ui).await,
        Command::Zone(flags) => zone::zone(&cli.global, flags, ui).await,
        Command::Status(flags) => status::status(&cli.global, flags, ui).await,
        Command::Kubeconfig(flags) => kubeconfig::kubeconfig(&cli.global, flags).await,
        Command::K3sConfig(flags) => k3s_config::k3s_config(&cli.global, flags, ui),
        Command::Open { name } => open::open(&cli.global, name, ui).await,
        Command::Schema { of } => schema::schema(*of),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Man { folder } => completions::man(folder),
    }
}

/// Says once which configuration is used: the one in this folder is found by chance.
fn name_configuration(global: &Global, ui: Ui) {
    if ui.mode == Mode::Quiet || ui.output == Output::Json {
        return;
    }
    if let Ok(path) = configuration::find(global.config.as_deref()) {
        ui::note_of("configuration: ", &Shown::line(&path.display().to_string()));
    }
}

/// One thread is enough: the work is waiting for answers.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::unfinished("cannot start").because(error))
}

fn error_document(error: &Error) -> serde_json::Value {
    serde_json::json!({
        "schema_version": 1,
        "error": { "what": error.what, "causes": error.causes, "hint": error.hint, "exit": error.exit as u8 },
    })
}
