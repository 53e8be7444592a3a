//! Finds files of definitions by path and pattern and reads them side by side.
//!
//! Files are read in the order of their names, whatever finishes first. Names in messages are those below the base.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use delta_engine_application::{DeclarationFault, Declared};
use globset::{GlobBuilder, GlobMatcher};

use crate::context::Context;
use crate::fault::{NO_FILES, SQL, UNREADABLE, VALUE, file_fault};
use crate::project::PROJECT_FILE;
use crate::read::read_source;
use crate::text::SourceText;

/// How deep folders of definitions may nest.
const MAX_DEPTH: usize = 32;

/// Reads definitions from files, folders (`**/*.yml` below them) and patterns, relative to `base`.
///
/// What is wrong with a path or file is among the faults; so is a path or pattern that matches nothing.
pub fn read_files(paths: &[PathBuf], base: &Path, context: &Context) -> Declared {
    let folder = Folder { base, prefix: Path::new("") };
    let (files, faults) = folder.all(paths);
    read_all(files, faults, &folder, context)
}

/// Reads the definitions of a project: one pattern of several may match nothing. `prefix` stands before the names.
pub(crate) fn read_patterns(patterns: &[PathBuf], base: &Path, prefix: &Path, context: &Context) -> Declared {
    let folder = Folder { base, prefix };
    let (files, mut faults) = folder.all(patterns);
    if !files.is_empty() {
        faults.retain(|fault| fault.code != NO_FILES);
    }
    read_all(files, faults, &folder, context)
}

fn read_all(
    files: BTreeSet<PathBuf>,
    faults: Vec<DeclarationFault>,
    folder: &Folder<'_>,
    context: &Context,
) -> Declared {
    let files: Vec<PathBuf> = files.into_iter().collect();
    let mut declared = Declared::from(faults);
    read_side_by_side(&files, folder, context).into_iter().for_each(|read| declared.append(read));
    declared
}

fn read_side_by_side(files: &[PathBuf], folder: &Folder<'_>, context: &Context) -> Vec<Declared> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    if workers < 2 {
        return files.iter().map(|file| read_file(file, folder, context)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(usize, Declared)> = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else { return done };
            done.push((index, read_file(file, folder, context)));
        }
    };
    let mut all: Vec<(usize, Declared)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, declared)| declared).collect()
}

fn read_file(file: &Path, folder: &Folder<'_>, context: &Context) -> Declared {
    let name = folder.shown(file);
    if has_extension(file, &["sql"]) {
        let help = "write the table in YAML, or leave the .sql pattern out of `definitions`";
        let message = "is a SQL file; SQL definitions are not supported yet".to_owned();
        return vec![file_fault(SQL, &name, message, Some(help.to_owned()))].into();
    }
    let source = match fs::read(file) {
        Ok(bytes) => SourceText::decode(&name, bytes),
        Err(error) => Err(Box::new(unreadable(&name, &error))),
    };
    match source {
        Ok(source) => read_source(&source, context),
        Err(fault) => vec![*fault].into(),
    }
}

/// The fault for a file that the system does not give us.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> DeclarationFault {
    let kind = error.kind();
    let (message, help) = if kind == io::ErrorKind::NotFound {
        ("does not exist".to_owned(), "check the spelling and the folder you are in".to_owned())
    } else if kind == io::ErrorKind::PermissionDenied {
        ("may not be read by this user".to_owned(), format!("give read permission: chmod +r {name}"))
    } else {
        (format!("cannot be read: {error}"), "see whether the file and its disk are sound".to_owned())
    };
    file_fault(UNREADABLE, name, message, Some(help))
}

/// Where relative paths start, and how files there are called.
struct Folder<'f> {
    base: &'f Path,
    prefix: &'f Path,
}

