//! How long an address stays allowed after its name has left it: Cilium's own memory of names, on a clock of ours. docs/egress.md has
//! these numbers.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::cilium::asked;
use crate::cases::hands::expect;
use crate::error::Result;

const OLD: &str = "192.168.1.5";
const NEW: &str = "192.168.1.6";
/// Its record changes after it: the time to live of homelab's own names for pods.
const TTL: u32 = 30;
/// How often the agent looks through its connections at first, at least and at most.
const FIRST: u32 = 300;
const LEAST: u32 = 10;
const MOST: u32 = 12 * 3600;

/// What a pod does, and until when the old address and the new one are allowed.
struct Story {
    name: &'static str,
    looks: u32,
    /// When it gets the new address, after the old one at the start.
    again: &'static [u32],
    connected: &'static [(&'static str, u32, u32)],
    old: u32,
    new: u32,
}

const STORIES: [Story; 6] = [
    Story {
        name: "nothing is connected",
        looks: FIRST,
        again: &[100],
        connected: &[],
        old: 2 * FIRST,
        new: 2 * FIRST,
    },
    Story { name: "it looks often", looks: LEAST, again: &[100], connected: &[], old: 120, new: 240 },
    Story {
        name: "it looks seldom",
        looks: MOST,
        again: &[100],
        connected: &[],
        old: 2 * MOST,
        new: 2 * MOST,
    },
    Story {
        name: "a connection to the old address lives for 2000 s",
        looks: FIRST,
        again: &[100],
        connected: &[(OLD, 10, 2000)],
        old: 2100,
        new: 2100,
    },
    // One of its addresses keeps the whole name.
    Story {
        name: "a connection to the new address lives for 5000 s",
        looks: FIRST,
        again: &[100],
        connected: &[(NEW, 110, 5000)],
        old: 5100,
        new: 5100,
    },
    Story {
        name: "a connection to the new address lives, and its pod looks the name up again while it lasts",
        looks: FIRST,
        again: &[
            100, 120, 140, 160, 180, 200, 220, 240, 260, 280, 300, 320, 340, 360, 380, 400, 420, 440, 460,
            480, 500, 520, 540, 560, 580,
        ],
        connected: &[(NEW, 110, 700)],
        old: 2 * FIRST,
        new: 1200,
    },
];

/// From when on which addresses are allowed.
#[derive(Deserialize)]
struct Allowed {
    at: u32,
    addresses: Vec<String>,
}

pub(super) fn lasts_as_long_as_told(judge: &Path) -> Result<()> {
    let questions = Value::from_iter(STORIES.iter().map(question));
    let answers: Vec<Vec<Allowed>> = asked(judge, &["remembered".into(), questions.to_string().into()])?;
    for (story, answer) in STORIES.iter().zip(&answers) {
        let ends = |address: &str| {
            let last = answer.iter().rposition(|seen| seen.addresses.iter().any(|one| one == address));
            last.and_then(|last| answer.get(last + 1)).map(|seen| seen.at)
        };
        let told =
            |address| ends(address).map_or_else(|| "for ever".to_owned(), |at| format!("until {at} s"));
        println!("      {}: {OLD} {}, {NEW} {}", story.name, told(OLD), told(NEW));
        let is_so = (ends(OLD), ends(NEW)) == (Some(story.old), Some(story.new));
        expect(is_so, format!("not until {} s and {} s", story.old, story.new))?;
    }
    another_node(judge)
}

/// A pod of a node on which nobody has looked the name up before its record changed.
fn another_node(judge: &Path) -> Result<()> {
    let lookups = [lookup(100, NEW)];
    let question =
        json!([{ "ttl": TTL, "looks": FIRST, "until": 3600, "lookups": lookups, "connected": [] }]);
    let answers: Vec<Vec<Allowed>> = asked(judge, &["remembered".into(), question.to_string().into()])?;
    let old = answers.iter().flatten().any(|seen| seen.addresses.iter().any(|one| one == OLD));
    expect(!old && answers.len() == 1, "the old address is allowed where nobody got it")
}

fn question(story: &Story) -> Value {
    let lookups: Vec<Value> =
        [lookup(0, OLD)].into_iter().chain(story.again.iter().map(|at| lookup(*at, NEW))).collect();
    let connected: Vec<Value> = story
        .connected
        .iter()
        .map(|(to, at, until)| json!({ "pod": "a", "at": at, "until": until, "addresses": [to] }))
        .collect();
    let until = story.old.max(story.new) + 3600;
    json!({ "ttl": TTL, "looks": story.looks, "until": until, "lookups": lookups, "connected": connected })
}

fn lookup(at: u32, address: &str) -> Value {
    json!({ "pod": "a", "at": at, "addresses": [address] })
}
