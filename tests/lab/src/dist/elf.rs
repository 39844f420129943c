//! What a program asks of the machine that it runs on: libraries, and how new the C library must be.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::error::{Context, Result, bail};

/// The C library of Debian 12 (bookworm), the oldest that the packages are for.
const GLIBC_AT_MOST: (u32, u32) = (2, 36);

/// Libraries by the names that programs have for them, and the Debian packages that bring them.
const C_LIBRARY: [&str; 4] = ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];
const GCC_LIBRARY: &str = "libgcc_s.so.1";

#[derive(Debug, PartialEq)]
struct Needs {
    libraries: BTreeSet<String>,
    glibc: (u32, u32),
}

/// What `Depends` must say of a program.
pub(super) fn depends(program: &Path) -> Result<Vec<String>> {
    let text = run(Command::new("readelf").args(["--wide", "--dynamic", "--version-info"]).arg(program))
        .context("readelf is in the package binutils")?;
    packages(&needs(&text)?)
}

fn needs(text: &str) -> Result<Needs> {
    let libraries = text
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .map(str::to_owned)
        .collect();
    let versions = text.split_whitespace().filter_map(|word| word.strip_prefix("GLIBC_"));
    let mut glibc = None;
    for version in versions {
        let mut numbers = version.split('.').map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            bail!("GLIBC_{version} is no version that other machines have");
        };
        glibc = glibc.max(Some((major, minor)));
    }
    Ok(Needs {
        libraries,
        glibc: glibc.context("the program asks for no C library: it is static, or was not read")?,
    })
}

fn packages(needs: &Needs) -> Result<Vec<String>> {
    let (major, minor) = needs.glibc;
    if needs.glibc > GLIBC_AT_MOST {
        bail!("the program needs glibc {major}.{minor}, Debian 12 has 2.36: build it on Debian 12");
    }
    let mut packages = vec![format!("libc6 (>= {major}.{minor})")];
    for library in needs.libraries.iter().map(String::as_str).filter(|name| !C_LIBRARY.contains(name)) {
        match library {
            GCC_LIBRARY => packages.push("libgcc-s1".to_owned()),
            other => bail!("the program needs {other}, and this does not know the Debian package of it"),
        }
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "  0x0000000000000001 (NEEDED)   Shared library: [libgcc_s.so.1]\n  \
        0x0000000000000001 (NEEDED)   Shared library: [libc.so.6]\n  \
        0x0010:   Name: GCC_3.0  Flags: none  Version: 4\n  0x0050:   Name: GLIBC_2.9  Flags: none  Version: 6\n  \
        0x0060:   Name: GLIBC_2.34  Flags: none  Version: 6\n  0x0070:   Name: GLIBC_2.2.5  Flags: none\n";

    fn of(text: &str) -> Result<Vec<String>> {
        packages(&needs(text)?)
    }

    #[test]
    fn the_newest_symbol_decides_by_number() -> Result<()> {
        assert_eq!(of(TEXT)?, ["libc6 (>= 2.34)", "libgcc-s1"]);
        Ok(())
    }

    #[test]
    fn what_bookworm_does_not_have_is_an_error() {
        for (old, new) in
            [("2.34", "2.37"), ("2.34", "PRIVATE"), ("libgcc_s.so.1", "libssl.so.3"), ("GLIBC_", "musl_")]
        {
            assert!(of(&TEXT.replace(old, new)).is_err(), "{new}");
        }
    }
}
