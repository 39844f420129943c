//! How a file changes, line by line.

use std::path::Path;

use crate::config::edit::Edited;
use crate::outside::Shown;
use crate::ui::colors::{BOLD, GREEN, RED};

/// The lines that go and come, below the file and the line where they stand.
#[must_use]
pub fn edited(path: &Path, change: &Edited) -> Shown {
    let path = Shown::line(&path.display().to_string());
    let mut text = shown!("{}{}, line {}{:#}\n", BOLD, path, change.line, BOLD);
    for (sign, style, lines) in [("-", RED, &change.removed), ("+", GREEN, &change.added)] {
        for line in lines {
            text.push(shown!("  {}{}{:#} {}\n", style, sign, style, Shown::line(line)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_with_its_place_and_its_lines() {
        let change = Edited {
            text: String::new(),
            line: 7,
            removed: vec!["services: {}".to_owned()],
            added: vec!["services: { a: {} }\u{1b}[2J".to_owned()],
        };
        let told = edited(Path::new("homelab.yaml"), &change);
        assert_eq!(
            anstream::adapter::strip_str(told.as_str()).to_string(),
            "homelab.yaml, line 7\n  - services: {}\n  + services: { a: {} }[2J\n"
        );
    }
}
