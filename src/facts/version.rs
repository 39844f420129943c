//! Versions of three numbers.

use std::fmt;

use crate::facts::image;

/// A version: major, minor and patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64, u64, u64);

impl Version {
    /// Reads `v1.21.2`; what stands behind `-` or `+` is no number (a pre-release, a build, the base of an image) and is left
    /// out. `None` for anything else than three numbers.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = text.split(['-', '+']).next()?.splitn(3, '.').map(|number| number.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }

    /// The version that the tag of an image names.
    #[must_use]
    pub fn of_image(reference: &str) -> Option<Self> {
        Self::parse(image::tag(reference)?)
    }

    /// Whether both have the same major and minor version.
    #[must_use]
    pub fn is_same_minor(self, other: Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }

    /// The minor version behind this one, if it stands between this one and `later`: then going from one to the other skips it.
    /// Across a major version nobody knows which minor version is the last before it.
    #[must_use]
    pub fn skipped_before(self, later: Self) -> Option<String> {
        let next = self.1.saturating_add(1);
        (self.0 == later.0 && later.1 > next).then(|| format!("v{}.{next}", self.0))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers_with_what_may_stand_around_them() {
        for text in ["v1.30.5", "1.30.5", "1.30.5-alpine", "v1.30.5+build"] {
            assert_eq!(Version::parse(text), Some(Version(1, 30, 5)), "{text}");
        }
        for text in ["", "latest", "v1.30", "1.2.3.4", "sha-123"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_minor_version_is_skipped_only_if_it_lies_between() {
        let skipped = |from, to| Version::parse(from).unwrap().skipped_before(Version::parse(to).unwrap());
        assert_eq!(skipped("v1.19.3", "v1.21.2").as_deref(), Some("v1.20"));
        assert_eq!(skipped("v1.9.0", "v1.21.2").as_deref(), Some("v1.10"));
        for (from, to) in
            [("v1.20.9", "v1.21.2"), ("v1.21.2", "v1.21.9"), ("v1.22.0", "v1.21.2"), ("v1.21.0", "v2.3.0")]
        {
            assert_eq!(skipped(from, to), None, "{from} {to}");
        }
    }
}
