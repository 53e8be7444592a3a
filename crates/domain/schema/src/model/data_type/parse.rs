//! Reads type text, Spark's spellings and Delta's, with the offset of every error.

use std::str::FromStr;

use super::{ArrayType, DataType, Decimal, Field, MapType};
use crate::model::{Identifier, nearest};

/// Why a text is not a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct TypeError {
    /// Byte offset in the text.
    pub offset: usize,
    /// Length in bytes of what is wrong there, at least 1.
    pub length: usize,
    /// What is wrong.
    pub kind: TypeErrorKind,
}

/// What is wrong with a type text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeErrorKind {
    /// The word is no type.
    #[error("there is no type `{word}`{}", suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownType {
        /// The word as written.
        word: String,
        /// The nearest type name, where one is near.
        suggestion: Option<&'static str>,
    },
    /// Something else should stand here.
    #[error("{wanted} is missing here")]
    Missing {
        /// What should stand here.
        wanted: &'static str,
    },
    /// The type is complete but the text goes on.
    #[error("the type ends before `{rest}`")]
    Trailing {
        /// The rest of the text.
        rest: String,
    },
    /// Decimal precision or scale out of range.
    #[error("decimal takes a precision of 1 to 38 and a scale from 0 up to the precision")]
    Decimal,
    /// `char` or `varchar` without a usable length.
    #[error("a length of at least 1 is needed")]
    Length,
    /// A struct without fields.
    #[error("a struct needs at least one field")]
    EmptyStruct,
    /// A type that Delta cannot store.
    #[error("Delta cannot store `{word}`; {instead}")]
    NotInDelta {
        /// The word as written.
        word: String,
        /// What to use instead.
        instead: &'static str,
    },
    /// Types nested too deeply to be meant.
    #[error("types are nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

const MAX_DEPTH: usize = 100;

const NAMES: &[&str] = &[
    "tinyint",
    "byte",
    "smallint",
    "short",
    "int",
    "integer",
    "bigint",
    "long",
    "float",
    "real",
    "double",
    "decimal",
    "numeric",
    "string",
    "char",
    "varchar",
    "boolean",
    "binary",
    "date",
    "timestamp",
    "timestamp_ltz",
    "timestamp_ntz",
    "variant",
    "struct",
    "array",
    "map",
];

/// Words that other systems use, and what they are here.
const FOREIGN: &[(&str, &str)] = &[
    ("text", "string"),
    ("str", "string"),
    ("bool", "boolean"),
    ("bytes", "binary"),
    ("blob", "binary"),
    ("datetime", "timestamp"),
    ("timestamptz", "timestamp"),
    ("int64", "bigint"),
    ("int32", "int"),
    ("int16", "smallint"),
    ("int8", "tinyint"),
    ("float64", "double"),
    ("float32", "float"),
    ("number", "decimal"),
    ("json", "variant"),
    ("object", "struct"),
    ("list", "array"),
    ("dict", "map"),
];

