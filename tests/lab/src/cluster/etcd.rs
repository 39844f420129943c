//! The members of etcd, asked over its own API in JSON (etcd documentation, "Why gRPC gateway").

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{Context, Result, bail};
use crate::vantage::Vantage;
use crate::wait;

const LIMIT: Duration = Duration::from_secs(60);

/// Asks the member that runs at this place.
pub(super) struct Etcd<'a>(pub(super) &'a Vantage);

impl Etcd<'_> {
    /// The address that each member is known by, with its name; one that has not started yet has none.
    pub(super) fn members(&self) -> Result<Vec<(String, String)>> {
        let words = |member: &Value, key: &str| member[key].as_str().unwrap_or_default().to_owned();
        let found = self.list()?;
        Ok(found.iter().map(|member| (words(member, "name"), peer(member))).collect())
    }

    /// Lets one more join, without a vote until it has caught up, as k3s has them join.
    pub(super) fn add(&self, peer: &str) -> Result<()> {
        when_settled(|| self.ask("add", &json!({ "peerURLs": [peer], "isLearner": true })))
    }

    /// Gives it a vote; refused until it has caught up.
    pub(super) fn promote(&self, peer: &str) -> Result<()> {
        self.ask("promote", &json!({ "ID": self.id(peer)? })).map(drop)
    }

    /// Takes one out; one that never joined is fine.
    pub(super) fn remove(&self, peer: &str) -> Result<()> {
        match self.id(peer) {
            Ok(id) => when_settled(|| self.ask("remove", &json!({ "ID": id }))),
            Err(_) => Ok(()),
        }
    }

    fn id(&self, wanted: &str) -> Result<Value> {
        let member = self.list()?.into_iter().find(|member| peer(member) == wanted);
        let mut member = member.context(format_args!("no member of etcd is at {wanted}"))?;
        Ok(member["ID"].take())
    }

    fn list(&self) -> Result<Vec<Value>> {
        let answer = self.ask("list", &json!({}))?;
        answer["members"].as_array().cloned().context("the members of etcd")
    }

    fn ask(&self, what: &str, body: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:2379/v3/cluster/member/{what}");
        let text = self.0.run("curl", &["-sS", "--max-time", "10", "-d", &body.to_string(), &url])?;
        let answer: Value = serde_json::from_str(&text).context("etcd's JSON")?;
        match answer["message"].as_str() {
            Some(message) => bail!("etcd refuses to {what} a member: {message}"),
            None => Ok(answer),
        }
    }
}

/// For some seconds after one has come or gone, etcd takes no further change ("unhealthy cluster").
fn when_settled(change: impl FnMut() -> Result<Value>) -> Result<()> {
    wait::until_ok("etcd to take a change of its members", LIMIT, change).map(drop)
}

fn peer(member: &Value) -> String {
    member["peerURLs"][0].as_str().unwrap_or_default().to_owned()
}
