//! dhcpcd, which takes over every link that it is not told to leave alone, those of pods too.
//!
//! NixOS writes its configuration into the store and names it in the unit; elsewhere it is `/etc/dhcpcd.conf`. Patterns are
//! those of fnmatch(3), by spaces or commas apart (dhcpcd.conf(5), `denyinterfaces`, `allowinterfaces`).

use crate::evidence::DhcpcdSeen;
use crate::machine::text;

const UNIT: &str = "/etc/systemd/system/dhcpcd.service";
const FILE: &str = "/etc/dhcpcd.conf";

/// Its process, if one runs, and what its configuration leaves to others.
pub(super) fn running() -> Option<DhcpcdSeen> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let arguments = numbers
        .filter(|number| text(format!("/proc/{number}/comm")).is_some_and(|name| name.trim() == "dhcpcd"))
        .find_map(|number| text(format!("/proc/{number}/cmdline")))?;
    let words: Vec<&str> = arguments.split(['\0', ' ']).filter(|word| !word.is_empty()).collect();
    let unit = text(UNIT).unwrap_or_default();
    let named = config(words.iter().copied()).or_else(|| config(unit.split_whitespace()));
    let file = named.unwrap_or_else(|| FILE.to_owned());
    let lines = text(&file);
    Some(seen(file, lines.as_deref()))
}

/// The file that `--config` or `-f` names.
fn config<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<&str> = words.collect();
    let apart = words.windows(2).find(|pair| matches!(pair[0], "--config" | "-f")).map(|pair| pair[1]);
    let file = apart.or_else(|| words.iter().find_map(|word| word.strip_prefix("--config=")))?;
    Some(file.to_owned()).filter(|file| file.starts_with('/'))
}

fn seen(file: String, lines: Option<&str>) -> DhcpcdSeen {
    let patterns = |key: &str| {
        let lines = lines.unwrap_or_default().lines().map(str::trim);
        let values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix([' ', '\t']));
        let values = values.flat_map(|value| value.split([' ', '\t', ',']));
        values.filter(|pattern| !pattern.is_empty()).map(str::to_owned).collect()
    };
    DhcpcdSeen {
        read: lines.is_some(),
        file,
        denies: patterns("denyinterfaces"),
        allows: patterns("allowinterfaces"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_the_one_that_its_start_names() {
        let nixos = "ExecStart=/nix/store/a-dhcpcd/sbin/dhcpcd --quiet --config /nix/store/b-dhcpcd.conf";
        assert_eq!(config(nixos.split_whitespace()).as_deref(), Some("/nix/store/b-dhcpcd.conf"));
        assert_eq!(config(["dhcpcd", "--config=/a"].into_iter()).as_deref(), Some("/a"));
        assert_eq!(config(["dhcpcd:", "[manager]", "[ip4]"].into_iter()), None);
    }

    #[test]
    fn what_it_leaves_to_others_is_read_however_it_is_written() {
        let text = "# denyinterfaces x\nhostname\ndenyinterfaces veth* docker0,cni*\n\tdenyinterfaces flannel*\nallowinterfacesx y\n";
        let seen = seen("/f".into(), Some(text));
        assert_eq!(seen.denies, ["veth*", "docker0", "cni*", "flannel*"]);
        assert!(seen.allows.is_empty() && seen.read);
    }
}
