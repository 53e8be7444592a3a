//! What of the values of a table can be compared before and after a change, in the SQL of the readers.

use delta_engine::schema::model::{DataType, DesiredTable, ObservedTable, Path as Place, Step};

use crate::reader::By;
use crate::shown::{duckdb_text, quoted};

/// Something in a table whose values are compared.
pub struct Leaf {
    from: Place,
    to: Place,
    /// DuckDB's name of the type it has now, where it had another.
    now: Option<String>,
}

/// What can be compared of the kept columns: what holds no struct, and the parts of what does.
pub fn leaves(before: &ObservedTable, after: &DesiredTable, kept: &[(Place, Place)], by: By) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for (from, to) in kept {
        if let Some((was, is)) = before.type_at(from).zip(after.type_at(to)) {
            collect(from, to, was, is, &mut leaves);
        }
    }
    // DuckDB's extension (1.5.5) takes partition values by position under column mapping: after a hand-written commit that
    // adds a column before the partition column it reads null there, where delta-rs, also on delta-kernel, reads the value.
    let is_trusted = |path: &Place| match by {
        By::DuckDb => !path.root().is_some_and(|column| before.layout.partition_columns().contains(column)),
        By::QueryBuilder => path.is_column(),
    };
    leaves.retain(|leaf| is_trusted(&leaf.from));
    leaves
}

/// Below a kept field, down to the structs in it: their fields are kept themselves, where they are.
fn collect(from: &Place, to: &Place, was: &DataType, is: &DataType, leaves: &mut Vec<Leaf>) {
    let mut below = |step: Step, was: &DataType, is: &DataType| {
        collect(&from.join(step.clone()), &to.join(step), was, is, leaves);
    };
    match (was, is) {
        (DataType::Struct(_) | DataType::Variant, _) => {}
        (DataType::Array(was), DataType::Array(is)) if has_parts(&was.element) => {
            below(Step::Element, &was.element, &is.element);
        }
        (DataType::Map(was), DataType::Map(is)) if has_parts(&was.key) || has_parts(&was.value) => {
            below(Step::Key, &was.key, &is.key);
            below(Step::Value, &was.value, &is.value);
        }
        (was, is) => {
            let now = (was != is).then(|| duckdb_text(is));
            leaves.push(Leaf { from: from.clone(), to: to.clone(), now });
        }
    }
}

/// A field that was added to a struct shows in the text of what holds it; the text of a variant has no fixed order.
fn has_parts(data_type: &DataType) -> bool {
    data_type.contains(|inner| matches!(inner, DataType::Struct(_) | DataType::Variant))
}

impl Leaf {
    /// What selects its values in the table as it was, in the type they have now.
    pub fn was(&self, by: By) -> String {
        let expression = expression(&self.from, by);
        let Some(now) = &self.now else { return expression };
        let depth = self.to.steps().iter().filter(|step| step.as_field().is_none()).count();
        format!("CAST({expression} AS {now}{})", "[]".repeat(depth))
    }

    /// What selects its values in the table as it is.
    pub fn is(&self, by: By) -> String {
        expression(&self.to, by)
    }
}

/// The values at a path; inside arrays and maps, the list of them.
fn expression(path: &Place, by: By) -> String {
    match by {
        By::DuckDb => below(String::new(), path.steps()),
        By::QueryBuilder => path.leaf_name().map(|name| quoted(name.as_str())).unwrap_or_default(),
    }
}

fn below(base: String, steps: &[Step]) -> String {
    let Some((step, rest)) = steps.split_first() else { return base };
    let list = match step {
        Step::Field(name) if base.is_empty() => return below(format!("({})", quoted(name.as_str())), rest),
        Step::Field(name) => return below(format!("({base}.{})", quoted(name.as_str())), rest),
        Step::Element => base,
        Step::Key => format!("map_keys({base})"),
        Step::Value => format!("map_values({base})"),
    };
    let item = format!("x{}", rest.len());
    format!("list_transform({list}, lambda {item}: {})", below(item.clone(), rest))
}
