//! JSON that survives being read and written: key order, repeated keys and the spelling of numbers are kept.
//!
//! Owns the value a log action is edited as. Knows nothing of Delta. `serde_json::Value` re-spells floats and wide
//! integers, and its `arbitrary_precision` would change every other crate of the build.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is spelled.
    Number(Box<str>),
    /// Text, escapes resolved.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Keys and values in the order they were written.
    Object(Vec<(String, Json)>),
}

/// Deeper values are refused, as `serde_json` does, so that a hostile file can't exhaust the stack.
const MAX_DEPTH: usize = 120;

impl Json {
    /// Reads one value.
    ///
    /// # Errors
    /// Where the text is not JSON, or nested deeper than 120 levels.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        match serde_json::from_str(text) {
            Err(error) if error.is_data() => Self::parse_slowly(text, 0),
            read => read,
        }
    }

    /// Reads level by level, each number as raw text; only for values that hold a float.
    fn parse_slowly(text: &str, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > MAX_DEPTH {
            return Err(serde_json::Error::custom("nested too deeply"));
        }
        let text = text.trim();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Entries(entries) = serde_json::from_str(text)?;
                let read = |(key, raw): (String, &RawValue)| Ok((key, Self::parse_slowly(raw.get(), depth + 1)?));
                entries.into_iter().map(read).collect::<Result<_, _>>().map(Self::Object)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let read = |raw: &RawValue| Self::parse_slowly(raw.get(), depth + 1);
                items.into_iter().map(read).collect::<Result<_, _>>().map(Self::Array)
            }
            Some(b'-' | b'0'..=b'9') => {
                serde_json::from_str::<&RawValue>(text).map(|raw| Self::Number(raw.get().into()))
            }
            Some(_) | None => serde_json::from_str(text),
        }
    }

    /// The value of a key, where this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.as_object()?.iter().find(|(theirs, _)| theirs == key).map(|(_, value)| value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        let Self::Object(entries) = self else { return None };
        entries.iter_mut().find(|(theirs, _)| theirs == key).map(|(_, value)| value)
    }

    /// Sets a key: in its place where it is there, else at the end. Does nothing to what is not an object.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Json>) {
        let key = key.into();
        let value = value.into();
        if let Some(slot) = self.get_mut(&key) {
            *slot = value;
        } else if let Self::Object(entries) = self {
            entries.push((key, value));
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        let Self::Object(entries) = self else { return None };
        let at = entries.iter().position(|(theirs, _)| theirs == key)?;
        Some(entries.remove(at).1)
    }

    /// The text, where this is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The whole number, where this is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(text) = self { text.parse().ok() } else { None }
    }

    /// The truth value, where this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The items, where this is a list.
    pub fn as_array(&self) -> Option<&[Json]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The items, to change them.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Json>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The entries, where this is an object.
    pub fn as_object(&self) -> Option<&[(String, Json)]> {
        if let Self::Object(entries) = self { Some(entries) } else { None }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string().into())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl FromIterator<(String, Json)> for Json {
    fn from_iter<T: IntoIterator<Item = (String, Json)>>(entries: T) -> Self {
        Self::Object(entries.into_iter().collect())
    }
}

impl FromIterator<Json> for Json {
    fn from_iter<T: IntoIterator<Item = Json>>(items: T) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

/// Compact JSON, without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::String(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, key)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

/// Refuses floats, whose spelling serde has already lost when it hands them over: the caller then reads slowly.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Exact;

        impl<'de> Visitor<'de> for Exact {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value without floats")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string().into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string().into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::String(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Json, E> {
                Ok(Json::String(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut read = Vec::new();
                while let Some(item) = items.next_element()? {
                    read.push(item);
                }
                Ok(Json::Array(read))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
                let mut read = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    read.push(entry);
                }
                Ok(Json::Object(read))
            }
        }

        deserializer.deserialize_any(Exact)
    }
}

struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Entries<'de>, A::Error> {
                let mut read = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    read.push(entry);
                }
                Ok(Entries(read))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let read = Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.to_string(), text);
    }

    #[test]
    fn numbers_order_and_repeated_keys_survive() {
        check(r#"{"b":1,"a":-9223372036854775808,"b":[true,null]}"#);
        check(r#"{"a":1.10,"b":{"c":1E400,"d":-0,"e":123456789012345678901234567890},"f":[0.1,"x"]}"#);
        check(r#""tab\t quote\" slash\\ é \u0001""#);
    }

    #[test]
    fn faulty_text_and_bottomless_nesting_are_refused() {
        assert!(Json::parse(r#"{"a":"#).is_err());
        assert!(Json::parse(r#"{"a":1.5"#).is_err());
        assert!(Json::parse(&format!("{}1.5{}", "[".repeat(5000), "]".repeat(5000))).is_err());
        assert!(Json::parse(&"[".repeat(500_000)).is_err());
    }

    #[test]
    fn keys_are_replaced_in_place_and_removed() {
        let mut json = Json::parse(r#"{"a":1,"b":2}"#).unwrap();
        json.insert("a", "x");
        json.insert("c", true);
        assert_eq!(json.remove("b"), Some(Json::from(2)));
        assert_eq!(json.to_string(), r#"{"a":"x","c":true}"#);
    }
}
