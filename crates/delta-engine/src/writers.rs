//! Where commits from here fit beside those of a server's own writers.
//!
//! A commit is safe where both sides put a version only if there is none. Which side does so is in docs/how-to/spark.md, with
//! what was measured. Pure.

use delta_engine_application::Refused;
use delta_engine_native::lake::{Commits, store_url};
use delta_engine_spark::Dialect;

/// Where folders of this machine begin.
const FOLDERS: &str = "file:///";

/// Whether commits from here and those of the server's own writers keep each other whole at a place.
pub(crate) fn fits(server: Dialect, commits: Option<Commits>, location: Option<&str>) -> Result<(), Refused> {
    let refused = |message: &str, help: &str| Err(Refused { message: message.to_owned(), help: help.to_owned() });
    // Before a table is there, its place is the server's choice: then what holds everywhere must be said.
    let url = match location.map(store_url) {
        None => String::new(),
        Some(Ok(url)) => url,
        Some(Err(unreachable)) => return refused(&unreachable.to_string(), unreachable.help),
    };
    let is_folder = url.starts_with(FOLDERS);
    let is_s3 = url.starts_with("s3://");
    match (server, commits) {
        (_, Some(Commits::SingleWriter)) => Ok(()),
        (_, Some(Commits::DynamoDb)) => refused(
            "`commits: dynamodb` can't be kept: the lock is not taken from here",
            "write commits: single-writer, and apply while nobody writes",
        ),
        // Sail commits through put-if-absent on every store, as commits from here do.
        (Dialect::Sail, Some(Commits::ConditionalPut)) => Ok(()),
        (Dialect::Sail, None) if is_folder => Ok(()),
        (Dialect::Databricks, Some(Commits::ConditionalPut)) if is_s3 => refused(
            "Databricks takes the order of commits on s3:// from a service of its own, which commits from here don't ask",
            "write commits: single-writer, and apply while nobody writes",
        ),
        (Dialect::Delta(_), Some(Commits::ConditionalPut)) if is_folder => refused(
            "Spark's commits to a folder replace a version that another process wrote in the same moment",
            "write commits: single-writer, and apply while nobody writes",
        ),
        (_, Some(Commits::ConditionalPut)) => Ok(()),
        (_, None) if !is_folder && !is_s3 && location.is_some() => Ok(()),
        (_, None) => refused(
            "nothing says how commits from here are kept apart from those of the server's own writers",
            "write commits: single-writer on the target, and apply while nobody writes; on s3://, commits: conditional-put \
             where every writer writes a version only if it is not there yet",
        ),
    }
}

#[cfg(test)]
mod tests {
    use delta_engine_spark::SparkLine;

    use super::*;

    const SPARK: Dialect = Dialect::Delta(SparkLine::NEWEST);

    fn check(server: Dialect, location: Option<&str>, expected: [Result<(), &str>; 3]) {
        let all = [None, Some(Commits::ConditionalPut), Some(Commits::SingleWriter)];
        for (commits, expected) in all.into_iter().zip(expected) {
            let found = fits(server, commits, location);
            match (&found, expected) {
                (Ok(()), Ok(())) => {}
                (Err(refused), Err(words)) if refused.message.contains(words) => {}
                (_, _) => panic!("{server} {commits:?} {location:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn commits_go_only_where_both_writers_are_kept_apart() {
        check(SPARK, Some("file:/w/t"), [Err("nothing says"), Err("replace a version"), Ok(())]);
        check(SPARK, Some("s3a://b/t"), [Err("nothing says"), Ok(()), Ok(())]);
        check(SPARK, Some("abfss://c@a.dfs.core.windows.net/t"), [Ok(()); 3]);
        check(SPARK, Some("gs://b/t"), [Ok(()); 3]);
        check(SPARK, None, [Err("nothing says"), Ok(()), Ok(())]);
        check(Dialect::Sail, Some("file:/w/t"), [Ok(()); 3]);
        check(Dialect::Sail, Some("s3://b/t"), [Err("nothing says"), Ok(()), Ok(())]);
        check(Dialect::Databricks, Some("s3://b/t"), [Err("nothing says"), Err("service of its own"), Ok(())]);
        check(Dialect::Databricks, Some("dbfs:/t"), [Err("workspace"); 3]);
    }
}
