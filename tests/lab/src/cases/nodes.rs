//! Two nodes, one that is lost, and one that comes back with another address.

use super::hands::{Hands, WHOAMI, eventually, expect};
use crate::cluster::Node;
use crate::error::Result;
use crate::vantage::Place;

/// Both nodes serve, stand in the Ingress status and in DNS.
pub(super) fn both_serve(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let nodes = hands.node_addresses()?;
    expect(nodes.len() == 2, format!("this lab has the nodes {nodes:?}"))?;
    let took = published(hands, &nodes)?;
    println!("      both in status and DNS after {took:.1} s");
    nodes.iter().try_for_each(|node| hands.expect_404(node))
}

/// Waits until the Ingress status, the records and the router's answer hold just these addresses.
pub(super) fn published(hands: &Hands, addresses: &[String]) -> Result<f64> {
    eventually(&format!("{addresses:?} in the Ingress status and in DNS"), 420, || {
        let status = hands.ingress_addresses("homelab", "whoami")?;
        let records = hands.contents("A", WHOAMI)?;
        let mut resolved = hands.dig(WHOAMI).unwrap_or_default();
        resolved.sort();
        let same = [&status, &records, &resolved].iter().all(|found| found.as_slice() == addresses);
        Ok(if same {
            Ok(())
        } else {
            Err(format!("status {status:?}, records {records:?}, router {resolved:?}"))
        })
    })
}

/// A node that is lost leaves status and DNS, unattended; it comes back the same way.
pub(super) fn a_lost_node_leaves(hands: &Hands) -> Result<()> {
    let both = hands.node_addresses()?;
    let lost = Node::find(&hands.run, Place::Node2)?;
    let gone = lost.address()?;
    lost.take_link_down()?;
    let left: Vec<String> = both.iter().filter(|address| **address != gone).cloned().collect();
    let took = published(hands, &left);
    lost.take_link_up()?;
    println!("      {gone} had left status and DNS after {:.0} s", took?);
    let took = published(hands, &both)?;
    println!("      and was back after {took:.0} s");
    Ok(())
}

/// A node comes back with another address, as from DHCP: status, record and certificate follow, unattended.
pub(super) fn a_node_changes_its_address(hands: &Hands) -> Result<()> {
    let before = hands.node_addresses()?;
    let node = Node::find(&hands.run, Place::Node)?;
    let old = node.address()?;
    let new = "10.99.0.12";
    node.change_address(new)?;
    let mut moved: Vec<String> =
        before.iter().filter(|a| **a != old).cloned().chain([new.to_owned()]).collect();
    moved.sort();
    let took = published(hands, &moved);
    let answer = hands.browse(WHOAMI);
    let again = hands.up();
    node.change_address(&old)?;
    println!("      {old} -> {new} in status and DNS after {:.0} s", took?);
    expect(answer?.0 == "200", "whoami does not answer at the new address")?;
    let again = again?;
    expect(again.status.success(), format!("{}{}", again.stdout, again.stderr))?;
    let took = published(hands, &before)?;
    println!("      and back after {took:.0} s");
    Ok(())
}
