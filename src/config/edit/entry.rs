//! One entry of `services`, as YAML and as Nix.

/// A service to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEntry {
    /// Its key.
    pub name: String,
    /// What it says, in this order.
    pub settings: Vec<(&'static str, Setting)>,
}

/// One value of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A port, or how many of something.
    Number(u16),
    /// Yes or no.
    Flag(bool),
    /// Settings of their own.
    Section(Vec<(&'static str, Setting)>),
}

impl Setting {
    fn yaml(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Section(settings) => {
                let all: Vec<String> =
                    settings.iter().map(|(key, setting)| format!("{key}: {}", setting.yaml())).collect();
                format!("{{ {} }}", all.join(", "))
            }
        }
    }

    fn nix(&self) -> String {
        match self {
            Self::Text(text) => nix(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Section(settings) => {
                let all: Vec<String> =
                    settings.iter().map(|(key, setting)| format!("{key} = {};", setting.nix())).collect();
                format!("{{ {} }}", all.join(" "))
            }
        }
    }
}

impl ServiceEntry {
    /// `photos: { service: immich/immich-server, port: 2283 }`.
    #[must_use]
    pub fn yaml(&self) -> String {
        format!("{}: {}", scalar(&self.name), Setting::Section(self.settings.clone()).yaml())
    }

    /// `services.homelab.services.photos = { service = "immich/immich-server"; port = 2283; };`.
    #[must_use]
    pub fn nix(&self) -> String {
        format!("{} = {};\n", nix_service(&self.name), Setting::Section(self.settings.clone()).nix())
    }
}

/// A text of YAML, in double quotes where it needs them: JSON's texts are YAML's (YAML 1.2.2, 1.2).
#[must_use]
pub fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "./_@+-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    match begins && text.chars().all(plain) && !is_word(text) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// Words that are no text without quotes, here or in a reader of YAML 1.1.
fn is_word(text: &str) -> bool {
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str())
}

/// A string of Nix (Nix manual, "String literal").
#[must_use]
pub fn nix(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    format!("\"{escaped}\"")
}

/// The name of an attribute, in quotes where it is no identifier (Nix manual, "Identifiers" and "Keywords").
fn attribute(name: &str) -> String {
    const KEYWORDS: [&str; 10] =
        ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c));
    if is_plain && !KEYWORDS.contains(&name) { name.to_owned() } else { nix(name) }
}

/// The name of an attribute below `services.homelab.services`.
#[must_use]
pub fn nix_service(name: &str) -> String {
    format!("services.homelab.services.{}", attribute(name))
}
