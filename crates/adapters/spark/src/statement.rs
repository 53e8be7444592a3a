//! The statements that look at tables; those that change them are `delta_engine_sql`'s.

use delta_engine_schema::model::{Identifier, Path, Step, TableName};

use crate::server::SchemaName;

/// Every part of a table's name, quoted.
pub(crate) fn table(name: &TableName) -> String {
    name.parts().map(Identifier::quoted).collect::<Vec<_>>().join(".")
}

/// A schema's name, quoted.
pub(crate) fn schema((catalog, schema): &SchemaName) -> String {
    catalog.iter().chain([schema]).map(Identifier::quoted).collect::<Vec<_>>().join(".")
}

/// Makes the rows of a table that break a statement countable: a condition that is true for them, and never null.
pub(crate) fn null_at(path: &Path) -> String {
    let Some((Step::Field(column), below)) = path.steps().split_first() else { return "FALSE".to_owned() };
    format!("coalesce({}, FALSE)", null_below(&column.quoted(), below, 0))
}

/// A field of a struct that is null itself does not count: a null has no fields.
fn null_below(value: &str, below: &[Step], depth: usize) -> String {
    let Some((step, rest)) = below.split_first() else { return format!("{value} IS NULL") };
    let any = |list: String| {
        let item = format!("item{depth}");
        format!("exists({list}, {item} -> {})", null_below(&item, rest, depth + 1))
    };
    match step {
        Step::Field(name) => {
            format!("({value} IS NOT NULL AND {})", null_below(&format!("{value}.{}", name.quoted()), rest, depth))
        }
        Step::Element => any(value.to_owned()),
        Step::Key => any(format!("map_keys({value})")),
        Step::Value => any(format!("map_values({value})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: Vec<Step>, expected: &str) {
        assert_eq!(null_at(&Path::from(steps)), expected);
    }

    fn field(name: &str) -> Step {
        Step::Field(name.into())
    }

    #[test]
    fn nulls_are_found_at_every_depth() {
        check(vec![field("a`b")], "coalesce(`a``b` IS NULL, FALSE)");
        check(vec![field("s"), field("x.y")], "coalesce((`s` IS NOT NULL AND `s`.`x.y` IS NULL), FALSE)");
        check(
            vec![field("l"), Step::Element, field("f")],
            "coalesce(exists(`l`, item0 -> (item0 IS NOT NULL AND item0.`f` IS NULL)), FALSE)",
        );
        check(
            vec![field("m"), Step::Value, Step::Element],
            "coalesce(exists(map_values(`m`), item0 -> exists(item0, item1 -> item1 IS NULL)), FALSE)",
        );
    }

    #[test]
    fn names_are_quoted_whole() {
        assert_eq!(table(&"c.s.`a``b.c`".parse().unwrap()), "`c`.`s`.`a``b.c`");
        assert_eq!(schema(&(None, "s".into())), "`s`");
    }
}
