//! The address that the lab has on the internet.

use std::net::{IpAddr, Ipv4Addr};

use crate::checks::engine::{Finding, Outcome};
use crate::checks::public::FROM_INSIDE;
use crate::evidence::PublicSeen;
use crate::facts::address::{is_private, is_shared};

const START: &str = "sudo systemctl enable --now homelab-addresses.timer";

/// Whether it is the lab's alone, as far as that can be seen.
pub(super) fn is_own(public: &PublicSeen) -> Outcome {
    let seen: Vec<(&str, Ipv4Addr)> =
        public.seen.iter().filter_map(|one| Some((one.url.as_str(), *one.address.as_ref().ok()?))).collect();
    let Some((by, address)) = seen.first().copied() else {
        let whys = public
            .seen
            .iter()
            .filter_map(|one| Some(format!("{}: {}", one.url, one.address.as_ref().err()?)));
        return Outcome::unknown(format!("nobody says it: {}", whys.collect::<Vec<_>>().join("; ")));
    };
    if is_private(&IpAddr::V4(address)) {
        return shared(format!("{by} sees this machine at {address}"), address).into();
    }
    if let Some((url, other)) = seen.iter().find(|(_, other)| *other != address) {
        return Finding::new(
            format!("{by} sees this machine at {address}, and {url} at {other}"),
            "requests leave the house by several ways: two lines, a VPN, or a provider who shares its addresses",
            "set `public.target` to the address at which your router forwards port 443; if your provider shares its addresses, ask for one of your own, or use `public: tunnel`",
        )
        .into();
    }
    match public.router {
        Some(router) if is_private(&IpAddr::V4(router)) => {
            shared(format!("the internet sees this lab at {address}, but the router has {router}"), router)
                .into()
        }
        Some(router) if router != address => Finding::new(
            format!("the internet sees this machine at {address}, but the router has {router}"),
            "this machine leaves the house by another way than through that router: a VPN, or a second line",
            format!("set `public.target: {router}` if that is the router which forwards port 443"),
        )
        .into(),
        Some(_) => Outcome::pass(format!("{address}, which the router has itself")),
        None => Outcome::pass(format!(
            "{address}, by all that were asked; the router does not say which address it has, so compare it with the one on its page"
        )),
    }
}

fn shared(summary: String, address: Ipv4Addr) -> Finding {
    let cause = if is_shared(address) {
        "the address is of 100.64.0.0/10: your provider shares its public addresses among customers (carrier-grade NAT), so nobody from outside reaches your router; or this is the address of a VPN"
    } else {
        "the address is private: your router is behind another one, whose public address is shared or not forwarded"
    };
    Finding::new(
        summary,
        cause,
        "ask your provider for a public IPv4 address; if there is a second router, forward port 443 on it, too; or use `public: tunnel` for the service, which needs no public address",
    )
}

/// Whether the record leads there.
pub(super) fn is_led_to(public: &PublicSeen) -> Outcome {
    let Some(target) = &public.target else {
        return Outcome::unknown("where the record leads could not be read");
    };
    let Some(now) = public.addresses().next() else {
        return Outcome::unknown("nobody says at which address the internet sees the lab");
    };
    if target.is_empty() {
        return Finding::new(
            "the public record leads nowhere yet",
            "nobody has found out the lab's address, so the public names have no record",
            "find it out; it says what is in the way",
        )
        .command("homelab addresses")
        .command(START)
        .heals_soon()
        .into();
    }
    let Ok(address) = target.parse::<IpAddr>() else {
        return Outcome::skip(format!("the record leads to the name `{target}`, which somebody else keeps"));
    };
    if address == IpAddr::V4(now) {
        return Outcome::pass(format!("{address}; {FROM_INSIDE}"));
    }
    let summary = format!("the public record leads to {address}, but the internet sees this lab at {now}");
    if public.follows {
        return Finding::new(
            summary,
            "the address has changed, and homelab-addresses.timer has not followed it yet, or does not run",
            "let the record follow it, and start the timer on the first server",
        )
        .command("homelab addresses")
        .command(START)
        .heals_soon()
        .into();
    }
    Finding::new(
        summary,
        "`public.target` is an address that the lab does not have now",
        "set `public.target: auto`, with which the record follows the address, or write the new one; then run `homelab up`",
    )
    .nixos("services.homelab.settings.public.target = \"auto\";")
    .into()
}