impl Folder<'_> {
    /// The files of all paths, and what is wrong with paths.
    fn all(&self, paths: &[PathBuf]) -> (BTreeSet<PathBuf>, Vec<DeclarationFault>) {
        let mut faults = Vec::new();
        let mut files = BTreeSet::new();
        for path in paths {
            match self.matching(path) {
                Ok(found) => files.extend(found),
                Err(fault) => faults.push(*fault),
            }
        }
        (files, faults)
    }

    /// The pattern below the base, whose own letters stand for themselves.
    fn pattern(&self, path: &Path) -> String {
        if path.is_absolute() || self.base.as_os_str().is_empty() {
            return path.to_string_lossy().into_owned();
        }
        format!("{}/{}", globset::escape(&self.base.to_string_lossy()), path.to_string_lossy())
    }

    /// The name of a file as the user would type it.
    fn shown(&self, file: &Path) -> String {
        let Ok(below) = file.strip_prefix(self.base) else { return file.to_string_lossy().into_owned() };
        let below = below.strip_prefix("./").unwrap_or(below);
        let name = self.prefix.join(below).to_string_lossy().into_owned();
        if name.is_empty() { ".".to_owned() } else { name }
    }

    /// The files of a path or pattern, at least one.
    fn matching(&self, path: &Path) -> Result<Vec<PathBuf>, Box<DeclarationFault>> {
        let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        let full = self.base.join(&path);
        // The folder one is in, which is written as `.` and not as nothing.
        let full = if full.as_os_str().is_empty() { PathBuf::from(".") } else { full };
        let name = self.shown(&full);
        if full.is_file() {
            return Ok(vec![full]);
        }
        let mut found = Vec::new();
        if full.is_dir() {
            walk(&full, &mut Vec::new(), &mut |file| {
                if has_extension(file, &["yml", "yaml"]) {
                    found.push(file.to_owned());
                }
            })
            .map_err(|error| Box::new(unreadable(&name, &error)))?;
            let help = "files of definitions end in .yml or .yaml; name another folder, or a file";
            return at_least_one(found, &name, "is a folder without any .yml or .yaml file", help);
        }
        if !name.contains(['*', '?', '[', '{']) {
            let is_there = fs::symlink_metadata(&full).is_ok();
            let message = if is_there { "is neither a file nor a folder" } else { "does not exist" };
            let help = "give a file, a folder or a pattern such as tables/**/*.yml".to_owned();
            return Err(Box::new(file_fault(NO_FILES, &name, message.to_owned(), Some(help))));
        }
        let pattern = matcher(&self.pattern(&path), &name)?;
        let start = self.base.join(literal_folder(&path));
        if start.is_dir() {
            walk(&start, &mut Vec::new(), &mut |file| {
                if pattern.is_match(file) {
                    found.push(file.to_owned());
                }
            })
            .map_err(|error| Box::new(unreadable(&self.shown(&start), &error)))?;
        }
        let message = "matches no file";
        let help = if start.is_dir() {
            format!("`*` stands for one part of a path and `**/` for any folders; looked in {}", self.shown(&start))
        } else {
            format!("the folder {} does not exist; create it, or change the pattern", self.shown(&start))
        };
        at_least_one(found, &name, message, &help)
    }
}

fn at_least_one(
    found: Vec<PathBuf>,
    name: &str,
    message: &str,
    help: &str,
) -> Result<Vec<PathBuf>, Box<DeclarationFault>> {
    if found.is_empty() {
        return Err(Box::new(file_fault(NO_FILES, name, message.to_owned(), Some(help.to_owned()))));
    }
    Ok(found)
}

fn matcher(pattern: &str, name: &str) -> Result<GlobMatcher, Box<DeclarationFault>> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        let message = format!("is no pattern: {}", error.kind());
        let help = "a pattern is written as tables/**/*.yml or {silver,gold}/*.yml".to_owned();
        Box::new(file_fault(VALUE, name, message, Some(help)))
    })
}

/// The folders before the first part with a wildcard.
fn literal_folder(pattern: &Path) -> PathBuf {
    let wild = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    pattern.components().take_while(|part| !wild(part)).collect()
}

/// Visits every file below a folder; hidden folders and the insides of Delta tables are left out. `above` are the folders
/// that it is in, without links: a link that leads back to one of them is not followed.
fn walk(folder: &Path, above: &mut Vec<PathBuf>, visit: &mut impl FnMut(&Path)) -> io::Result<()> {
    let real = fs::canonicalize(folder)?;
    if above.len() > MAX_DEPTH || above.contains(&real) {
        return Ok(());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        // `metadata` follows links: definitions are often mounted as links.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_file() {
            // The project file is YAML too, and no definition.
            if name != PROJECT_FILE {
                visit(&path);
            }
        } else if name == "_delta_log" {
            return Ok(());
        } else if metadata.is_dir() && !name.to_string_lossy().starts_with('.') {
            folders.push(path);
        }
    }
    above.push(real);
    let walked = folders.iter().try_for_each(|folder| walk(folder, above, visit));
    above.pop();
    walked
}

fn has_extension(file: &Path, wanted: &[&str]) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    wanted.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
}