impl FromStr for DataType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = Reader { text, at: 0 };
        let data_type = reader.data_type(0)?;
        reader.skip_space();
        if reader.at < text.len() {
            let rest = text[reader.at..].to_owned();
            return Err(TypeError { offset: reader.at, length: rest.len(), kind: TypeErrorKind::Trailing { rest } });
        }
        Ok(data_type)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn data_type(&mut self, depth: usize) -> Result<DataType, TypeError> {
        if depth > MAX_DEPTH {
            return Err(self.error(TypeErrorKind::TooDeep));
        }
        let (start, word) = self.word("a type")?;
        match word.to_ascii_lowercase().as_str() {
            "tinyint" | "byte" => Ok(DataType::Byte),
            "smallint" | "short" => Ok(DataType::Short),
            "int" | "integer" => Ok(DataType::Integer),
            "bigint" | "long" => Ok(DataType::Long),
            "float" | "real" => Ok(DataType::Float),
            "double" => Ok(DataType::Double),
            "boolean" => Ok(DataType::Boolean),
            "binary" => Ok(DataType::Binary),
            "date" => Ok(DataType::Date),
            "timestamp" | "timestamp_ltz" => Ok(DataType::Timestamp),
            "timestamp_ntz" => Ok(DataType::TimestampNtz),
            "variant" => Ok(DataType::Variant),
            "string" => self.collation(),
            "decimal" | "dec" | "numeric" => self.decimal(start),
            "char" | "character" => self.length().map(DataType::Char),
            "varchar" => self.length().map(DataType::Varchar),
            "struct" => self.structure(start, depth),
            "array" => self.array(depth),
            "map" => self.map(depth),
            "interval" => Err(not_in_delta(start, word, "store the start and the end, or a number of seconds")),
            "void" | "null" => Err(not_in_delta(start, word, "give the column the type its values will have")),
            "time" => Err(not_in_delta(start, word, "use string, or bigint for the nanoseconds of the day")),
            lower => {
                let suggestion = FOREIGN
                    .iter()
                    .find(|(theirs, _)| *theirs == lower)
                    .map(|(_, ours)| *ours)
                    .or_else(|| nearest(lower, NAMES));
                Err(TypeError {
                    offset: start,
                    length: word.len(),
                    kind: TypeErrorKind::UnknownType { word: word.to_owned(), suggestion },
                })
            }
        }
    }

    fn collation(&mut self) -> Result<DataType, TypeError> {
        if !self.keyword("collate") {
            return Ok(DataType::STRING);
        }
        let (_, name) = self.word("the name of a collation")?;
        Ok(if name.eq_ignore_ascii_case("UTF8_BINARY") {
            DataType::STRING
        } else {
            DataType::String(Some(Identifier::new(name)))
        })
    }

    fn decimal(&mut self, start: usize) -> Result<DataType, TypeError> {
        if !self.symbol('(') {
            // Bare DECIMAL is decimal(10,0) in Spark.
            return Decimal::new(10, 0).map(DataType::Decimal).ok_or_else(|| self.error(TypeErrorKind::Decimal));
        }
        let precision = self.number("the precision")?;
        let scale = if self.symbol(',') { self.number("the scale")? } else { 0 };
        self.expect(')', "`)`")?;
        let pair = u8::try_from(precision).ok().zip(u8::try_from(scale).ok());
        let length = self.at - start;
        pair.and_then(|(precision, scale)| Decimal::new(precision, scale)).map(DataType::Decimal).ok_or(TypeError {
            offset: start,
            length,
            kind: TypeErrorKind::Decimal,
        })
    }

    fn length(&mut self) -> Result<u32, TypeError> {
        if !self.symbol('(') {
            return Err(self.error(TypeErrorKind::Length));
        }
        let length = self.number("the length")?;
        self.expect(')', "`)`")?;
        if length == 0 { Err(self.error(TypeErrorKind::Length)) } else { Ok(length) }
    }

    fn structure(&mut self, start: usize, depth: usize) -> Result<DataType, TypeError> {
        self.expect('<', "`<`")?;
        if self.symbol('>') {
            return Err(TypeError { offset: start, length: self.at - start, kind: TypeErrorKind::EmptyStruct });
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field(depth)?);
            if !self.symbol(',') {
                break;
            }
        }
        self.expect('>', "`,` or `>`")?;
        Ok(DataType::Struct(fields))
    }

    fn field(&mut self, depth: usize) -> Result<Field, TypeError> {
        let name = self.field_name()?;
        self.symbol(':');
        let data_type = self.data_type(depth + 1)?;
        let mut field = Field::new(name, data_type);
        field.nullable = self.nullability()?;
        if self.keyword("comment") {
            field.comment = Some(self.literal()?.into()).filter(|comment: &std::sync::Arc<str>| !comment.is_empty());
        }
        Ok(field)
    }

    fn array(&mut self, depth: usize) -> Result<DataType, TypeError> {
        self.expect('<', "`<`")?;
        let element = self.data_type(depth + 1)?;
        let element_nullable = self.nullability()?;
        self.expect('>', "`>`")?;
        Ok(DataType::Array(Box::new(ArrayType { element, element_nullable })))
    }

    fn map(&mut self, depth: usize) -> Result<DataType, TypeError> {
        self.expect('<', "`<`")?;
        let key = self.data_type(depth + 1)?;
        // Keys are never null; saying so is harmless.
        self.nullability()?;
        self.expect(',', "`,`")?;
        let value = self.data_type(depth + 1)?;
        let value_nullable = self.nullability()?;
        self.expect('>', "`>`")?;
        Ok(DataType::Map(Box::new(MapType { key, value, value_nullable })))
    }

    fn nullability(&mut self) -> Result<bool, TypeError> {
        if !self.keyword("not") {
            return Ok(true);
        }
        if self.keyword("null") {
            Ok(false)
        } else {
            Err(self.error(TypeErrorKind::Missing { wanted: "`null` after `not`" }))
        }
    }

    fn field_name(&mut self) -> Result<Identifier, TypeError> {
        self.skip_space();
        if self.rest().starts_with('`') {
            let start = self.at;
            let mut name = String::new();
            let mut chars = self.rest()[1..].char_indices().peekable();
            while let Some((at, letter)) = chars.next() {
                if letter != '`' {
                    name.push(letter);
                } else if chars.next_if(|(_, next)| *next == '`').is_some() {
                    name.push('`');
                } else {
                    self.at = start + 1 + at + 1;
                    return Ok(Identifier::new(name));
                }
            }
            return Err(self.error(TypeErrorKind::Missing { wanted: "the closing backtick" }));
        }
        let end = self
            .rest()
            .find(|letter: char| letter.is_whitespace() || ":,<>()'`".contains(letter))
            .unwrap_or(self.rest().len());
        if end == 0 {
            return Err(self.error(TypeErrorKind::Missing { wanted: "a field name" }));
        }
        let name = Identifier::new(&self.rest()[..end]);
        self.at += end;
        Ok(name)
    }

    /// A literal in single or double quotes; a backslash or a doubled quote escapes.
    fn literal(&mut self) -> Result<String, TypeError> {
        self.skip_space();
        let quote = match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => quote,
            _ => return Err(self.error(TypeErrorKind::Missing { wanted: "a text in quotes" })),
        };
        let mut text = String::new();
        let mut chars = self.rest()[1..].char_indices().peekable();
        while let Some((at, letter)) = chars.next() {
            if letter == '\\' {
                text.extend(chars.next().map(|(_, escaped)| escaped));
            } else if letter != quote {
                text.push(letter);
            } else if chars.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                self.at += 1 + at + 1;
                return Ok(text);
            }
        }
        Err(self.error(TypeErrorKind::Missing { wanted: "the closing quote" }))
    }

    fn number(&mut self, wanted: &'static str) -> Result<u32, TypeError> {
        self.skip_space();
        let end = self.rest().find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest().len());
        let number = self.rest()[..end].parse().map_err(|_| self.error(TypeErrorKind::Missing { wanted }))?;
        self.at += end;
        Ok(number)
    }

    fn word(&mut self, wanted: &'static str) -> Result<(usize, &'t str), TypeError> {
        self.skip_space();
        let end =
            self.rest().find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(self.rest().len());
        if end == 0 {
            return Err(self.error(TypeErrorKind::Missing { wanted }));
        }
        let start = self.at;
        self.at += end;
        Ok((start, &self.text[start..start + end]))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        match self.word("") {
            Ok((_, word)) if word.eq_ignore_ascii_case(keyword) => true,
            _ => {
                self.at = before;
                false
            }
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len_utf8();
        }
        found
    }

    fn expect(&mut self, symbol: char, wanted: &'static str) -> Result<(), TypeError> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.error(TypeErrorKind::Missing { wanted })) }
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn error(&self, kind: TypeErrorKind) -> TypeError {
        TypeError { offset: self.at, length: self.rest().chars().next().map_or(1, char::len_utf8), kind }
    }
}

