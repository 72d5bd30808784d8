//! What a terminal or page obeys instead of showing.

/// Whether a character acts on a terminal or page instead of being shown: C0 and C1 controls, DEL, and the characters
/// that hide text, break its line or turn its direction (the ones of Unicode's categories Cf, Zl and Zp used so).
pub fn acts_on_terminals(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::acts_on_terminals;

    #[test]
    fn controls_and_turns_act_and_text_does_not() {
        assert!(
            "\u{1b}\n\u{7f}\u{9b}\u{202e}\u{2028}\u{feff}"
                .chars()
                .all(acts_on_terminals)
        );
        assert!(!"aé€… “日本”".chars().any(acts_on_terminals));
    }
}
