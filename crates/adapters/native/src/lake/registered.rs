//! From where a catalog says that a table is to where its files are read and written from here.
//!
//! The one place that knows how servers spell locations. Pure: whether there is anything is not looked at.

/// A location that can't be reached from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{location}` {why}")]
pub struct Unreachable {
    /// The location as the catalog has it.
    pub location: String,
    /// What is wrong with it.
    pub why: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

/// Where Unity Catalog puts tables that it manages, in every bucket.
const MANAGED: &str = "/__unitystorage/";

/// The URL of a registered location, as the object stores take it. Hadoop's paths are not percent-encoded, URLs are.
///
/// # Errors
/// Where the scheme is one that only the server can follow, or the place is managed by its catalog.
pub fn store_url(location: &str) -> Result<String, Unreachable> {
    let unreachable = |why, help| Err(Unreachable { location: location.to_owned(), why, help });
    let Some((scheme, rest)) = location.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return unreachable(
            "names no store: which one it is in is the server's to know",
            "create the table with a location that begins with file:, s3://, abfss:// or gs://",
        );
    };
    if location.contains(MANAGED) {
        return unreachable(
            "is managed by Unity Catalog, which lets nobody else commit there",
            "declare a `location` of your own for the table, or use the server alone",
        );
    }
    let path = rest.trim_start_matches('/');
    match scheme.to_ascii_lowercase().as_str() {
        // Hadoop writes `file:/w/t`; a host, as in `file://host/w`, is another machine's disk.
        "file" if !rest.starts_with('/') || (rest.starts_with("//") && !rest.starts_with("///")) => {
            unreachable("is on the disk of another machine", "use the server alone for this table")
        }
        "file" => Ok(format!("file:///{}", encoded(path))),
        "s3" | "s3a" | "s3n" => Ok(format!("s3://{}", encoded(path))),
        "abfs" | "abfss" => Ok(format!("abfss://{}", encoded(path))),
        "gs" => Ok(format!("gs://{}", encoded(path))),
        "wasb" | "wasbs" => unreachable(
            "is addressed through a driver of Azure that is retired and has no store here",
            "register the table by abfss://container@account.dfs.core.windows.net/…",
        ),
        "dbfs" => unreachable(
            "is a path of the workspace: which bucket is behind it is known there only",
            "register the table by the URL of its bucket, as s3://, abfss:// or gs://",
        ),
        _ => unreachable(
            "is in a store that can't be reached from here",
            "tables in file:, s3://, abfss:// and gs:// can be; for others use the server alone",
        ),
    }
}

/// A Windows drive is no scheme.
fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// What would mean something else in a URL; the rest is encoded where the URL is read.
fn encoded(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use delta_engine_application::port::Relation;

    use super::*;
    use crate::lake::{Lake, local_path};

    fn check(location: &str, expected: Result<&str, &str>) {
        let found = store_url(location);
        let found = found.as_deref().map_err(|error| error.why);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{location}: {why}"),
            (found, _) => panic!("{location}: {found:?}"),
        }
    }

    #[test]
    fn locations_are_spelt_as_stores_take_them() {
        check("file:/w/t", Ok("file:///w/t"));
        check("file:///w/t", Ok("file:///w/t"));
        check("s3a://bucket/k=1/t", Ok("s3://bucket/k=1/t"));
        check("s3n://bucket/t", Ok("s3://bucket/t"));
        check("s3://bucket/t", Ok("s3://bucket/t"));
        check("S3A://bucket/t", Ok("s3://bucket/t"));
        check("abfss://c@a.dfs.core.windows.net/t", Ok("abfss://c@a.dfs.core.windows.net/t"));
        check("abfs://c@a.dfs.core.windows.net/t", Ok("abfss://c@a.dfs.core.windows.net/t"));
        check("gs://bucket/t", Ok("gs://bucket/t"));
    }

    #[test]
    fn places_that_only_the_server_can_follow_are_refused() {
        check("wasbs://c@a.blob.core.windows.net/t", Err("retired"));
        check("wasb://c@a.blob.core.windows.net/t", Err("retired"));
        check("dbfs:/user/hive/warehouse/t", Err("workspace"));
        check("dbfs:/mnt/lake/t", Err("workspace"));
        check("hdfs://namenode/t", Err("can't be reached"));
        check("file://host/w/t", Err("another machine"));
        check("/w/t", Err("names no store"));
        check("C:\\w\\t", Err("names no store"));
        check("", Err("names no store"));
        let managed = "s3://bucket/x/__unitystorage/catalogs/0/tables/1";
        check(managed, Err("managed by Unity Catalog"));
        let said = store_url(managed).unwrap_err().to_string();
        assert!(said.starts_with("`s3://bucket/x"), "{said}");
    }

    #[test]
    fn odd_letters_lead_to_the_folder_that_the_server_means() {
        let lake = Lake::open("/", BTreeMap::new()).unwrap();
        let folder = |location: &str| {
            let location = Some(store_url(location).unwrap());
            local_path(&lake.table_url(&Relation { name: "s.t".parse().unwrap(), location }).unwrap()).unwrap()
        };
        for path in ["/w/a b", "/w/50%25", "/w/a#b?c", "/w/ä😀"] {
            assert_eq!(folder(&format!("file:{path}")), std::path::Path::new(path));
        }
    }
}
