//! What file statistics and data prove of a table version.
//!
//! Owns the order of evidence: statistics of every file first, then, where a scan is allowed, the data of those files
//! only that statistics leave open. An answer is about exactly the version it was asked for. A nested field counts as null
//! only where its parent is not: so Delta enforces NOT NULL on it (`Invariants`).

mod deletion;
mod judge;
mod scan;
mod target;
#[cfg(test)]
mod tests;

use delta_engine_application::port::{Answer, Effort, Question, Statement};
use futures::StreamExt;

use crate::log::{DataFile, LogError, data_files, read_state};
use crate::storage::TableFiles;
use judge::Verdict;
use target::Target;

/// Answers questions about one version of one table, reading its file list once; where they are proven for an earlier
/// version, only the files that came since.
pub(crate) async fn answers(files: &dyn TableFiles, version: u64, questions: &[&Question]) -> Vec<Answer> {
    match try_answers(files, version, questions).await {
        Ok(answers) => answers,
        Err(error) => {
            let why = delta_engine_application::port::Unreadable::from(error).reason;
            vec![Answer::Unknowable { why }; questions.len()]
        }
    }
}

async fn try_answers(files: &dyn TableFiles, version: u64, questions: &[&Question]) -> Result<Vec<Answer>, LogError> {
    let unknowable = |why: String| Answer::Unknowable { why };
    let Some(state) = read_state(files, Some(version)).await? else {
        return Ok(vec![unknowable("there is no table".to_owned()); questions.len()]);
    };
    let targets: Vec<Result<Target, Answer>> = questions
        .iter()
        .map(|question| match &question.statement {
            Statement::NoNulls(path) => Target::resolve(&state, path)
                .ok_or_else(|| unknowable(format!("there is no column `{path}` in version {version}"))),
            Statement::AllRows(_) => {
                Err(unknowable("this build evaluates no conditions on a bare Delta log".to_owned()))
            }
        })
        .collect();
    let columns: Vec<Vec<String>> =
        targets.iter().map(|target| target.as_ref().map(Target::statistics_path).unwrap_or_default()).collect();
    if targets.iter().all(Result::is_err) {
        return Ok(targets.into_iter().filter_map(Result::err).collect());
    }
    // The earliest proof covers all of them.
    let proven_at = questions.iter().map(|question| question.proven_at).min().flatten();
    let data = data_files(files, version, proven_at, &columns).await?.unwrap_or_default();
    let mut answers = Vec::with_capacity(questions.len());
    for (index, (question, target)) in questions.iter().zip(targets).enumerate() {
        answers.push(match target {
            Ok(target) => no_nulls(files, &data, index, &target, question.effort).await,
            Err(answer) => answer,
        });
    }
    Ok(answers)
}

async fn no_nulls(files: &dyn TableFiles, data: &[DataFile], index: usize, target: &Target, effort: Effort) -> Answer {
    let mut open = Vec::new();
    for file in data {
        match judge::judge(file, index, target) {
            Verdict::Proven => {}
            Verdict::Refuted(example) => return Answer::Refuted { example },
            Verdict::Open => open.push(file),
        }
    }
    if open.is_empty() {
        return Answer::Proven;
    }
    if effort == Effort::Statistics {
        return Answer::NeedsScan {
            files: u64::try_from(open.len()).unwrap_or(u64::MAX),
            bytes: open.iter().map(|file| file.size).sum(),
        };
    }
    let mut scans = Vec::with_capacity(open.len());
    for file in open {
        scans.push(scan::scan(files, file, target));
    }
    let mut scans = futures::stream::iter(scans).buffered(files.parallelism());
    let mut unknowable = None;
    while let Some(scanned) = scans.next().await {
        match scanned {
            Ok(None) => {}
            Ok(Some(example)) => return Answer::Refuted { example },
            Err(error) => unknowable = unknowable.or(Some(error)),
        }
    }
    unknowable.map_or(Answer::Proven, |error| Answer::Unknowable { why: error.explain() })
}
