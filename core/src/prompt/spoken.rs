//! A code spelled so that it can be heard over a bad line: the spelling alphabet of the ICAO.

const LETTERS: [&str; 26] = [
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett",
    "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango",
    "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
];
const DIGITS: [&str; 10] = [
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
];

pub(super) fn spell(code: &str) -> String {
    let parts: Vec<String> = code.chars().map(one).collect();
    parts.join(" ")
}

fn one(c: char) -> String {
    let of = |list: &[&'static str], first: u8| {
        let index = u8::try_from(c.to_ascii_lowercase())
            .ok()?
            .checked_sub(first)?;
        list.get(usize::from(index)).copied()
    };
    match c {
        '-' | '\u{2010}'..='\u{2015}' => "Dash.".to_owned(),
        ' ' => "Space.".to_owned(),
        '.' => "Dot.".to_owned(),
        '_' => "Underscore.".to_owned(),
        c if c.is_ascii_digit() => format!("{}.", of(&DIGITS, b'0').unwrap_or_default()),
        c if c.is_ascii_uppercase() => format!("{c}, {}.", of(&LETTERS, b'a').unwrap_or_default()),
        c if c.is_ascii_lowercase() => {
            format!("Small {c}, {}.", of(&LETTERS, b'a').unwrap_or_default())
        }
        c => format!("{c}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_dashes() {
        assert_eq!(spell("Wd-4"), "W, Whiskey. Small d, Delta. Dash. Four.");
        assert_eq!(spell("X0 é"), "X, X-ray. Zero. Space. é.");
    }
}
