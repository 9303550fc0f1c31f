//! Structures from JSON, by way of one tree.
//!
//! serde writes its code once more for every way in which a structure can come: from text, from a
//! list with its values by their place, from a part of something else. Here it comes in one, which
//! halves what reading weighs in a browser: from the fields of an object.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use crate::wire::answer::Field;

/// Reads one structure. What is not told apart is refused: a list is no structure, and neither is
/// null.
pub(crate) fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Unread> {
    T::deserialize(tree(json)?)
}

fn tree(json: &[u8]) -> Result<Field<'_>, Unread> {
    serde_json::from_slice(json).map_err(|why| Unread::new(why.to_string()))
}

/// Why something could not be read: where, and serde's words. They repeat names and words such as
/// `form`, and never what a text or a number is.
#[derive(Debug)]
pub(crate) struct Unread {
    place: String,
    words: String,
}

impl Unread {
    fn new(words: String) -> Self {
        Self {
            place: String::new(),
            words,
        }
    }

    fn within(mut self, name: &str) -> Self {
        let dot = if self.place.is_empty() { "" } else { "." };
        self.place.insert_str(0, dot);
        self.place.insert_str(0, name);
        self
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.words)
    }
}

impl std::error::Error for Unread {}

impl serde::de::Error for Unread {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(words.to_string())
    }

    // What stands there is not repeated; besides, to print any float takes 25 kB of code.
    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(format!("something else instead of {wanted}"))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(format!("a value that does not fit {wanted}"))
    }
}

fn unfit(found: &Field<'_>, wanted: &dyn Expected) -> Unread {
    let found = match found {
        Field::Null => "null",
        Field::Bool(_) => "true or false",
        Field::Integer(_) | Field::Negative(_) | Field::Float(_) => "a number",
        Field::Text(_) => "a text",
        Field::List(_) => "a list",
        Field::Object(_) => "an object",
    };
    Unread::new(format!("{found} instead of {wanted}"))
}

type Read<'de, V> = Result<<V as Visitor<'de>>::Value, Unread>;

fn whole<'de, V: Visitor<'de>>(field: &Field<'_>, visitor: V) -> Read<'de, V> {
    match field {
        Field::Integer(number) => visitor.visit_u64(*number),
        other => Err(unfit(other, &visitor)),
    }
}

fn text<'de, V: Visitor<'de>>(field: Field<'de>, visitor: V) -> Read<'de, V> {
    match field {
        Field::Text(text) => visitor.visit_string(text.into_owned()),
        other => Err(unfit(&other, &visitor)),
    }
}

fn object<'de, V: Visitor<'de>>(field: Field<'de>, visitor: V) -> Read<'de, V> {
    match field {
        Field::Object(fields) => visitor.visit_map(Fields {
            left: fields.into_iter(),
            value: None,
        }),
        other => Err(unfit(&other, &visitor)),
    }
}

macro_rules! by {
    ($how:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
            $how(self, visitor)
        })*
    };
    (ref $how:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
            $how(&self, visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Unread;

    by!(ref whole: deserialize_u8 deserialize_u32 deserialize_u64);
    by!(text: deserialize_char deserialize_str deserialize_string);
    by!(object: deserialize_map);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self {
            Field::Bool(value) => visitor.visit_bool(value),
            other => Err(unfit(&other, &visitor)),
        }
    }

    // What is so small is only ever the name of a field: a status of HTTP.
    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match &self {
            Field::Text(text) => text
                .parse()
                .map_err(|_| unfit(&self, &visitor))
                .and_then(|number| visitor.visit_u16(number)),
            other => Err(unfit(other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self {
            Field::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self {
            Field::List(items) => visitor.visit_seq(Items(items.into_iter())),
            other => Err(unfit(&other, &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Read<'de, V> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        object(self, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        match self {
            Field::Text(word) => {
                let word: CowStrDeserializer<'_, Unread> = word.into_deserializer();
                visitor.visit_enum(word)
            }
            other => Err(unfit(&other, &visitor)),
        }
    }

    /// The name of a field.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self {
            Field::Text(name) => visitor.visit_str(&name),
            other => Err(unfit(&other, &visitor)),
        }
    }

    /// A field that nobody knows.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        // Nothing of core's is read without saying what it is.
        Err(unfit(&self, &visitor))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 bytes byte_buf unit unit_struct newtype_struct
        tuple_struct
    }
}

struct Items<'de>(std::vec::IntoIter<Field<'de>>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unread;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unread> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Fields<'de> {
    left: std::vec::IntoIter<(Cow<'de, str>, Field<'de>)>,
    value: Option<(Cow<'de, str>, Field<'de>)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Unread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unread> {
        let Some((name, value)) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some((name.clone(), value));
        seed.deserialize(Field::Text(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unread> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(value).map_err(|why| why.within(&name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        inner: Inner,
        maybe: Option<Inner>,
        numbers: BTreeMap<u16, String>,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        on: bool,
        count: u64,
        words: Vec<String>,
    }

    fn said(json: &str) -> String {
        let read = read::<Outer>(json.as_bytes());
        read.map_or_else(|why| why.to_string(), |there| format!("{there:?}"))
    }

    #[test]
    fn a_structure_comes_whole() {
        let json = r#"{"inner":{"on":true,"count":18446744073709551615,"words":["\u0061","b"],
            "later":[{}]},"maybe":null,"numbers":{"429":"slow_down"}}"#;
        let expected = Outer {
            inner: Inner {
                on: true,
                count: u64::MAX,
                words: vec!["a".into(), "b".into()],
            },
            maybe: None,
            numbers: BTreeMap::from([(429, "slow_down".into())]),
        };
        assert_eq!(said(json), format!("{expected:?}"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_without_its_value() {
        for (json, words) in [
            (
                "{\"inner\":[true]}",
                "inner: a list instead of struct Inner",
            ),
            ("{\"inner\":null}", "inner: null instead of struct Inner"),
            (
                "{\"maybe\":{\"on\":\"yes\"}}",
                "maybe.on: a text instead of a boolean",
            ),
            (
                "{\"inner\":{\"count\":-1}}",
                "inner.count: a number instead of u64",
            ),
            (
                "{\"inner\":{\"words\":[7]}}",
                "inner.words: a number instead of a string",
            ),
            (
                "{\"numbers\":{\"many\":\"\"}}",
                "numbers: a text instead of u16",
            ),
            ("[]", "a list instead of struct Outer"),
        ] {
            assert_eq!(said(json), words, "{json}");
        }
        assert!(
            said("{\"inert\":1}").starts_with("unknown field `inert`, expected one of `inner`")
        );
        assert!(said("{} x").contains("trailing characters"));
        let deep = format!("{}{}", "{\"inner\":".repeat(200), "}".repeat(200));
        assert!(said(&deep).contains("recursion limit"));
    }
}
