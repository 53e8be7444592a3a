//! Which files of `_delta_log` make up one version: the newest complete checkpoint and the commits after it.
//!
//! Owns file names (PROTOCOL.md, "Delta Log Entries", "Checkpoints", "Log Compaction Files", "Last Checkpoint File") and
//! the choice between them. Reads no actions. `<v>.crc` files are never used: writers leave them out or write them with
//! fields missing, and the commits they would spare are at most a checkpoint interval.

use std::collections::BTreeMap;

use super::error::LogError;
use crate::storage::{LOG_FOLDER, LogFile, TableFiles};

/// The files that make up one version of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The version.
    pub(crate) version: u64,
    /// The commits after the checkpoint, newest first.
    pub(crate) commits: Vec<CommitFile>,
    /// The newest complete checkpoint.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Whether the commit of `version` is there, be it in `commits` or behind the checkpoint.
    pub(crate) has_newest_commit: bool,
}

/// A commit, or a compacted range of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitFile {
    /// The first version in it.
    pub(crate) from: u64,
    /// The last version in it.
    pub(crate) to: u64,
}

/// A complete checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Its version.
    pub(crate) version: u64,
    /// Its top-level files, all of them; one ending in `.json` is a V2 checkpoint in that format.
    pub(crate) files: Vec<LogFile>,
}

/// What a name in `_delta_log` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogName {
    Commit(u64),
    Compacted { from: u64, to: u64 },
    Checkpoint { version: u64, form: Form },
    Checksum,
    LastCheckpoint,
}

/// Forms of checkpoints, in order of preference among those of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `n.checkpoint.parquet`, classic or V2.
    Single,
    /// `n.checkpoint.<uuid>.{parquet,json}`, V2.
    Unique,
    /// `n.checkpoint.<part>.<parts>.parquet`, complete only with all parts.
    Part { parts: u32, part: u32 },
}

/// The path of a commit, from the table's root.
pub(crate) fn commit_path(version: u64) -> String {
    format!("{LOG_FOLDER}/{version:020}.json")
}

impl CommitFile {
    fn single(version: u64) -> Self {
        Self { from: version, to: version }
    }

    /// The path from the table's root.
    pub(crate) fn path(&self) -> String {
        if self.from == self.to {
            return commit_path(self.to);
        }
        format!("{LOG_FOLDER}/{:020}.{:020}.compacted.json", self.from, self.to)
    }
}

/// Lists the log and chooses the files of the newest version, or of version `at`. `None` where there is no log at all.
pub(crate) async fn find(files: &dyn TableFiles, at: Option<u64>) -> Result<Option<Segment>, LogError> {
    // Asking for the hint pays only where a listing has pages; a local folder is listed as a whole anyway.
    let hint = if files.parallelism() > 1 { checkpoint_hint(files).await } else { None };
    if let Some(version) = hint.filter(|version| at.is_none_or(|at| *version <= at)) {
        // `.` sorts before every other letter of a log name, so all files of the version come after.
        let listed = files.list_log(Some(&format!("{version:020}."))).await?;
        // A hint that leads to no checkpoint is stale or garbled: it must not matter.
        if let Ok(Some(segment)) = choose(&listed, at)
            && segment.checkpoint.is_some()
        {
            return Ok(Some(segment));
        }
    }
    choose(&files.list_log(None).await?, at)
}

async fn checkpoint_hint(files: &dyn TableFiles) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Hint {
        version: u64,
    }
    let content = files.read(&format!("{LOG_FOLDER}/_last_checkpoint")).await.ok()?;
    serde_json::from_slice::<Hint>(&content.bytes).ok().map(|hint| hint.version)
}

/// Chooses from what was listed.
fn choose(listed: &[LogFile], at: Option<u64>) -> Result<Option<Segment>, LogError> {
    let mut commits = Vec::new();
    let mut compacted: BTreeMap<u64, u64> = BTreeMap::new();
    let mut checkpoints: BTreeMap<u64, Vec<(Form, &LogFile)>> = BTreeMap::new();
    let mut trace = None;
    let wanted = |version: u64| at.is_none_or(|at| version <= at);
    for file in listed {
        let Some(name) = LogName::parse(&file.name) else { continue };
        match name {
            LogName::Commit(version) => {
                commits.push(version);
            }
            LogName::Compacted { from, to } if wanted(to) && from < to => {
                let longest = compacted.entry(to).or_insert(from);
                *longest = from.min(*longest);
            }
            LogName::Checkpoint { version, form } if wanted(version) => {
                checkpoints.entry(version).or_default().push((form, file));
            }
            LogName::Compacted { .. } | LogName::Checkpoint { .. } => {}
            LogName::Checksum | LogName::LastCheckpoint => trace = Some(&file.name),
        }
    }
    commits.sort_unstable();
    commits.dedup();
    let newest_commit = commits.last().copied();
    commits.retain(|version| wanted(*version));

    let mut incomplete = None;
    let mut checkpoint = None;
    for (version, files) in checkpoints.iter().rev() {
        match complete(*version, files) {
            Ok(found) => {
                checkpoint = Some(found);
                break;
            }
            Err(lacks) => incomplete = incomplete.or(Some(lacks)),
        }
    }
    let base = checkpoint.as_ref().map(|checkpoint| checkpoint.version);
    let Some(version) = commits.last().copied().max(base) else {
        return match (newest_commit, trace) {
            (Some(newest), _) => Err(LogError::NoVersion { version: at.unwrap_or(0), newest }),
            (None, Some(file)) => Err(LogError::NoCommits { file: file.clone() }),
            (None, None) => Ok(None),
        };
    };
    if let Some(at) = at.filter(|at| *at != version) {
        return Err(match newest_commit.filter(|newest| *newest > at) {
            Some(newest) => missing(at, newest, incomplete),
            None => LogError::NoVersion { version: at, newest: version },
        });
    }

    let has_newest_commit = commits.binary_search(&version).is_ok();
    let first = base.map_or(0, |base| base + 1);
    let tail = &commits[commits.partition_point(|version| *version < first)..];
    if let Some(gap) = (first..=version)
        .zip(tail.iter().map(Some).chain(std::iter::repeat(None)))
        .find_map(|(expected, there)| (there != Some(&expected)).then_some(expected))
    {
        return Err(missing(gap, version, incomplete));
    }
    Ok(Some(Segment { version, commits: cover(first, version, &compacted), checkpoint, has_newest_commit }))
}

