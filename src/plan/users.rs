//! The users of a service, as its Secret keeps them: a line `NAME:HASH` for each, as `htpasswd` writes them.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::desired::meta::inventory_labels;
use crate::desired::object::Key;
use crate::plan::ownership::is_applied;

/// The key of the Secret that ingress controllers read (ingress-nginx v1.15.1, internal/ingress/annotations/auth/main.go,
/// `dumpSecretAuthFile`; Traefik 3.7, its ingress-nginx provider).
pub const FILE: &str = "auth";

/// Those who may open a service, with the hashes of their passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users(BTreeMap<String, String>);

/// Why a Secret is not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Somebody else made it.
    Foreign,
    /// What it holds is no text.
    NoText,
}

impl Users {
    /// Those of the Secret that is there; nobody where there is none.
    ///
    /// # Errors
    /// When homelab did not write it, or it holds something else.
    pub fn of(live: Option<&Value>) -> Result<Self, Unusable> {
        let Some(live) = live else { return Ok(Self::default()) };
        if !is_applied(live) {
            return Err(Unusable::Foreign);
        }
        let text = match &live["data"][FILE] {
            Value::Null => String::new(),
            data => text(data).ok_or(Unusable::NoText)?,
        };
        let lines = text.lines().filter_map(|line| line.trim().split_once(':'));
        Ok(Self(lines.map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect()))
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Lets one in, with that hash of a password; whether he was let in before.
    pub fn add(&mut self, name: &str, hash: String) -> bool {
        self.0.insert(name.to_owned(), hash).is_some()
    }

    /// Does not let one in any more; whether he was.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// The Secret at `key` of the lab `owner`.
    #[must_use]
    pub fn body(&self, key: &Key, owner: &str) -> Value {
        let file: String = self.0.iter().map(|(name, hash)| format!("{name}:{hash}\n")).collect();
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "namespace": key.namespace,
                "name": key.name,
                "labels": inventory_labels(owner),
            },
            "data": { FILE: ByteString(file.into_bytes()) },
        })
    }
}

fn text(data: &Value) -> Option<String> {
    let bytes: ByteString = serde_json::from_value(data.clone()).ok()?;
    String::from_utf8(bytes.0).ok()
}

/// What a name may be: it ends at a colon in the file and in the header (RFC 7617, section 2).
///
/// # Errors
/// Says what is wrong with it.
pub fn is_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("it is empty"),
        name if name.len() > 64 => Err("it is longer than 64 characters"),
        name if name.contains(':') => Err("it has a colon, at which the name ends"),
        name if !name.chars().all(|c| c.is_ascii_graphic()) => {
            Err("it has a space, or a character that browsers send in different ways")
        }
        name if name.starts_with('#') => Err("a line that begins with `#` is a comment"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::kind;

    fn live(manager: &str, file: &[u8]) -> Value {
        let entry = json!({ "manager": manager, "operation": "Apply" });
        json!({ "metadata": { "managedFields": [entry] }, "data": { FILE: ByteString(file.to_vec()) } })
    }

    #[test]
    fn users_come_and_go_one_by_one() {
        let mut users = Users::of(Some(&live("homelab", b"ada:$2b$a\nbob:$2b$b\n"))).unwrap();
        assert!(users.add("ada", "$2b$c".to_owned()), "she has a new password");
        assert!(!users.add("eve", "$2b$d".to_owned()));
        assert!(users.remove("bob") && !users.remove("bob"));
        assert_eq!(users.names().collect::<Vec<_>>(), ["ada", "eve"]);
        let key = Key { kind: &kind::SECRET, namespace: Some("homelab".into()), name: "nas-users".into() };
        let body = users.body(&key, "me");
        assert_eq!(text(&body["data"][FILE]).as_deref(), Some("ada:$2b$c\neve:$2b$d\n"));
        assert_eq!(body["metadata"]["labels"]["app.kubernetes.io/instance"], "me");
    }

    #[test]
    fn a_secret_of_somebody_else_is_not_touched() {
        let by_hand = live("kubectl-client-side-apply", b"ada:x");
        assert_eq!(Users::of(Some(&by_hand)).err(), Some(Unusable::Foreign));
        let copied = json!({ "metadata": { "labels": inventory_labels("me") }, "data": {} });
        assert_eq!(Users::of(Some(&copied)).err(), Some(Unusable::Foreign), "labels are copied");
        assert_eq!(Users::of(Some(&live("homelab", &[0xff]))).err(), Some(Unusable::NoText));
        assert_eq!(Users::of(None).unwrap(), Users::default());
    }

    #[test]
    fn a_name_that_would_write_a_second_line_is_none() {
        for bad in ["", "a:b", "a b", "a\nb", "ä", "#a", &"a".repeat(65)] {
            assert!(is_name(bad).is_err(), "{bad:?}");
        }
        assert!(is_name("ada.l@example.com").is_ok());
    }
}
