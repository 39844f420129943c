//! Characters that people do not see, or that make them see another text than the one that is there.

/// Whether `c` is a control character (C0, DEL, C1), a line or paragraph separator, of no width, or changes the direction of
/// the text around it.
///
/// C1 (U+0080 to U+009F) has the one-character form of `ESC [`, which terminals obey. Source: Unicode 16, general categories
/// Cc, Cf, Zl and Zp, and UAX #9, "Bidirectional Algorithm", table 4; ECMA-48, section 5.3.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
        // Soft hyphen, combining grapheme joiner, Arabic letter mark.
        '\u{ad}' | '\u{34f}' | '\u{61c}'
        // Fillers that are shown as nothing: Hangul, Khmer.
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
        // Mongolian variation selectors and vowel separator.
        | '\u{180b}'..='\u{180f}'
        // Zero width, left-to-right and right-to-left marks; separators and embeddings; joiners, isolates, shaping.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Variation selectors, byte order mark, reserved ones that are ignored, interlinear annotations.
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        // Format controls of Egyptian hieroglyphs, filler of Khitan; musical and shorthand format controls.
        | '\u{13430}'..='\u{1343f}' | '\u{16fe4}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        // Tag characters and the variation selectors' supplement.
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_obey_and_people_do_not_see_is_invisible() {
        for c in [
            '\0',
            '\u{7}',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{80}',
            '\u{85}',
            '\u{9b}',
            '\u{9d}',
            '\u{9f}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fff0}',
            '\u{fff8}',
            '\u{13430}',
            '\u{1343f}',
            '\u{16fe4}',
            '\u{e0041}',
        ] {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn letters_signs_and_spaces_are_not() {
        for c in ['a', 'é', 'ß', 'я', '日', 'א', 'ع', ' ', '\u{a0}', '-', '…', '`', '<', '✓', '\u{301}']
        {
            assert!(!is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }
}