fn missing(version: u64, newest: u64, incomplete: Option<String>) -> LogError {
    LogError::MissingCommit { file: format!("{version:020}.json"), newest, incomplete }
}

/// The files that cover `first..=last`, newest first, by compacted ranges where they are longer.
///
/// The newest commit is always read by itself, because compaction drops `commitInfo`, and newest-first reading does not
/// mind meeting its other actions again.
fn cover(first: u64, last: u64, compacted: &BTreeMap<u64, u64>) -> Vec<CommitFile> {
    let mut files = Vec::new();
    if first > last {
        return files;
    }
    files.push(CommitFile::single(last));
    let longest = |to: u64| compacted.get(&to).copied().filter(|from| *from >= first);
    let mut next = match longest(last) {
        Some(_) => Some(last),
        None => last.checked_sub(1),
    };
    while let Some(to) = next.filter(|to| *to >= first) {
        let from = longest(to).unwrap_or(to);
        files.push(CommitFile { from, to });
        next = from.checked_sub(1);
    }
    files
}

/// The checkpoint that files of one version make, or what it lacks.
fn complete(version: u64, files: &[(Form, &LogFile)]) -> Result<Checkpoint, String> {
    let mut files = files.to_vec();
    files.sort_by(|(left, a), (right, b)| left.cmp(right).then_with(|| a.name.cmp(&b.name)));
    let mut lacks = format!("checkpoint {version} has no file");
    let mut sets: BTreeMap<u32, BTreeMap<u32, &LogFile>> = BTreeMap::new();
    for (form, file) in files {
        match form {
            Form::Single | Form::Unique => return Ok(Checkpoint { version, files: vec![file.clone()] }),
            Form::Part { parts, part } => {
                sets.entry(parts).or_default().insert(part, file);
            }
        }
    }
    for (parts, set) in sets {
        match (1..=parts).find(|part| !set.contains_key(part)) {
            None => return Ok(Checkpoint { version, files: set.into_values().cloned().collect() }),
            Some(part) => lacks = format!("checkpoint {version} lacks part {part} of {parts}"),
        }
    }
    Err(lacks)
}

impl LogName {
    fn parse(name: &str) -> Option<Self> {
        if name == "_last_checkpoint" {
            return Some(Self::LastCheckpoint);
        }
        let (version, rest) = split_version(name)?;
        let mut parts = rest.split('.');
        let found = (parts.next()?, parts.next(), parts.next(), parts.next(), parts.next());
        match found {
            ("json", None, ..) => Some(Self::Commit(version)),
            ("crc", None, ..) => Some(Self::Checksum),
            ("checkpoint", Some("parquet"), None, ..) => Some(Self::Checkpoint { version, form: Form::Single }),
            ("checkpoint", Some(unique), Some("parquet" | "json"), None, _) if is_uuid(unique) => {
                Some(Self::Checkpoint { version, form: Form::Unique })
            }
            ("checkpoint", Some(part), Some(parts), Some("parquet"), None) => {
                let (part, parts) = (digits(part, 10)?, digits(parts, 10)?);
                let form = Form::Part { parts: u32::try_from(parts).ok()?, part: u32::try_from(part).ok()? };
                Some(Self::Checkpoint { version, form })
            }
            (to, Some("compacted"), Some("json"), None, _) => {
                Some(Self::Compacted { from: version, to: digits(to, 20)? })
            }
            _ => None,
        }
    }
}

fn split_version(name: &str) -> Option<(u64, &str)> {
    let (version, rest) = name.split_once('.')?;
    // Versions are signed in Delta: a greater number is no version, and counting on from it must not overflow.
    Some((digits(version, 20).filter(|version| i64::try_from(*version).is_ok())?, rest))
}

