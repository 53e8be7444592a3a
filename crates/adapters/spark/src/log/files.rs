//! Files of logs by their paths: the relations that read them, and the ways in which Spark writes a path.
//!
//! SQL can name several files by a pattern only, which Spark expands ten times as slowly as it takes a list of paths; so a query
//! is SQL, and what it reads is a relation beside it. Knows nothing of what is in a log.

use std::borrow::Cow;

use delta_engine_spark_proto as proto;
use percent_encoding::percent_decode_str;
use proto::relation::RelType;

/// What queries call the files.
const FILES: &str = "files";

/// The commits and checksums in these folders.
pub(super) fn in_folders(paths: Vec<String>) -> proto::Relation {
    read(paths, [("pathGlobFilter".to_owned(), "*.{json,crc}".to_owned())].into())
}

/// What these files hold, each beside its path.
pub(super) fn contents(paths: Vec<String>) -> proto::Relation {
    let query = format!("SELECT path, decode(content, 'UTF-8') AS content FROM {FILES}");
    let files = proto::SubqueryAlias {
        input: Some(Box::new(read(paths, Default::default()))),
        alias: FILES.to_owned(),
        qualifier: Vec::new(),
    };
    let query = proto::Sql { query, ..Default::default() };
    relation(RelType::WithRelations(Box::new(proto::WithRelations {
        root: Some(Box::new(relation(RelType::Sql(query)))),
        references: vec![relation(RelType::SubqueryAlias(Box::new(files)))],
    })))
}

fn read(paths: Vec<String>, options: std::collections::HashMap<String, String>) -> proto::Relation {
    let source =
        proto::read::DataSource { format: Some("binaryFile".to_owned()), paths, options, ..Default::default() };
    relation(RelType::Read(proto::Read {
        is_streaming: false,
        read_type: Some(proto::read::ReadType::DataSource(source)),
    }))
}

fn relation(rel_type: RelType) -> proto::Relation {
    proto::Relation { common: Some(proto::RelationCommon::default()), rel_type: Some(rel_type) }
}

/// Whether a place is a path that means itself: Spark takes some letters for a pattern.
pub(super) fn is_path(place: &str) -> bool {
    let scheme = place.split_once(":/").map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric());
    let is_plain = |letter: char| !"{}[]*?\\".contains(letter) && !letter.is_control();
    scheme.is_some_and(is_scheme) && place.chars().all(is_plain)
}

/// The table's place and the file's name, of a file in a log.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    Some((folder.strip_suffix(super::LOG)?.strip_suffix('/')?, name))
}

/// A path as people write it, of one that Spark lists (`SparkPath.urlEncoded`).
pub(super) fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8().unwrap_or(Cow::Borrowed(path))
}

/// A path in the one spelling for an empty host: `file:/w` and `file:///w` are the same.
pub(super) fn plain(path: &str) -> String {
    path.replacen(":///", ":/", 1)
}

/// Whether two paths are the same.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_would_be_patterns_are_left_to_others() {
        let check = |place: &str, expected: bool| assert_eq!(is_path(place), expected, "{place}");
        check("file:/w/a-b_c", true);
        check("file:/w/a b%20ü,c", true);
        check("s3a://bucket/k=1/t", true);
        check("abfss://c@a.dfs.core.windows.net/t", true);
        for odd in ["file:/w/{a}", "file:/w/[a]", "file:/w/a*", "file:/w/a?", "file:/a\\b", "file:/a\nb", "w/a", ""] {
            check(odd, false);
        }
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(split("file:/w/t/_delta_log/1.crc"), Some(("file:/w/t", "1.crc")));
        assert_eq!(split("file:/w/t_delta_log/1.crc"), None);
        assert_eq!(decoded("file:///w/a%20b%2520"), "file:///w/a b%20");
        assert!(is_same("file:/w", "file:///w") && !is_same("s3://a/w", "s3://b/w"));
    }
}
