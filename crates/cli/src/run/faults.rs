//! What codes mean that belong to no rule: faults of declarations and files, troubles of tables, notices.

use delta_engine::definitions::FILE_FAULTS;

/// A code that is no rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) way_out: &'static str,
}

/// Every code that is no rule, in order.
pub(super) fn faults() -> Vec<Fault> {
    let of_files =
        FILE_FAULTS.iter().map(|(code, name, summary)| Fault { code, name, summary, way_out: of_file(code) });
    let mut all: Vec<Fault> = OTHERS.iter().copied().chain(of_files).collect();
    all.sort_by_key(|fault| fault.code);
    all
}

const fn fault(code: &'static str, name: &'static str, summary: &'static str, way_out: &'static str) -> Fault {
    Fault { code, name, summary, way_out }
}

const OTHERS: &[Fault] = &[
    fault(
        "DE101",
        "table-name",
        "the name of a table cannot be read",
        "Write [catalog.][schema.]table; put a part that holds a dot or a space in backticks.",
    ),
    fault("DE102", "no-columns", "a table is declared without columns", "List at least one column under `columns`."),
    fault("DE103", "empty-name", "something is declared with an empty name", "Give it a name."),
    fault(
        "DE104",
        "duplicate-name",
        "two columns or fields of one struct share a name; names compare without case",
        "Rename or remove one of them.",
    ),
    fault(
        "DE105",
        "type",
        "a type cannot be read",
        "Write a SQL type, such as bigint, decimal(10,2), array<string> or struct<a: int, b: string>; in YAML, put one that holds a comma or a colon in quotes.",
    ),
    fault(
        "DE106",
        "expression",
        "a SQL expression cannot be read",
        "Write one SQL expression; text stands in single quotes: default: \"'new'\".",
    ),
    fault(
        "DE107",
        "unknown-column",
        "a key, a layout or a constraint names a column that the table does not declare",
        "Declare the column, or correct the name.",
    ),
    fault(
        "DE108",
        "unknown-field",
        "`fields` names something that is not in the type of its column",
        "Write paths as they stand in the type; step into arrays with element and into maps with key and value. Elements, keys and values have no names or comments of their own.",
    ),
    fault(
        "DE109",
        "two-layouts",
        "a table is partitioned and clustered at once",
        "Keep one of partitioned_by and clustered_by.",
    ),
    fault(
        "DE110",
        "empty-list",
        "a list that needs an entry has none",
        "Name at least one column, or leave the key out.",
    ),
    fault(
        "DE111",
        "unpaired-columns",
        "a foreign key references more or fewer columns than it has",
        "Name a referenced column for each column of the key.",
    ),
    fault(
        "DE112",
        "two-sources",
        "a column is filled in two ways at once",
        "Keep one of default, generated and identity.",
    ),
    fault("DE113", "zero-increment", "an identity counts in steps of 0", "Write another increment, such as 1."),
    fault(
        "DE114",
        "renames",
        "renames contradict each other",
        "Each former name belongs to one column only; names that are traded need a third name and two applies.",
    ),
    fault(
        "DE115",
        "unknown-property",
        "a property begins with `delta.`, and Delta does not know it",
        "Correct the key; a key that does not begin with `delta.` is yours and may be anything.",
    ),
    fault(
        "DE116",
        "reserved-property",
        "a property is written that the platform keeps, or that has a key of its own in definitions",
        "Leave it out, or use the key that the message names.",
    ),
    fault(
        "DE117",
        "property-value",
        "the value of a property has the wrong form",
        "Write the value as the message says.",
    ),
    fault(
        "DE118",
        "duplicate-table",
        "a table is declared twice; names compare without case",
        "Remove or rename one of the declarations.",
    ),
    fault("DE119", "shared-location", "two tables are declared at one location", "Give each table its own location."),
    fault(
        "DE120",
        "outside-schemas",
        "a table is declared outside the schemas that the registry is limited to",
        "Declare it in one of those schemas, or widen the limit where the registry is built.",
    ),
    fault(
        "DE401",
        "unreadable",
        "something is at the place of a table, and it cannot be read",
        "The message names the file. The other tables of the run are not held up.",
    ),
    fault(
        "DE402",
        "not-stored",
        "a part of a declaration cannot be stored by the target, and the target is strict",
        "Leave it out of the declaration, or remove `strict: true` from the target.",
    ),
    fault(
        "DE410",
        "backend",
        "a change is beyond what this backend can do to a table without harming it",
        "Make the change through the engine that manages the table.",
    ),
    fault(
        "DE504",
        "concurrent-writers",
        "jobs that write to a table while its metadata changes fail, and start again if they retry",
        "Apply when nobody writes, or make sure that the jobs retry.",
    ),
    fault(
        "DE505",
        "unused-permission",
        "a permission was given that nothing needed",
        "Remove it, so that it does not let a later change pass unseen.",
    ),
];

/// The way out of a fault of a file; its own message always says more.
fn of_file(code: &str) -> &'static str {
    match code {
        "DE150" => "Check the path, the permissions of the file, and that it is saved as UTF-8.",
        "DE151" => {
            "Look at the place and the line before it; put values that hold `: `, `#`, brackets or commas in quotes."
        }
        "DE152" => "Write the value out where it is used; `defaults` says what tables have in common.",
        "DE153" => "Write `tables:` with at least one table, or remove the file.",
        "DE154" => "Correct the key; the message names the nearest one, and `delta-engine schema` lists all.",
        "DE155" => "Remove one of the two.",
        "DE156" => "Add the key.",
        "DE157" => "Write the value in the form that the message shows.",
        "DE158" => "Write one of the values that the message lists.",
        "DE159" => "Put the value in quotes.",
        "DE160" => "Declare the variable in delta-engine.yml, set it with --var, or export it.",
        "DE161" => "Check the path or pattern, and the folder you are in; -C changes it.",
        "DE162" => "Write the table in YAML.",
        "DE163" => "Put text in single quotes inside the value: default: \"'new'\".",
        "DE164" => "Name a target with --target, or mark one with `default: true`.",
        "DE165" => "Correct the name; `delta-engine explain` lists the rules.",
        "DE166" => "Write a reference such as ${env.TOKEN}, and set the variable where the program runs.",
        _ => "The message of the fault says what to write instead.",
    }
}

#[cfg(test)]
mod tests {
    use delta_engine::schema::rules::RULES;

    use super::*;

    #[test]
    fn every_fault_of_a_file_has_a_way_out_of_its_own() {
        for (code, name, _) in FILE_FAULTS {
            assert_ne!(of_file(code), of_file(""), "{code} {name}");
        }
    }

    #[test]
    fn codes_and_names_are_those_of_nothing_else() {
        let all = faults();
        assert!(all.windows(2).all(|pair| pair[0].code < pair[1].code), "each code once");
        for fault in all {
            assert!(RULES.iter().all(|rule| rule.code != fault.code && rule.name != fault.name), "{}", fault.code);
            assert!(fault.way_out.ends_with('.') && !fault.summary.ends_with('.'), "{}", fault.code);
        }
    }
}
