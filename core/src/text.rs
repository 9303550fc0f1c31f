//! Words from a server, made safe to show; lists of names in their order.

use std::collections::BinaryHeap;

/// The longest description, message or address that is shown, in characters.
pub(crate) const SHOWN_AT_MOST: usize = 300;

/// Strips what could move a cursor, reorder a line or hide: C0 and C1 controls, the bidirectional
/// and zero-width format characters, line separators, private and unassigned code points used for
/// tags. A line break or tab becomes a space. Bounded to `most` characters.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let mut kept = 0;
    for c in text.chars() {
        let c = match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
            c if hidden(c) => continue,
            c => c,
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if kept == most {
            out.push('…');
            break;
        }
        out.push(c);
        kept += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
}

/// The server's words inside quotation marks of our own, so that nobody mistakes them for ours.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", clean(text, SHOWN_AT_MOST).replace('"', "'"))
}

/// In ascending order. By a heap: `sort` brings 4 kB of code for every type, to be quicker with
/// lists longer than any of ours.
pub(crate) fn sorted<T: Ord>(all: Vec<T>) -> Vec<T> {
    BinaryHeap::from(all).into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_teeth() {
        assert_eq!(clean("a\u{1b}[2Jb\u{9b}31mc\u{7}", 99), "a[2Jb31mc");
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{e0041}", 99), "abc");
        assert_eq!(clean("  a\r\n\t b  ", 99), "a b");
        assert_eq!(clean("Grüße 日本 🔑", 99), "Grüße 日本 🔑");
        let name = " Good\u{202e}\u{1b}[31m\u{200b} name\n";
        assert_eq!(clean(name, usize::MAX), "Good[31m name");
        assert_eq!(clean("Zoë's 程序 ✓", usize::MAX), "Zoë's 程序 ✓");
    }

    #[test]
    fn length_is_bounded_in_characters() {
        assert_eq!(clean("日本日本", 3), "日本日…");
        assert_eq!(clean("日本日", 3), "日本日");
        assert_eq!(quote("a\"b"), "\"a'b\"");
    }
}
