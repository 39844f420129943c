//! The index of a backup: public facts only, and the same text as long as nothing changed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Facts, is_name};

/// By this the file is known as the index of a backup.
const MADE_BY: &str = "homelab backup";
const SCHEMA: u32 = 1;

/// What lies in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    schema_version: u32,
    made_by: String,
    /// The owner id of the lab.
    pub lab: String,
    /// Who can open the files.
    pub sealed_for: SealedFor,
    /// One for each file, sorted by it.
    pub entries: Vec<Entry>,
}

/// Who can open the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealedFor {
    /// Who has the identity of one of these age recipients.
    Recipients(BTreeSet<String>),
    /// Who knows the passphrase.
    Passphrase,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is in it.
    #[serde(flatten)]
    pub facts: Facts,
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub file_sha256: String,
}

impl Entry {
    /// The entry of a file that is sealed.
    #[must_use]
    pub fn new(facts: Facts, file_sha256: String) -> Self {
        Self { file: facts.file(), facts, file_sha256 }
    }
}

impl Index {
    /// An index of these files.
    #[must_use]
    pub fn new(lab: &str, sealed_for: SealedFor, mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| a.file.cmp(&b.file));
        Self { schema_version: SCHEMA, made_by: MADE_BY.to_owned(), lab: lab.to_owned(), sealed_for, entries }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        // Facts, texts and numbers: there is nothing in it that cannot be written.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// In words, when it is no index of a backup that this homelab knows.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
            made_by: String,
        }
        let head: Head = serde_json::from_str(text).map_err(|_| "`homelab backup` did not write it")?;
        if head.made_by != MADE_BY {
            return Err("`homelab backup` did not write it".to_owned());
        }
        if head.schema_version != SCHEMA {
            return Err(format!("a newer homelab wrote it (version {} of the index)", head.schema_version));
        }
        let index: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut files = BTreeSet::new();
        for entry in &index.entries {
            let Facts { namespace, secret, .. } = &entry.facts;
            let is_usable = is_name(namespace) && !namespace.contains('.') && is_name(secret);
            if !is_usable || entry.file != entry.facts.file() || !files.insert(&entry.file) {
                return Err(format!("the entry of `{}` does not fit the rest", entry.file));
            }
        }
        Ok(index)
    }
}
