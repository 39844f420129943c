//! Whether loading the machine's firewall rules removes the rules of others, k3s' host ports among them.
//!
//! NixOS writes the rules into the store and names the file in the unit; where `networking.nftables.flushRuleset` is on,
//! that file, or one that it includes, has the line `flush ruleset`. Debian's `/etc/nftables.conf` has the same line.

use crate::machine::text;

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

/// Where NixOS' other firewall, of iptables, is started.
const IPTABLES: &str = "/etc/systemd/system/firewall.service";
/// The chain by which homelab's NixOS module keeps 443 to some links, at a place before DNAT.
const GUARD: &str = "homelab-web";

/// The links on which port 443 answers, where homelab's NixOS module keeps it to some; `None` where nothing does, or nobody
/// may know.
pub(super) fn web_links() -> Option<Vec<String>> {
    let nftables = UNITS.iter().find_map(text).map(|unit| files(&unit)).unwrap_or_default();
    let included = nftables.iter().filter_map(text).flat_map(|rules| includes(&rules)).collect::<Vec<_>>();
    let by_nftables =
        nftables.into_iter().chain(included).filter_map(text).find_map(|rules| nft_links(&rules));
    by_nftables.or_else(|| {
        let unit = text(IPTABLES)?;
        let words = unit.split(['=', ' ', '"', '\n', '@']);
        words
            .filter(|word| word.contains("firewall-start"))
            .filter_map(text)
            .find_map(|script| iptables_links(&script))
    })
}

/// `tcp dport 443 iifname != { "lo", "enp1s0" } drop`
fn nft_links(rules: &str) -> Option<Vec<String>> {
    let rule =
        rules.lines().map(str::trim).find_map(|line| line.strip_prefix("tcp dport 443 iifname != {"))?;
    let links = rule.split('}').next()?.split(',').map(|link| link.trim().trim_matches('"').to_owned());
    Some(links.collect())
}

/// `ip46tables -t mangle -A homelab-web -p tcp --dport 443 -i enp1s0 -j RETURN`, and a last one that drops.
fn iptables_links(script: &str) -> Option<Vec<String>> {
    let lets_through = |line: &&str| line.contains(GUARD) && line.contains("--dport 443 ");
    let lines: Vec<&str> = script.lines().filter(lets_through).collect();
    lines.iter().find(|line| line.contains("-j DROP"))?;
    let link = |line: &&str| Some(line.split_once(" -i ")?.1.split(' ').next()?.to_owned());
    Some(lines.iter().filter_map(link).collect())
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
    fn the_links_of_the_guard_are_read_in_both_languages() {
        let nft = "chain prerouting {\n  tcp dport 443 iifname != { \"lo\", \"enp1s0\" } drop\n}";
        assert_eq!(nft_links(nft).unwrap(), ["lo", "enp1s0"]);
        let script = "ip46tables -t mangle -A homelab-web -p tcp --dport 80 -i wg0 -j RETURN\n\
            ip46tables -t mangle -A homelab-web -p tcp --dport 443 -i lo -j RETURN\n\
            ip46tables -t mangle -A homelab-web -p tcp --dport 443 -i enp1s0 -j RETURN\n\
            ip46tables -t mangle -A homelab-web -p tcp --dport 443 -j DROP\n";
        assert_eq!(iptables_links(script).unwrap(), ["lo", "enp1s0"]);
        assert_eq!((nft_links("flush ruleset"), iptables_links("ip46tables -F nixos-fw")), (None, None));
    }

    #[test]
    fn only_a_line_of_its_own_removes_all_rules() {
        assert!(is_flush("#!/usr/sbin/nft -f\n\nflush ruleset\n"));
        assert!(!is_flush("# flush ruleset\ntable inet filter {}\n"));
    }
}
