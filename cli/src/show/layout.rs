//! Where everything stands on a terminal: the address always, the QR code only where it fits.

use devicegrant::{Prompt, Qr};
use unicode_width::UnicodeWidthStr;

use crate::args::Look;

/// One line: words at the left, and a part of the QR code behind them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: String,
    pub(super) qr: Option<String>,
}

/// Between the words and the QR code.
const GAP: usize = 3;
/// The countdown below, and the line the cursor ends on.
const BELOW: usize = 2;

/// Lays the prompt out for a terminal of that many columns and rows.
pub(super) fn lines(prompt: &Prompt, look: &Look, size: Option<(u16, u16)>) -> Vec<Line> {
    let fewer = |left| beside_the_code(prompt, look, left);
    let qr = Some(prompt).filter(|_| !look.no_qr).and_then(Prompt::qr);
    arranged(words(prompt, look), fewer, qr, size)
}

/// Words with a QR code where it fits; `fewer` are those for so many columns beside it.
pub(super) fn arranged(
    words: Vec<String>,
    fewer: impl FnOnce(usize) -> Vec<String>,
    qr: Option<Qr>,
    size: Option<(u16, u16)>,
) -> Vec<Line> {
    let (columns, rows) = size.map_or((80, 24), |(c, r)| (usize::from(c), usize::from(r)));
    let Some(qr) = qr else {
        return alone(words);
    };
    let left = columns.saturating_sub(GAP + qr.columns());
    for words in [words.clone(), fewer(left)] {
        let wide = widest(&words);
        if wide <= left && words.len().max(qr.lines().len()) + BELOW <= rows {
            return side_by_side(words, &qr, wide);
        }
    }
    let tall = words
        .iter()
        .map(|line| line.width().div_ceil(columns.max(1)).max(1));
    if qr.columns() <= columns && tall.sum::<usize>() + qr.lines().len() + 1 + BELOW <= rows {
        // Above the words, so that these are what is seen last.
        let above = qr.lines().into_iter().map(|part| Line {
            words: String::new(),
            qr: Some(part),
        });
        let gap = alone(vec![String::new()]);
        return above.chain(gap).chain(alone(words)).collect();
    }
    alone(words)
}

/// Fewer words, for a narrow terminal: the code that is drawn beside them carries the complete
/// address, so that only the plain one is written out.
fn beside_the_code(prompt: &Prompt, look: &Look, columns: usize) -> Vec<String> {
    let scan = "Or scan this, and check that the page shows the same code.";
    let mut parts = vec![
        "To sign in, open this address on any device:".to_owned(),
        format!("  {}", prompt.verification_uri),
        "and enter this code:".to_owned(),
        format!("  {}", prompt.user_code),
        scan.to_owned(),
    ];
    if !prompt.scopes.is_empty() {
        parts.push(format!("It asks for: {}", prompt.scopes.join(" ")));
    }
    if let Some(message) = &prompt.message {
        parts.push(format!("The server says: {message:?}"));
    }
    if look.spoken {
        parts.push(format!("The code, spelled: {}", prompt.spoken()));
    }
    let how = textwrap::Options::new(columns.max(1)).break_words(false);
    let wrapped = parts.iter().map(|part| textwrap::wrap(part, &how));
    let lines = wrapped.flat_map(|lines| {
        let lines = lines.into_iter().map(std::borrow::Cow::into_owned);
        lines.chain([String::new()]).collect::<Vec<_>>()
    });
    lines.collect()
}

fn widest(words: &[String]) -> usize {
    words.iter().map(|line| line.width()).max().unwrap_or(0)
}

fn words(prompt: &Prompt, look: &Look) -> Vec<String> {
    let mut words: Vec<String> = prompt.text().lines().map(str::to_owned).collect();
    if look.spoken {
        words.push(String::new());
        words.push(format!("The code, spelled: {}", prompt.spoken()));
    }
    words
}

fn alone(words: Vec<String>) -> Vec<Line> {
    words
        .into_iter()
        .map(|words| Line { words, qr: None })
        .collect()
}

fn side_by_side(words: Vec<String>, qr: &Qr, wide: usize) -> Vec<Line> {
    let mut parts = qr.lines();
    let height = words.len().max(parts.len());
    parts.resize(height, String::new());
    let mut words = words;
    words.resize(height, String::new());
    let joined = words.into_iter().zip(parts).map(|(mut words, part)| {
        if !part.is_empty() {
            words.extend(std::iter::repeat_n(' ', wide + GAP - words.width()));
        }
        Line {
            words,
            qr: Some(part).filter(|part| !part.is_empty()),
        }
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(uri: &str, scopes: usize) -> Prompt {
        Prompt {
            user_code: "WDJB-MJHT".to_owned(),
            verification_uri: uri.to_owned(),
            verification_uri_complete: None,
            expires_at_ms: 0,
            interval: 5,
            scopes: (0..scopes).map(|n| format!("scope{n}")).collect(),
            message: None,
        }
    }

    fn rows_needed(lines: &[Line], columns: usize) -> usize {
        lines
            .iter()
            .map(|line| line.words.width().div_ceil(columns).max(1))
            .sum()
    }

    #[test]
    fn on_80_by_24_everything_stays_in_sight() {
        let long = format!("https://auth.example.com/{}", "a".repeat(400));
        for uri in [
            "https://auth.example.com/device",
            "https://a.example/d",
            &long,
        ] {
            let lines = lines(&prompt(uri, 3), &Look::default(), Some((80, 24)));
            assert!(rows_needed(&lines, 80) + BELOW <= 24, "{uri}");
            assert!(lines.iter().any(|line| line.words.contains(uri)), "{uri}");
        }
    }

    #[test]
    fn the_code_is_drawn_where_there_is_room_and_never_with_no_qr() {
        let prompt = prompt("https://auth.example.com/device", 0);
        let drawn = |lines: &[Line]| lines.iter().any(|line| line.qr.is_some());
        assert!(drawn(&lines(&prompt, &Look::default(), Some((120, 40)))));
        assert!(drawn(&lines(&prompt, &Look::default(), Some((80, 24)))));
        assert!(!drawn(&lines(&prompt, &Look::default(), Some((30, 10)))));
        let look = Look {
            no_qr: true,
            ..Look::default()
        };
        assert!(!drawn(&lines(&prompt, &look, Some((120, 40)))));
    }
}
