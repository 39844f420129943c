//! Names that the cluster's own DNS gives to pods.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::evidence::Lookup;

/// What the pods of CoreDNS say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InsideSeen {
    /// How many names and zones pods are given.
    pub names: usize,
    /// The answers; `None` where this machine is no node, and reaches no pod.
    pub asked: Option<Vec<InsideLookup>>,
}

/// A name, and what belongs there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InsideName {
    /// The whole name.
    pub name: String,
    /// What belongs there.
    pub answer: InsideAnswer,
}

/// What belongs at a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum InsideAnswer {
    /// These addresses, sorted, and no others.
    Addresses(Vec<IpAddr>),
    /// This text, which stands for everything else that was configured.
    Text(String),
    /// The start of the zone with this serial, which stands for its content.
    Serial(u32),
    /// The start of the zone as one of these servers of the house has it, or its word that there is none.
    FromHouse(Vec<SocketAddr>),
}

/// One question to one pod of CoreDNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InsideLookup {
    /// The pod.
    pub pod: String,
    /// What was asked for.
    pub wanted: InsideName,
    /// What it said at its own address.
    pub lookup: Lookup,
}
