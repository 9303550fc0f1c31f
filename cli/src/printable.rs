//! Words of somebody else, made safe to show.

/// Without what is not seen but changes how the rest looks: control
/// characters, and those that turn the direction of writing or have no width.
#[must_use]
pub fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars()
        .filter(|c| !hidden(*c))
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_printable() {
        assert_eq!(
            printable(" Good\u{202e}\u{1b}[31m\u{200b} name\n"),
            "Good[31m name"
        );
        assert_eq!(printable("Zoë's 程序 ✓"), "Zoë's 程序 ✓");
    }
}
