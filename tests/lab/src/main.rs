//! `cargo lab`: the real components in network namespaces of their own, and homelab on them.

mod cgroup;
mod command;
mod debian;
mod error;
mod files;
mod image;
mod manifest;
mod network;
mod parts;
mod paths;
mod pki;
mod process;
mod vantage;
mod wait;

fn main() -> std::process::ExitCode {
    match go() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn go() -> error::Result<()> {
    debian::check_root()?;
    debian::check_go()?;
    debian::install_missing()?;
    let cache = paths::Cache::find()?;
    let programs = parts::build(&cache)?;
    manifest::build(&cache, &programs)?;
    let ca = pki::Authority::open(&cache.ca(), "Lab CA")?;
    image::build(&cache, &programs, &ca)?;
    Ok(())
}
