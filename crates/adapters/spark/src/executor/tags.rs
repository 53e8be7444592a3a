//! More tags than a catalog keeps of one thing: refused in the plan, because some would be set and the others not.

use delta_engine_schema::model::{Aspect, DesiredTable, Path, Subject};
use delta_engine_schema::{Action, Finding, Severity};

/// The table and the columns that get more tags than `most`.
pub(super) fn excess(most: usize, desired: &DesiredTable, actions: &[Action]) -> Vec<Finding> {
    let creates = actions.iter().any(|action| matches!(action, Action::CreateTable { .. }));
    let tags = |action: &Action, at: &Path| {
        matches!(action, Action::SetTableTag { .. }) && at.is_table()
            || matches!(action, Action::SetColumnTag { path, .. } if path == at)
    };
    let sets = |at: &Path| creates || actions.iter().any(|action| tags(action, at));
    let of_columns = desired.columns.iter().map(|column| (Path::column(column.name().clone()), column.tags.len()));
    let tagged = [(Path::table(), desired.tags.len())].into_iter().chain(of_columns);
    let excessive = tagged.filter(|(path, count)| *count > most && sets(path));
    let refusal = |(path, count): (Path, usize)| Finding {
        severity: Severity::Rejection,
        subject: Subject::path(&desired.name, &path).aspect(Aspect::Tags),
        ..super::note(
            &desired.name,
            &format!("{count} tags are declared, and Unity Catalog keeps up to {most} of one table or column"),
            &format!("remove {} of them", count - most),
        )
    };
    excessive.map(refusal).collect()
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::draft::{ColumnDraft, TableDraft, TypeDraft};

    use super::*;

    fn check(tags: usize, of_column: usize, actions: fn(&DesiredTable) -> Action, expected: &[&str]) {
        let numbered = |count: usize| (0..count).map(|number| (format!("k{number}"), String::new())).collect();
        let mut draft = TableDraft::new("main.s.t");
        let column = ColumnDraft::new("a", TypeDraft::Text("int".to_owned()));
        draft.columns = vec![ColumnDraft { tags: numbered(of_column), ..column }];
        draft.tags = numbered(tags);
        let desired = draft.check().expect("a declaration");
        let found = excess(50, &desired, &[actions(&desired)]);
        let said: Vec<String> =
            found.iter().map(|finding| format!("{}: {}", finding.subject, finding.message)).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn the_fifty_first_tag_is_refused_where_tags_are_set() {
        let creation = |desired: &DesiredTable| Action::CreateTable { table: Box::new(desired.clone()) };
        let other = |_: &DesiredTable| Action::UnsetTableTag { key: "old".to_owned(), from: String::new() };
        check(50, 50, creation, &[]);
        check(51, 52, other, &[]);
        let words = |count: usize| {
            format!("{count} tags are declared, and Unity Catalog keeps up to 50 of one table or column")
        };
        let (table, column) = (words(51), words(52));
        check(51, 0, creation, &[&format!("main.s.t: {table}")]);
        check(0, 52, creation, &[&format!("main.s.t.a: {column}")]);
    }
}
