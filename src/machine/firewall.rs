//! Whether loading the machine's firewall rules removes the rules of others, k3s' host ports among them.
//!
//! NixOS writes the rules into the store and names the file in the unit; where `networking.nftables.flushRuleset` is on,
//! that file, or one that it includes, has the line `flush ruleset`. Debian's `/etc/nftables.conf` has the same line.

use super::text;

/// Units that load rules, where they are in use.
const UNITS: [&str; 2] =
    ["/etc/systemd/system/nftables.service", "/etc/systemd/system/sysinit.target.wants/nftables.service"];

/// The file of rules that begins by removing everybody's.
pub(super) fn flushes() -> Option<String> {
    let unit = UNITS.iter().find_map(text)?;
    let flushes = |file: &String| text(file).is_some_and(|rules| is_flush(&rules));
    let loaded = files(&unit);
    let included = loaded.iter().filter_map(text).flat_map(|rules| includes(&rules)).collect::<Vec<_>>();
    loaded.into_iter().chain(included).find(flushes)
}

/// The files that rules include by their whole path.
fn includes(rules: &str) -> Vec<String> {
    let named = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("include "))
        .map(|rest| rest.trim_matches('"'));
    named.filter(|file| file.starts_with('/')).map(str::to_owned).collect()
}

/// The files that the unit loads.
fn files(unit: &str) -> Vec<String> {
    let starts =
        unit.lines().filter(|line| line.starts_with("ExecStart=") || line.starts_with("ExecReload="));
    let words = starts.flat_map(|line| line.split(['=', ' ', '"'])).filter(|word| word.starts_with('/'));
    let rules = words.filter(|word| word.contains("nftables-rules") || word.ends_with("nftables.conf"));
    rules.map(str::to_owned).collect()
}

fn is_flush(rules: &str) -> bool {
    rules.lines().any(|line| line.trim() == "flush ruleset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_unit_loads_are_those_of_its_start() {
        let nixos = "[Service]\nExecStart=/nix/store/a-ensure-deletions\nExecStart=/nix/store/b-nftables-rules\nExecStop=/nix/store/c-cleanup";
        assert_eq!(files(nixos), ["/nix/store/b-nftables-rules"]);
        assert_eq!(includes("# x\ninclude \"/nix/store/d-deletions\"\n"), ["/nix/store/d-deletions"]);
        assert_eq!(files("ExecStart=/usr/sbin/nft -f /etc/nftables.conf"), ["/etc/nftables.conf"]);
    }

    #[test]
    fn only_a_line_of_its_own_removes_all_rules() {
        assert!(is_flush("#!/usr/sbin/nft -f\n\nflush ruleset\n"));
        assert!(!is_flush("# flush ruleset\ntable inet filter {}\n"));
    }
}
