//! An answer's body, read once without copying, tolerant by shape: JSON with or without a
//! byte-order mark, or a form (RFC 6749 says JSON; some servers send forms).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// The fields of an answer in their order. A name that stands twice counts as its last, as in
/// every common JSON parser.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer<'a>(Vec<(Cow<'a, str>, Field<'a>)>);

/// The value of a field.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Field<'a> {
    #[default]
    Null,
    Bool(bool),
    Integer(u64),
    Negative(i64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Field<'a>>),
    Object(Answer<'a>),
}

impl<'a> Answer<'a> {
    /// Reads a body; none if it is neither a JSON object nor a form.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        match body.iter().find(|b| !b.is_ascii_whitespace())? {
            b'{' => serde_json::from_slice(body).ok(),
            b'<' | b'[' | b'"' => None,
            _ => Self::form(body),
        }
    }

    /// Reads a document that can only be JSON; none if it is no object.
    pub(crate) fn json(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// A form has names of ordinary characters and at least one value.
    fn form(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?.trim();
        if !text.contains('=') || text.contains(['\n', '<', '{', ' ']) {
            return None;
        }
        let fields = form_urlencoded::parse(text.as_bytes());
        Some(Self(fields.map(|(k, v)| (k, Field::Text(v))).collect()))
    }

    /// The value of the first of these names that is there and not null.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&Field<'a>> {
        names.iter().find_map(|name| {
            let mut found = self.0.iter().rev();
            let (_, value) = found.find(|(key, _)| key == name)?;
            (*value != Field::Null).then_some(value)
        })
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, names: &[&str]) -> Option<&str> {
        match self.get(names)? {
            Field::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    /// A whole number above zero, also where it stands as a text or with a fraction.
    pub(crate) fn positive(&self, names: &[&str]) -> Option<u64> {
        self.number(names).filter(|number| *number > 0)
    }

    /// A whole number from zero up, also where it stands as a text or with a fraction.
    pub(crate) fn number(&self, names: &[&str]) -> Option<u64> {
        match self.get(names)? {
            Field::Integer(number) => Some(*number),
            Field::Float(number) => whole(*number),
            Field::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| {
                    match serde_json::from_slice(text.as_bytes()).ok()? {
                        Field::Float(number) => whole(number),
                        _ => None,
                    }
                })
            }
            _ => None,
        }
    }

    /// Words from a text, split at blanks (and commas where `commas`), or from a list of texts.
    pub(crate) fn list(&self, names: &[&str]) -> Option<Vec<String>> {
        match self.get(names)? {
            Field::Text(text) => Some(
                text.split([' ', ',', '\t', '\n'])
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
            Field::List(items) => Some(
                items
                    .iter()
                    .filter_map(|item| match item {
                        Field::Text(text) => Some(text.to_string()),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// Every field in its order.
    pub(crate) fn into_iter(self) -> std::vec::IntoIter<(Cow<'a, str>, Field<'a>)> {
        self.0.into_iter()
    }

    /// Every field with its last value, for what is kept besides the known ones.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Field<'a>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }
}

// A float is only ever a lifetime or an interval here, so losing its fraction is right, and one
// beyond the range of u64 saturates.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Integer(value) => to.serialize_u64(*value),
            Self::Negative(value) => to.serialize_i64(*value),
            Self::Float(value) => to.serialize_f64(*value),
            Self::Text(value) => to.serialize_str(value),
            Self::List(values) => to.collect_seq(values),
            Self::Object(fields) => to.collect_map(fields.iter()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Answer<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Answer<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer<'de>, A::Error> {
                // Four is what a poll's answer has; an attacker's count is not trusted.
                let mut fields = Vec::with_capacity(4);
                while let Some(Key(key)) = map.next_key()? {
                    fields.push((key, map.next_value()?));
                }
                Ok(Answer(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Field::deserialize(from)? {
            Field::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("a name must be a text")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Field<'de>, E> {
                Ok(Field::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Field<'de>, E> {
                Ok(Field::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Field<'de>, E> {
                Ok(Field::Negative(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
                Ok(Field::Integer(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Field<'de>, E> {
                Ok(Field::Float(value))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Field::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<'de>, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(map);
                Answer::deserialize(fields).map(Field::Object)
            }
        }
        from.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_borrowed_and_the_last_of_two_names_counts() {
        let answer = Answer::parse(b"\xEF\xBB\xBF {\"error\":\"a\",\"error\":\"b\",\"n\":null}");
        let answer = answer.unwrap_or_else(|| Answer(vec![]));
        assert_eq!(answer.text(&["error"]), Some("b"));
        assert_eq!(answer.get(&["n"]), None);
        assert!(matches!(answer.0[0].1, Field::Text(Cow::Borrowed(_))));
    }

    #[test]
    fn numbers_in_every_shape() {
        let body =
            br#"{"a":5,"b":"5","c":5.7,"d":-5,"e":"x","f":1e30,"g":18446744073709551615,"h":0}"#;
        let answer = Answer::parse(body).unwrap_or_else(|| Answer(vec![]));
        let read = |name| answer.number(&[name]);
        assert_eq!(read("a"), Some(5));
        assert_eq!(read("b"), Some(5));
        assert_eq!(read("c"), Some(5));
        assert_eq!(read("d"), None);
        assert_eq!(read("e"), None);
        assert_eq!(read("f"), Some(u64::MAX));
        assert_eq!(read("g"), Some(u64::MAX));
        assert_eq!(answer.positive(&["h"]), None);
    }

    #[test]
    fn forms_are_read_and_pages_are_not() {
        let answer =
            Answer::parse(b"access_token=a%20b&scope=x+y").unwrap_or_else(|| Answer(vec![]));
        assert_eq!(answer.text(&["access_token"]), Some("a b"));
        assert_eq!(answer.list(&["scope"]), Some(vec!["x".into(), "y".into()]));
        for page in [
            "",
            "  ",
            "<html a=b>",
            "[1]",
            "not a = form",
            "\"a=b\"",
            "{\"a\":",
        ] {
            assert_eq!(Answer::parse(page.as_bytes()), None, "{page}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_a_stack_overflow() {
        let body = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Answer::parse(body.as_bytes()), None);
    }
}
