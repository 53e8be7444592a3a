//! What each fault of a declaration means.

use crate::explanation::Explanation;

/// Every fault of a declaration, in the order of their codes.
pub static FAULTS: &[&Explanation] = &[
    &TABLE_NAME,
    &NO_COLUMNS,
    &EMPTY_NAME,
    &DUPLICATE_NAME,
    &TYPE,
    &EXPRESSION,
    &UNKNOWN_COLUMN,
    &UNKNOWN_FIELD,
    &TWO_LAYOUTS,
    &EMPTY_LIST,
    &UNPAIRED_COLUMNS,
    &TWO_SOURCES,
    &ZERO_INCREMENT,
    &RENAMES,
    &UNKNOWN_PROPERTY,
    &RESERVED_PROPERTY,
    &PROPERTY_VALUE,
];

pub(super) static TABLE_NAME: Explanation = Explanation {
    code: "DE101",
    name: "table-name",
    summary: "the name of a table cannot be read",
    way_out: "write [catalog.][schema.]table; put a part that holds a dot or a space in backticks",
};

pub(super) static NO_COLUMNS: Explanation = Explanation {
    code: "DE102",
    name: "no-columns",
    summary: "a table is declared without columns",
    way_out: "list at least one column under `columns`",
};

pub(super) static EMPTY_NAME: Explanation = Explanation {
    code: "DE103",
    name: "empty-name",
    summary: "something is declared with an empty name",
    way_out: "give it a name",
};

pub(super) static DUPLICATE_NAME: Explanation = Explanation {
    code: "DE104",
    name: "duplicate-name",
    summary: "a name or column id stands twice where it may stand once; names compare without case",
    way_out: "rename or remove one of them",
};

pub(super) static TYPE: Explanation = Explanation {
    code: "DE105",
    name: "type",
    summary: "a type cannot be read",
    way_out: "write a SQL type, such as bigint, decimal(10,2), array<string> or struct<a: int, b: string>; in YAML, put one that holds a comma or a colon in quotes",
};

pub(super) static EXPRESSION: Explanation = Explanation {
    code: "DE106",
    name: "expression",
    summary: "a SQL expression cannot be read",
    way_out: "write one SQL expression; text stands in single quotes: default: \"'new'\"",
};

pub(super) static UNKNOWN_COLUMN: Explanation = Explanation {
    code: "DE107",
    name: "unknown-column",
    summary: "a key, a layout or a constraint names a column that the table does not declare",
    way_out: "declare the column, or correct the name",
};

pub(super) static UNKNOWN_FIELD: Explanation = Explanation {
    code: "DE108",
    name: "unknown-field",
    summary: "`fields` names something that is not in the type of its column",
    way_out: "write paths as they stand in the type; step into arrays with element and into maps with key and value, which have no names or comments of their own",
};

pub(super) static TWO_LAYOUTS: Explanation = Explanation {
    code: "DE109",
    name: "two-layouts",
    summary: "a table is partitioned and clustered at once",
    way_out: "keep one of partitioned_by and clustered_by",
};

pub(super) static EMPTY_LIST: Explanation = Explanation {
    code: "DE110",
    name: "empty-list",
    summary: "a list that needs an entry has none",
    way_out: "name at least one column, or leave the key out",
};

pub(super) static UNPAIRED_COLUMNS: Explanation = Explanation {
    code: "DE111",
    name: "unpaired-columns",
    summary: "a foreign key references more or fewer columns than it has",
    way_out: "name a referenced column for each column of the key",
};

pub(super) static TWO_SOURCES: Explanation = Explanation {
    code: "DE112",
    name: "two-sources",
    summary: "a column is filled in two ways at once",
    way_out: "keep one of default, generated and identity",
};

pub(super) static ZERO_INCREMENT: Explanation = Explanation {
    code: "DE113",
    name: "zero-increment",
    summary: "an identity counts in steps of 0",
    way_out: "write another increment, such as 1",
};

pub(super) static RENAMES: Explanation = Explanation {
    code: "DE114",
    name: "renames",
    summary: "renames contradict each other",
    way_out: "give each former name to one column only; names that are traded need a third name and two applies",
};

pub(super) static UNKNOWN_PROPERTY: Explanation = Explanation {
    code: "DE115",
    name: "unknown-property",
    summary: "a property begins with `delta.`, and Delta does not know it",
    way_out: "correct the key; one that does not begin with `delta.` is yours and may be anything",
};

pub(super) static RESERVED_PROPERTY: Explanation = Explanation {
    code: "DE116",
    name: "reserved-property",
    summary: "a property is written that the platform keeps, or that has a key of its own in definitions",
    way_out: "leave it out, or use the key that the message names",
};

pub(super) static PROPERTY_VALUE: Explanation = Explanation {
    code: "DE117",
    name: "property-value",
    summary: "the value of a property has the wrong form",
    way_out: "write the value as the message says",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_without_a_gap() {
        let codes: Vec<&str> = FAULTS.iter().map(|fault| fault.code).collect();
        let expected: Vec<String> = (101..=117).map(|code| format!("DE{code}")).collect();
        assert_eq!(codes, expected);
    }
}
