//! `manifests/pins.toml`: every image and every upstream file, by version and digest.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// Container images.
    pub images: Vec<Image>,
    /// Files that are fetched, never committed.
    pub upstream: Vec<Upstream>,
}

/// One container image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Its key below `images` in the configuration.
    pub name: String,
    /// Registry and repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// The digest of the index, if it is known.
    pub digest: Option<String>,
    /// Where tag and digest were read.
    pub source: String,
    /// The address of what the project says of a release; `{version}` stands for the tag without what follows a `-`.
    notes: String,
}

/// One file of an upstream release.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Its component.
    pub name: String,
    /// The release.
    pub version: String,
    /// Where it lies.
    pub url: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where the hash was read.
    pub source: String,
    /// The address of what the project says of a release; `{version}` stands for the version.
    notes: String,
}

static PINS: LazyLock<Pins> =
    LazyLock::new(|| toml::from_str(include_str!("../../manifests/pins.toml")).unwrap_or_default());

/// The pins that this program was built with.
pub fn pins() -> &'static Pins {
    &PINS
}

impl Pins {
    /// The reference of the image `name`: the configuration's, or the pinned one by tag and digest.
    pub fn image(&self, name: &str, overrides: &BTreeMap<String, String>) -> String {
        if let Some(reference) = overrides.get(name) {
            return reference.clone();
        }
        self.pinned(name).map_or_else(String::new, Image::reference)
    }

    /// The pinned image `name`, whatever the configuration has in its place.
    pub fn pinned(&self, name: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.name == name)
    }

    /// The upstream file of `component`.
    pub fn upstream(&self, component: &str) -> Option<&Upstream> {
        self.upstream.iter().find(|file| file.name == component)
    }
}

impl Image {
    /// The whole reference: by tag and, if it is known, by digest.
    pub fn reference(&self) -> String {
        let digest = self.digest.as_ref().map_or_else(String::new, |digest| format!("@{digest}"));
        format!("{}:{}{digest}", self.repository, self.tag)
    }

    /// Where the project says what is new in the pinned release.
    pub fn notes(&self) -> String {
        notes(&self.notes, &self.tag)
    }
}

impl Upstream {
    /// Where the project says what is new in the pinned release.
    pub fn notes(&self) -> String {
        notes(&self.notes, &self.version)
    }
}

fn notes(address: &str, tag: &str) -> String {
    address.replace("{version}", tag.split('-').next().unwrap_or(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pins_parse_and_every_digest_and_hash_has_its_length() {
        let pins: Pins = toml::from_str(include_str!("../../manifests/pins.toml")).unwrap();
        assert!(!pins.images.is_empty() && !pins.upstream.is_empty());
        assert!(pins.upstream.iter().all(|u| u.sha256.len() == 64 && u.url.starts_with("https://")));
        for digest in pins.images.iter().filter_map(|i| i.digest.as_ref()) {
            assert_eq!(digest.strip_prefix("sha256:").map(str::len), Some(64), "{digest}");
        }
    }

    #[test]
    fn every_pin_has_the_address_of_its_release_notes() {
        let images = pins().images.iter().map(|image| (image.notes(), image.tag.as_str()));
        let files = pins().upstream.iter().map(|file| (file.notes(), file.version.as_str()));
        for (address, tag) in images.chain(files) {
            let version = tag.split('-').next().unwrap();
            assert!(address.starts_with("https://") && address.ends_with(version), "{address}");
        }
    }

    #[test]
    fn an_override_replaces_the_whole_reference() {
        let overrides = BTreeMap::from([("whoami".to_owned(), "registry.lan/whoami:1".to_owned())]);
        assert_eq!(pins().image("whoami", &overrides), "registry.lan/whoami:1");
    }
}
