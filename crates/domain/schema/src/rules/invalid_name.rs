//! DE218: letters that Parquet and Spark cannot have in a name without column mapping.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, MappingMode, Path};

/// Delta `SchemaUtils.checkFieldNames`.
const FORBIDDEN: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

pub(super) static RULE: Rule = Rule {
    code: "DE218",
    name: "invalid-name",
    severity: Some(Severity::Rejection),
    summary: "a name cannot hold a space or one of , ; { } ( ) = without column mapping",
    why: "Without column mapping the name is the column's name in the Parquet files too, where Delta refuses spaces, tabs, \
          line ends and , ; { } ( ) = (`DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES`).",
    way_out: "Choose a name without them, or declare the property `delta.columnMapping.mode: name`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if review.after.is_none_or(|after| after.mapping_mode() != MappingMode::None) {
        return Vec::new();
    }
    review.new_names().iter().filter_map(|path| report(review, path)).collect()
}

fn report(review: &Review<'_>, path: &Path) -> Option<Report> {
    let name = path.leaf_name()?.as_str();
    let letter = name.chars().find(|letter| FORBIDDEN.contains(letter))?;
    let message = format!("the name `{}` holds {}, which needs column mapping", name.escape_debug(), spelled(letter));
    let plain: String =
        name.trim().chars().map(|letter| if FORBIDDEN.contains(&letter) { '_' } else { letter }).collect();
    let help = format!("name it `{plain}`, or declare properties: {{ delta.columnMapping.mode: name }}");
    Some(Report::new(review.at(path).aspect(Aspect::Name), message, help))
}

fn spelled(letter: char) -> String {
    match letter {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' => "a line end".to_owned(),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_space_at_any_depth_is_refused() {
        on_create(
            &RULE,
            table("`full name`: string, s: array<struct<`a=b`: int>>"),
            &[
                "silver.t.`full name`: the name `full name` holds a space, which needs column mapping",
                "silver.t.s.element.`a=b`: the name `a=b` holds `=`, which needs column mapping",
            ],
        );
        helps(
            &RULE,
            table("a: int, `full name`: string"),
            table("a: int"),
            &["name it `full_name`, or declare properties: { delta.columnMapping.mode: name }"],
        );
    }

    #[test]
    fn under_column_mapping_any_name_will_do() {
        on_create(&RULE, table("`full name`: string").mapped(), &[]);
        on_change(&RULE, table("`b c`: int").renamed("b c", "a"), table("a: int").mapped(), &[]);
    }
}
