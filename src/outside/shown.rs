//! Text on its way out: the only kind that the exits of the program for people take.

use std::fmt;

use serde_json::Value;

use crate::outside;
use crate::outside::invisible::is_invisible;

/// Text that may be shown: cleaned text of others, text that is known when homelab is built, and what [`shown!`] makes of
/// those. There is no other way to make one.
///
/// ```
/// # use homelab::{outside::Shown, ui};
/// let name = String::from("a\u{1b}[2Jb");
/// ui::note(&Shown::line(&name));
/// ui::note(&"in order".into());
/// ```
/// Raw text compiles neither at an exit nor as a text of homelab's own:
/// ```compile_fail,E0308
/// homelab::ui::answer(&String::from("raw"));
/// ```
/// ```compile_fail,E0308
/// homelab::ui::note(&format!("{} is raw", "name"));
/// ```
/// ```compile_fail,E0597
/// # use homelab::outside::Shown;
/// let name = String::from("raw");
/// let shown = Shown::from(name.as_str());
/// ```
/// ```compile_fail,E0423
/// # use homelab::outside::Shown;
/// let shown = Shown(String::from("raw"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown(String);

/// What stands in a [`Shown`] as it is: nothing in it is of others, or it was cleaned.
pub trait Fit: fmt::Display {}

impl Fit for &'static str {}
impl Fit for Shown {}
impl Fit for usize {}
impl Fit for f64 {}
impl Fit for anstyle::Style {}
impl<T: Fit> Fit for &T {}

/// `format!` for a [`Shown`]: each `{}` takes what is [`Fit`], with the widths that `format!` knows. No names in the braces:
/// what stands there is not asked what it is.
macro_rules! shown {
    ($template:literal $(, $part:expr)* $(,)?) => {{
        const { assert!($crate::outside::shown::names_nothing($template), "no names in the braces") }
        $crate::outside::shown::of_parts(format_args!($template $(, $crate::outside::shown::fit(&$part))*))
    }};
}

/// The part as it is, where it may stand there. For [`shown!`].
pub(crate) fn fit<T: Fit>(part: &T) -> &T {
    part
}

/// For [`shown!`] alone, which asks each part whether it is fit.
pub(crate) fn of_parts(parts: fmt::Arguments<'_>) -> Shown {
    Shown(parts.to_string())
}

/// Whether no brace of the template names a variable. For [`shown!`].
pub(crate) const fn names_nothing(template: &str) -> bool {
    let text = template.as_bytes();
    let mut at = 0;
    while at + 1 < text.len() {
        if text[at] == b'{' {
            match text[at + 1] {
                b'{' => at += 1,
                b'}' | b':' => {}
                _ => return false,
            }
        }
        at += 1;
    }
    true
}

impl Shown {
    /// Text of others, on one line.
    #[must_use]
    pub fn line(text: &str) -> Self {
        Self(outside::line(text))
    }

    /// Text of others, its lines kept.
    #[must_use]
    pub fn lines(text: &str) -> Self {
        Self(outside::lines(text))
    }

    /// The same for a text that may have more characters than others.
    #[must_use]
    pub fn lines_up_to(text: &str, longest: usize) -> Self {
        Self(outside::lines_up_to(text, longest))
    }

    /// A document, each of its texts cleaned.
    #[must_use]
    pub fn json(mut document: Value) -> Self {
        outside::json(&mut document);
        Self(format!("{document:#}\n"))
    }

    /// Text of others as one code span of Markdown.
    #[must_use]
    pub fn code_span(text: &str) -> Self {
        Self(outside::code_span(text))
    }

    /// Several, with a text of homelab's own between them.
    #[must_use]
    pub fn join(parts: &[Self], between: &'static str) -> Self {
        Self(parts.iter().map(Self::as_str).collect::<Vec<_>>().join(between))
    }

    /// Appends.
    pub fn push(&mut self, part: impl Fit) {
        use fmt::Write as _;
        let _ = write!(self.0, "{part}");
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the space at its end.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        Self(self.0.trim_end().to_owned())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters it has, colours among them.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// Its lines, each by itself.
    pub fn each_line(&self) -> impl Iterator<Item = Self> {
        self.0.lines().map(|line| Self(line.to_owned()))
    }

    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = Self> {
        self.0.split_whitespace().map(|word| Self(word.to_owned()))
    }

    /// With `lead` before each line but the first.
    #[must_use]
    pub fn hanging(&self, lead: &'static str) -> Self {
        Self(self.0.replace('\n', &format!("\n{lead}")))
    }

    /// For the value of a label, between the double quotes, in the text format of Prometheus.
    #[must_use]
    pub fn label(&self) -> Self {
        Self(self.0.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
    }

    /// For an attribute or an element of XML. What XML 1.0 has no way to write at all is left out.
    #[must_use]
    pub fn xml(&self) -> Self {
        let mut escaped = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&apos;"),
                '\n' | '\t' => escaped.push(c),
                c if is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => escaped.push(c),
            }
        }
        Self(escaped)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&'static str> for Shown {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_or_left_out() {
        let raw = Shown("a<b> & \"c\"'\u{1b}[31m\u{0}\u{ffff}\n".to_owned());
        assert_eq!(raw.xml().as_str(), "a&lt;b&gt; &amp; &quot;c&quot;&apos;[31m\n");
    }

    #[test]
    fn parts_keep_their_widths_and_a_template_names_no_variable() {
        let width = 4;
        assert_eq!(shown!("{:<width$}|{}", "a", Shown::line("b\u{202e}")).as_str(), "a   |b");
        assert!(names_nothing("{} {{x}} {:<width$}") && !names_nothing("{raw}") && !names_nothing("{0}"));
    }

    #[test]
    fn what_was_hidden_stays_so_in_what_is_made_of_it() {
        let name = Shown::line("a\u{1b}[2J\nb password=hunter2");
        assert_eq!(shown!("{}: {}", "name", name).as_str(), "name: a[2J b password=***");
    }
}
