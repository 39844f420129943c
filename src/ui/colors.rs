//! The colours, each with one meaning everywhere.

const fn color(color: anstyle::AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(color))).bold()
}

pub(in crate::ui) const GREEN: anstyle::Style = color(anstyle::AnsiColor::Green);
pub(in crate::ui) const RED: anstyle::Style = color(anstyle::AnsiColor::Red);
pub(in crate::ui) const YELLOW: anstyle::Style = color(anstyle::AnsiColor::Yellow);
pub(in crate::ui) const CYAN: anstyle::Style = color(anstyle::AnsiColor::Cyan);
pub(in crate::ui) const BOLD: anstyle::Style = anstyle::Style::new().bold();
