//! cargo, started by a program that cargo itself has started.

use std::ffi::OsString;
use std::process::Command;

/// The cargo that runs the lab.
pub(crate) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A cargo that knows nothing of the one that runs the lab.
pub(crate) fn command() -> Command {
    let mut cargo = Command::new(program());
    forget(&mut cargo);
    cargo
}

/// Takes away what `cargo run` told the lab of itself: build scripts that ask for it (ring's, say, that of 0.17) would run again,
/// and all that needs them would be compiled again, each time that cargo is called from here after it was called by hand.
pub(crate) fn forget(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
}

/// As the Cargo Book has them, "Environment variables Cargo sets for crates".
fn is_of_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_the_package_is_forgotten() {
        for (name, is) in [
            ("CARGO_PKG_NAME", true),
            ("CARGO_MANIFEST_DIR", true),
            ("CARGO_MANIFEST_PATH", true),
            ("CARGO_HOME", false),
            ("CARGO_TARGET_DIR", false),
            ("CARGO_NET_OFFLINE", false),
        ] {
            assert_eq!(is_of_package(name), is, "{name}");
        }
    }
}
