//! What file statistics and data prove of a table version.
//!
//! Owns the order of evidence: statistics of every file first, then, where a scan is allowed, the data of those files
//! only that statistics leave open. An answer is about exactly the version it was asked for. A nested field counts as null
//! only where its parent is not: so Delta enforces NOT NULL on it (`Invariants`).

mod check;
mod deletion;
mod judge;
mod scan;
mod target;
#[cfg(test)]
mod tests;

use delta_engine_application::port::{Answer, Effort, Question, Statement, with_causes};
use delta_engine_schema::model::{ObservedTable, TableName};
use futures::StreamExt;

use crate::log::{DataFile, LogError, LogState, data_files, read_state};
use crate::observe::observe;
use crate::storage::TableFiles;
use check::Check;
use judge::Verdict;
use scan::ScanError;
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

/// A statement, resolved against the version it is about.
enum Resolved {
    NoNulls(Target),
    AllRows(Check),
}

impl Resolved {
    fn of(state: &LogState, table: Option<&ObservedTable>, statement: &Statement) -> Result<Self, String> {
        match statement {
            Statement::NoNulls(path) => {
                let target = Target::resolve(state, path);
                target
                    .map(Self::NoNulls)
                    .ok_or_else(|| format!("there is no column `{path}` in version {}", state.version))
            }
            Statement::AllRows(expression) => {
                let table = table.ok_or("the columns of that version can't be read")?;
                Check::resolve(state, table, expression).map(Self::AllRows)
            }
        }
    }

    /// The columns whose statistics it needs.
    fn columns(&self) -> Vec<Vec<String>> {
        match self {
            Self::NoNulls(target) => vec![target.statistics_path()],
            Self::AllRows(check) => check.targets.iter().map(Target::statistics_path).collect(),
        }
    }

    /// Judges a file by its statistics, those of its own columns beginning at `first`.
    fn judge(&self, file: &DataFile, first: usize) -> Verdict {
        match self {
            Self::NoNulls(target) => judge::judge(file, first, target),
            Self::AllRows(check) => check.judge(file, first),
        }
    }

    /// Reads a file's data; the row that breaks the statement, for people, or `None`.
    async fn scan(&self, files: &dyn TableFiles, file: &DataFile) -> Result<Option<String>, ScanError> {
        match self {
            Self::NoNulls(target) => scan::scan(files, file, target).await,
            Self::AllRows(check) => {
                let breaks = |columns: &[_], row| check.breaks(file, columns, row);
                scan::scan_rows(files, file, &check.targets, &breaks).await
            }
        }
    }
}

async fn try_answers(files: &dyn TableFiles, version: u64, questions: &[&Question]) -> Result<Vec<Answer>, LogError> {
    let unknowable = |why: String| Answer::Unknowable { why };
    let Some(state) = read_state(files, Some(version)).await? else {
        return Ok(vec![unknowable("there is no table".to_owned()); questions.len()]);
    };
    let table = observe(&TableName::bare("t"), None, &state).ok();
    let resolved: Vec<Result<Resolved, String>> =
        questions.iter().map(|question| Resolved::of(&state, table.as_ref(), &question.statement)).collect();
    let mut columns = Vec::new();
    let mut firsts = Vec::new();
    for statement in &resolved {
        firsts.push(columns.len());
        columns.extend(statement.as_ref().map(Resolved::columns).unwrap_or_default());
    }
    // The earliest proof covers all of them.
    let proven_at = questions.iter().map(|question| question.proven_at).min().flatten();
    let data = data_files(files, version, proven_at, &columns).await?.unwrap_or_default();
    let mut answers = Vec::with_capacity(questions.len());
    for ((question, statement), first) in questions.iter().zip(resolved).zip(firsts) {
        answers.push(match statement {
            Ok(statement) => answer(files, &data, first, &statement, question.effort).await,
            // Without files there are no rows, and whatever is said of every row is true.
            Err(_) if data.is_empty() => Answer::Proven,
            Err(why) => unknowable(why),
        });
    }
    Ok(answers)
}

async fn answer(
    files: &dyn TableFiles,
    data: &[DataFile],
    first: usize,
    statement: &Resolved,
    effort: Effort,
) -> Answer {
    let mut open = Vec::new();
    for file in data {
        match statement.judge(file, first) {
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
            // A damaged log may claim any size.
            bytes: open.iter().fold(0, |bytes, file| bytes.saturating_add(file.size)),
        };
    }
    let mut scans = Vec::with_capacity(open.len());
    for file in open {
        scans.push(statement.scan(files, file));
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
    unknowable.map_or(Answer::Proven, |error| Answer::Unknowable { why: with_causes(&error) })
}
