//! Known flaws of the program in a controller's image, and the versions that have their fixes.

use std::fmt;

/// A version of the program: `1.27.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads the three numbers with which a text begins.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text.get(..end)?.split('.').map(|number| number.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }

    /// Whether both are of one branch, which gets its own fixes.
    fn is_beside(self, other: Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// An entry of a controller's settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Whether the controller takes that value where the entry is missing.
    pub is_default: bool,
}

impl Setting {
    /// Whether it is so, with what the entry says.
    #[must_use]
    pub fn holds(self, said: Option<&str>) -> bool {
        said.map_or(self.is_default, |value| value == self.value)
    }
}

/// A flaw that has a number.
#[derive(Debug)]
pub struct Flaw {
    /// For example `CVE-2026-42945`.
    pub id: &'static str,
    /// When it was published: `2026-05-13`.
    pub published: &'static str,
    /// The first version of each branch that has the fix.
    pub fixed: &'static [Version],
    /// The setting of the controller that keeps it away.
    pub away_by: Option<Setting>,
}

impl Flaw {
    /// Whether a version lacks the fix. A branch that began after all of those that got it has it from the start.
    #[must_use]
    pub fn is_in(&self, version: Version) -> bool {
        let of_branch = self.fixed.iter().find(|fixed| fixed.is_beside(version));
        of_branch.or_else(|| self.fixed.iter().max()).is_some_and(|fixed| version < *fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAW: Flaw = Flaw {
        id: "CVE-2026-42945",
        published: "2026-05-13",
        fixed: &[Version(1, 30, 1), Version(1, 31, 0)],
        away_by: None,
    };

    #[test]
    fn a_version_is_the_first_three_numbers() {
        assert_eq!(Version::parse("1.27.1"), Some(Version(1, 27, 1)));
        assert_eq!(
            Version::parse("1.31.10 (Debian)").map(|version| version.to_string()).as_deref(),
            Some("1.31.10")
        );
        for text in ["", "1.27", "v1.27.1", "1..1", "1.2.x"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn each_branch_has_its_own_first_version_with_the_fix() {
        for (version, is_in) in [
            ("1.27.1", true),
            ("1.28.9", true),
            ("1.30.0", true),
            ("1.30.1", false),
            ("1.30.12", false),
            ("1.31.0", false),
            ("1.32.0", false),
        ] {
            assert_eq!(FLAW.is_in(Version::parse(version).unwrap()), is_in, "{version}");
        }
    }
}