fn not_in_delta(offset: usize, word: &str, instead: &'static str) -> TypeError {
    TypeError { offset, length: word.len(), kind: TypeErrorKind::NotInDelta { word: word.to_owned(), instead } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, printed: &str) {
        let read: DataType = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.to_string(), printed);
        assert_eq!(printed.parse(), Ok(read), "the printed form reads back");
    }

    fn check_error(text: &str, offset: usize, message: &str) {
        let error = text.parse::<DataType>().expect_err(text);
        assert_eq!((error.offset, error.to_string().as_str()), (offset, message));
    }

    #[test]
    fn every_spelling_is_read_and_printed_in_one_way() {
        check("BIGINT", "bigint");
        check(" long ", "bigint");
        check("DECIMAL", "decimal(10,0)");
        check("numeric ( 12 , 2 )", "decimal(12,2)");
        check("STRING COLLATE utf8_lcase", "string collate utf8_lcase");
        check("string collate UTF8_BINARY", "string");
        check("varchar(10)", "varchar(10)");
        check("TIMESTAMP_LTZ", "timestamp");
        check("array<string not null>", "array<string not null>");
        check("map<string,array<int>>", "map<string, array<int>>");
        check(
            "struct<a int, `b c`: string NOT NULL COMMENT 'it\\'s'>",
            "struct<a: int, `b c`: string not null comment 'it\\'s'>",
        );
    }

    #[test]
    fn errors_name_the_place_and_the_way_out() {
        check_error("bigit", 0, "there is no type `bigit`; did you mean `bigint`?");
        check_error("text", 0, "there is no type `text`; did you mean `string`?");
        check_error("struct<a: int, b: strin>", 18, "there is no type `strin`; did you mean `string`?");
        check_error("decimal(39,2)", 0, "decimal takes a precision of 1 to 38 and a scale from 0 up to the precision");
        check_error("struct<a: int", 13, "`,` or `>` is missing here");
        check_error("int not null", 4, "the type ends before `not null`");
        check_error("", 0, "a type is missing here");
        check_error(
            "interval day",
            0,
            "Delta cannot store `interval`; store the start and the end, or a number of seconds",
        );
        check_error("array<int not>", 13, "`null` after `not` is missing here");
    }

    #[test]
    fn depth_is_bounded() {
        let text = format!("{}int{}", "array<".repeat(5000), ">".repeat(5000));
        assert_eq!(text.parse::<DataType>().map_err(|error| error.kind), Err(TypeErrorKind::TooDeep));
    }
}