/// A zero-padded number of this many digits.
fn digits(text: &str, length: usize) -> Option<u64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "80a083e8-7026-4e79-81be-64bd76c43a11";

    /// `3` is a commit, `3.c` a classic checkpoint, `3.1/2` a part, `3.u` a V2 checkpoint, `1-3` a compaction.
    fn log(names: &str) -> Vec<LogFile> {
        let expand = |short: &str| {
            // Anything longer is a name as it stands.
            if short.len() > 8 || !short.starts_with(|letter: char| letter.is_ascii_digit()) {
                return short.to_owned();
            }
            if let Some((from, to)) = short.split_once('-') {
                return format!("{:020}.{:020}.compacted.json", number(from), number(to));
            }
            match short.split_once('.') {
                Some((version, "c")) => format!("{:020}.checkpoint.parquet", number(version)),
                Some((version, "u")) => format!("{:020}.checkpoint.{UUID}.json", number(version)),
                Some((version, "crc")) => format!("{:020}.crc", number(version)),
                Some((version, part)) => {
                    let (part, parts) = part.split_once('/').unwrap();
                    format!("{:020}.checkpoint.{:010}.{:010}.parquet", number(version), number(part), number(parts))
                }
                None => format!("{:020}.json", number(short)),
            }
        };
        names.split_whitespace().map(|short| LogFile { name: expand(short), size: None }).collect()
    }

    fn number(text: &str) -> u64 {
        text.parse().unwrap()
    }

    fn show(listed: &str, at: Option<u64>) -> String {
        match choose(&log(listed), at) {
            Ok(None) => "absent".to_owned(),
            Err(error) => error.to_string(),
            Ok(Some(segment)) => {
                let commits = segment.commits.iter().map(|commit| {
                    if commit.from == commit.to {
                        commit.to.to_string()
                    } else {
                        format!("{}-{}", commit.from, commit.to)
                    }
                });
                let checkpoint = segment
                    .checkpoint
                    .map(|checkpoint| format!(" on {}x{}", checkpoint.version, checkpoint.files.len()))
                    .unwrap_or_default();
                format!("{}: {}{checkpoint}", segment.version, commits.collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn check(listed: &str, expected: &str) {
        assert_eq!(show(listed, None), expected, "{listed}");
    }

    #[test]
    fn the_newest_complete_checkpoint_and_the_commits_after_it_are_chosen() {
        check("0 1 2", "2: 2 1 0");
        check("0 1 1.c 2 3", "3: 3 2 on 1x1");
        check("1.c 3.c", "3:  on 3x1");
        check("2 3.u", "3:  on 3x1");
        check("0 1 2 2.1/2 2.2/2 3", "3: 3 on 2x2");
        check("2.1/3 2.2/2 2.1/2 3", "3: 3 on 2x2");
        check("2.1/2 2.2/2 2.c", "2:  on 2x1");
    }

    #[test]
    fn an_incomplete_checkpoint_falls_back_and_is_named_where_that_fails() {
        check("0 1 2 2.1/2 3", "3: 3 2 1 0");
        check("1.c 2 2.2/2", "2: 2 on 1x1");
        check(
            "2 2.1/2 3",
            "`_delta_log/00000000000000000000.json` is missing, and the log goes on to version 3 (checkpoint 2 lacks part 2 of 2)",
        );
    }

    #[test]
    fn a_gap_names_the_missing_commit() {
        check("0 2", "`_delta_log/00000000000000000001.json` is missing, and the log goes on to version 2");
        check("1.c 3", "`_delta_log/00000000000000000002.json` is missing, and the log goes on to version 3");
        check("5", "`_delta_log/00000000000000000000.json` is missing, and the log goes on to version 5");
    }

    #[test]
    fn compacted_ranges_shorten_the_read_and_the_newest_commit_stays() {
        check("0 1 2 3 4 1-3 2-3", "4: 4 1-3 0");
        check("0 1 2 3 0-3", "3: 3 0-3");
        check("0 1 2 3 2.c 1-3", "3: 3 on 2x1");
        check("0 1 2 3 3-3", "3: 3 2 1 0");
    }

    #[test]
    fn only_names_of_the_protocol_count() {
        check("_staged_commits .tmp 000000000.json 00000000000000000001.json.tmp", "absent");
        check(
            "_last_checkpoint",
            "`_delta_log` holds `_last_checkpoint` but neither a commit nor a complete checkpoint",
        );
        check("3.crc", "`_delta_log` holds `00000000000000000003.crc` but neither a commit nor a complete checkpoint");
        check("", "absent");
    }

    #[test]
    fn an_older_version_is_read_from_the_files_up_to_it() {
        assert_eq!(show("0 1 1.c 2 3 3.c", Some(2)), "2: 2 on 1x1");
        assert_eq!(show("0 1 2 0-2", Some(1)), "1: 1 0");
        assert_eq!(show("0 1", Some(4)), "version 4 is not in the log, whose newest version is 1");
        assert_eq!(show("3.c 4", Some(2)), "version 2 is not in the log, whose newest version is 4");
    }
}
