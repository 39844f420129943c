//! Which settings k3s needs for homelab on this machine. Pure.
//!
//! The NixOS module gives k3s the same as flags (modules/k3s.nix); a test compares the two.

use std::net::{IpAddr, Ipv4Addr};

use crate::facts::address::is_private;
use crate::facts::links::Link;
use crate::machine::k3s_config::Here;

/// k3s deletes what is disabled (k3s documentation, "Managing Packaged Components").
const BUNDLED: [&str; 2] = ["traefik", "servicelb"];
/// From this minor version of k3s 1 on there is one more, which clashes with whoever else installs these definitions.
const GATEWAY: (&str, u32) = ("gateway-api-crd", 37);
/// One key of k3s' configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    pub(crate) values: Vec<String>,
    /// Why it is there, as comments.
    why: String,
    /// Whether it takes several values, or the last one of them.
    pub(crate) is_list: bool,
}

impl Setting {
    fn list(key: &'static str, values: Vec<String>, why: &str) -> Self {
        Self { key, values, why: why.to_owned(), is_list: true }
    }

    /// The lines of the file, with the reason above them.
    pub(crate) fn commented(&self) -> String {
        let why: String = self.why.lines().map(|line| format!("# {line}\n")).collect();
        format!("{why}{}", self.lines(&self.values))
    }

    /// The lines of the file with these values.
    pub(crate) fn lines(&self, values: &[String]) -> String {
        match values {
            [value] if !self.is_list => format!("{}: {}\n", self.key, scalar(value)),
            _ => {
                let items: String = values.iter().map(|value| format!("  - {}\n", scalar(value))).collect();
                format!("{}:\n{items}", self.key)
            }
        }
    }
}

/// Names and addresses need no quotes; what else somebody wrote gets some.
fn scalar(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    let is_word = value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.chars().all(plain);
    let is_address = value.parse::<Ipv4Addr>().is_ok();
    match is_address || (is_word && !["true", "false", "null", "yes", "no", "on", "off"].contains(&value)) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', "''")),
    }
}

/// What the user adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// More names for the API's certificate.
    pub(crate) names: Vec<String>,
    /// The address of the node.
    pub(crate) address: Option<IpAddr>,
    /// Whether k3s keeps what it brings for an ingress: the configuration uses a controller that is there already.
    pub(crate) keeps_bundled: bool,
}

/// The settings, and what could not be settled.
pub(crate) fn settings(here: &Here, wishes: &Wishes) -> (Vec<Setting>, Option<String>) {
    let mut found = Vec::new();
    if !wishes.keeps_bundled {
        let why = "homelab's own ingress takes ports 80 and 443. k3s removes what is disabled. The same on every server.";
        found.push(Setting::list("disable", disabled(here), why));
    }
    let names = names(here, wishes);
    if !names.is_empty() {
        let why = "The names under which other machines may call the Kubernetes API; k3s adds its addresses itself.";
        found.push(Setting::list("tls-san", names, why));
    }
    let (address, unsure) = address(here, wishes);
    found.extend(address);
    (found, unsure)
}

fn disabled(here: &Here) -> Vec<String> {
    let (name, minor) = GATEWAY;
    let installed =
        here.version.as_deref().and_then(|version| version.strip_prefix("v1.")?.split('.').next());
    let has_gateway = installed.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|m| m >= minor);
    BUNDLED.into_iter().chain(has_gateway.then_some(name)).map(str::to_owned).collect()
}

