//! What a person should know of a server before it changes a table: what could not be checked, set or tried.

use delta_engine_sql::{Dialect, SparkLine};

use super::settings::Settings;

/// Something worth knowing that holds nothing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// All there is to know of a server that says it is this.
pub(super) fn remarks(dialect: Dialect, version: &str, settings: &Settings) -> Vec<Remark> {
    let remark = |message: String, help: &str| Remark { message, help: help.to_owned() };
    let mut remarks = Vec::new();
    if !settings.marks_commits {
        remarks.push(remark(
            "the server does not let commits name the plan they belong to".to_owned(),
            "nothing; the history of the table shows the user only",
        ));
    }
    if !settings.unchecked.is_empty() {
        let names = settings.unchecked.join(", ");
        remarks.push(remark(
            format!(
                "the server neither shows nor sets {names}, which changes what statements mean: its default is assumed"
            ),
            "see on the server that nobody has set it",
        ));
    }
    if matches!(dialect, Dialect::Delta(_)) && SparkLine::is_newer(version) {
        remarks.push(remark(
            format!("the server is Spark {version}, which was not tried: it is taken for {dialect}"),
            "read the statements, and try them where nothing can be lost",
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_out_of_the_ordinary_is_remarked() {
        let check = |dialect, version: &str, settings: Settings, expected: &[&str]| {
            let found: Vec<String> =
                remarks(dialect, version, &settings).into_iter().map(|remark| remark.message).collect();
            assert_eq!(found, expected);
        };
        let well = || Settings { marks_commits: true, ..Settings::default() };
        let spark = Dialect::Delta(SparkLine::NEWEST);
        check(spark, "4.2.0", well(), &[]);
        check(Dialect::Databricks, "5.0.0", well(), &[]);
        let untried = "the server is Spark 4.3.1, which was not tried: it is taken for OSS Spark 4.2";
        check(spark, "4.3.1", well(), &[untried]);
        check(spark, "4.2.0", Settings::default(), &["the server does not let commits name the plan they belong to"]);
    }
}
