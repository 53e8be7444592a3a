//! Who was faster: the newest commits of a table that are not of this plan, from the table's history.
//!
//! Asked once a step lost to somebody, and never before; where nobody can tell, the error says what it said.

use delta_engine_application::port::{Context, ErrorKind, ExecutionError};

use crate::client::Row;
use crate::server::Server;
use crate::statement;

/// Commits that are looked through: those of this plan may be newer than the others'.
const COMMITS: usize = 10;
/// Commits that are named.
const NAMED: usize = 3;

/// The error, with the commits that were in the way where it is a conflict.
pub(super) async fn named(server: &Server, context: &Context, error: ExecutionError) -> ExecutionError {
    // Without marks nobody can tell this plan's commits from another's; Sail keeps none, and shows no history.
    let Some(own) = server.mark_for(&context.digest).filter(|_| error.kind == ErrorKind::Conflict) else {
        return error;
    };
    let command = format!("DESCRIBE HISTORY {} LIMIT {COMMITS}", statement::table(&context.relation.name));
    let Ok(rows) = server.show(&command).await else { return error };
    let others = rows.iter().filter(|row| text(row, "userMetadata") != Some(&own));
    let others: Vec<(u64, String)> = others.filter_map(|row| commit(&row)).collect();
    match told(others, context.observed.as_ref().map_or(0, |observed| observed.version)) {
        Some(commits) => ExecutionError { message: format!("{}; {commits}", error.message), ..error },
        None => error,
    }
}

/// Those that are newer than what the plan saw, the newest first; where it saw no version, the newest.
fn told(mut others: Vec<(u64, String)>, seen: u64) -> Option<String> {
    match seen {
        0 => others.truncate(1),
        _ => others.retain(|(version, _)| *version > seen),
    }
    others.truncate(NAMED);
    let commits: Vec<String> = others.into_iter().map(|(_, commit)| commit).collect();
    (!commits.is_empty()).then(|| format!("the other commit is {}", commits.join(", after ")))
}

/// The version of a commit, and what it was.
fn commit(row: &Row<'_>) -> Option<(u64, String)> {
    let version = u64::try_from(row.integer("version").ok().flatten()?).ok()?;
    let by = text(row, "userName").map(|user| format!(" by {user}")).unwrap_or_default();
    Some((version, format!("version {version}, {}{by}", text(row, "operation")?)))
}

fn text<'r>(row: &Row<'r>, column: &str) -> Option<&'r str> {
    row.text(column).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_the_plan_is_named() {
        let history = || vec![(9, "nine".to_owned()), (8, "eight".to_owned()), (7, "seven".to_owned())];
        let check = |seen, expected| assert_eq!(told(history(), seen).as_deref(), expected);
        check(8, Some("the other commit is nine"));
        check(7, Some("the other commit is nine, after eight"));
        check(9, None);
        check(0, Some("the other commit is nine"));
        assert_eq!(told(Vec::new(), 0), None);
    }
}