fn names(here: &Here, wishes: &Wishes) -> Vec<String> {
    let own = [here.hostname.as_deref(), here.full_name.as_deref()].into_iter().flatten();
    let is_name = |name: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        !name.is_empty() && name != "localhost" && name.chars().all(good)
    };
    let own = own.filter(|name| is_name(name)).map(str::to_ascii_lowercase);
    let mut names: Vec<String> = Vec::new();
    for name in own.chain(wishes.names.iter().cloned()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// k3s takes the address of the default route's link. In two networks that is the wrong one sooner or later: after a
/// start in which the other link was faster, or while a VPN is up.
fn address(here: &Here, wishes: &Wishes) -> (Option<Setting>, Option<String>) {
    let pinned = |address: IpAddr, why: String| Setting {
        key: "node-ip",
        values: vec![address.to_string()],
        why,
        is_list: false,
    };
    let reserve = "Reserve it in your router, or set it on this machine: k3s does not start without it.";
    if let Some(address) = wishes.address {
        return (Some(pinned(address, format!("The address of this node. {reserve}"))), None);
    }
    let networks: Vec<_> = here
        .linked
        .iter()
        .filter(|linked| linked.address.is_ipv4() && is_private(&linked.address))
        .filter(|linked| !matches!(Link::of(&linked.interface), Link::Cluster | Link::Guests))
        .collect();
    if networks.len() < 2 {
        return (None, None);
    }
    let all: Vec<String> =
        networks.iter().map(|linked| format!("{} on {}", linked.address, linked.interface)).collect();
    let all = all.join(", ");
    let lan: Vec<_> = networks.iter().filter(|linked| Link::of(&linked.interface) != Link::Tunnel).collect();
    let outward = lan.iter().find(|linked| Some(linked.address) == here.outward);
    let chosen = outward.or(match lan.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    match chosen {
        Some(linked) => {
            let why = format!(
                "This machine has several addresses ({all}), and k3s would take\n\
                 another one when its default route changes. {reserve}"
            );
            (Some(pinned(linked.address, why)), None)
        }
        None => (
            None,
            Some(format!(
                "this machine has several addresses ({all}): name the one of your LAN with `--node-ip`"
            )),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Linked;

    fn here(linked: &[(&str, &str)], outward: &str) -> Here {
        let linked = linked
            .iter()
            .map(|(interface, address)| Linked {
                interface: (*interface).to_owned(),
                address: address.parse().unwrap(),
            })
            .collect();
        Here {
            hostname: Some("node1".into()),
            full_name: Some("node1.lan".into()),
            linked,
            outward: outward.parse().ok(),
            ..Here::default()
        }
    }

    /// The key `node-ip`, if it is set.
    fn node_ip(here: &Here) -> Option<String> {
        let (settings, _) = settings(here, &Wishes::default());
        settings.into_iter().find(|setting| setting.key == "node-ip").map(|setting| setting.values.concat())
    }

    #[test]
    fn one_network_needs_no_address() {
        assert_eq!(node_ip(&here(&[("eth0", "192.168.1.10")], "192.168.1.10")), None);
        let inner =
            [("eth0", "192.168.1.10"), ("cni0", "10.42.0.1"), ("docker0", "172.17.0.1"), ("eth0", "fd00::5")];
        assert_eq!(node_ip(&here(&inner, "192.168.1.10")), None, "bridges of containers are no networks");
    }

    #[test]
    fn of_two_networks_the_one_of_the_default_route_is_pinned() {
        let both = [("eth0", "192.168.1.10"), ("wlan0", "192.168.2.7")];
        assert_eq!(node_ip(&here(&both, "192.168.2.7")).as_deref(), Some("192.168.2.7"));
    }

    #[test]
    fn the_address_of_a_vpn_is_never_pinned() {
        let vpn = [("eth0", "192.168.1.10"), ("wg0", "10.8.0.2")];
        assert_eq!(node_ip(&here(&vpn, "10.8.0.2")).as_deref(), Some("192.168.1.10"));
    }

    #[test]
    fn what_cannot_be_told_is_asked_for() {
        let vpn = [("eth0", "192.168.1.10"), ("eth1", "192.168.2.7"), ("wg0", "10.8.0.2")];
        let (found, unsure) = settings(&here(&vpn, "10.8.0.2"), &Wishes::default());
        assert!(found.iter().all(|setting| setting.key != "node-ip"));
        assert!(unsure.unwrap().contains("192.168.1.10 on eth0, 192.168.2.7 on eth1, 10.8.0.2 on wg0"));
        let wishes = Wishes { address: "192.168.2.7".parse().ok(), ..Wishes::default() };
        let (found, unsure) = settings(&here(&vpn, "10.8.0.2"), &wishes);
        assert!(found.last().unwrap().commented().ends_with("node-ip: 192.168.2.7\n") && unsure.is_none());
    }

    #[test]
    fn definitions_of_the_gateway_api_are_left_out_where_k3s_has_them() {
        let of = |version: &str| disabled(&Here { version: Some(version.into()), ..Here::default() }).len();
        assert_eq!((of("v1.36.3+k3s1"), of("v1.37.0+k3s1"), of("dev")), (2, 3, 2));
    }

    #[test]
    fn the_nixos_module_gives_k3s_the_same() {
        let golden = include_str!("../../tests/nixos/eval/golden/minimal.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let flags: Vec<&str> =
            golden["k3s"]["flags"].as_array().unwrap().iter().filter_map(|f| f.as_str()).collect();
        let (settings, _) = settings(&here(&[("eth0", "192.168.1.10")], "192.168.1.10"), &Wishes::default());
        let mut ours: Vec<String> = settings
            .iter()
            .flat_map(|setting| setting.values.iter().map(move |value| format!("--{}={value}", setting.key)))
            .collect();
        ours.sort();
        assert_eq!(ours, flags);
    }

    #[test]
    fn with_a_controller_that_is_there_already_k3s_keeps_its_own() {
        let wishes = Wishes { keeps_bundled: true, ..Wishes::default() };
        let (settings, _) = settings(&here(&[("eth0", "192.168.1.10")], "192.168.1.10"), &wishes);
        assert!(settings.iter().all(|setting| setting.key != "disable"));
        assert!(settings.iter().any(|setting| setting.key == "tls-san"));
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        assert_eq!(scalar("node1.lan"), "node1.lan");
        for odd in ["true", "1e3", "a: b", "*x", "it's", ""] {
            let text = format!("k: {}\n", scalar(odd));
            assert_eq!(crate::config::entries(&text).unwrap()[0].values, [odd], "{text}");
        }
    }
}
