//! Transcripts: ```console blocks are run again, in order, and must say what the page says.
//!
//! A page has one folder of its own. Comments before a block say more:
//! `<!-- scenario: NAME -->` begins a new folder with a copy of docs/scenarios/NAME and runs its file `setup`;
//! `<!-- file: PATH -->` writes the block to that file of the folder;
//! `<!-- same as: PATH -->` demands that the block is that file of the repository.
//! A line of expected output may hold `[..]` for any text; a line `...` stands for any lines. Lines that begin with `> `
//! behind a command continue it. A command that fails must be followed by `$ echo $?`.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::markdown::{Block, blocks};
use crate::run::{self, Outcome};

/// What became of a page.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What writing the page anew does not mend, as `file:line: …`.
    pub(super) faults: Vec<String>,
    /// Output that is not what the page says.
    pub(super) stale: Vec<String>,
    /// The page as it should be.
    pub(super) text: String,
}

pub(super) fn check(page: &Path, text: &str, program: &Path) -> Outcome<Checked> {
    let mut checked = Checked::default();
    let mut folder: Option<TempDir> = None;
    let mut written = 0;
    let lines: Vec<&str> = text.lines().collect();
    for block in blocks(text) {
        for comment in &block.comments {
            prepare(comment, &block, &mut folder, &mut checked.faults, page, program)?;
        }
        if block.info != "console" {
            continue;
        }
        let place = match &folder {
            Some(folder) => folder,
            None => folder.insert(tempfile::tempdir()?),
        };
        copy_lines(&mut checked.text, &lines[written..block.line]);
        written = block.line + block.lines.len();
        let mut last = 0;
        for command in commands(&block) {
            let at = format!("{}:{}", page.display(), block.line + command.line);
            if last != 0 && !command.text.contains("$?") {
                checked.faults.push(format!("{at}: the command before ended with {last}; show it with `$ echo $?`"));
            }
            let ran = run_command(&command.text, last, place.path(), program)?;
            last = ran.code;
            copy_lines(&mut checked.text, &command.source);
            if matches(&command.expected, &ran.lines) {
                copy_lines(&mut checked.text, &command.expected);
            } else {
                let lines: Vec<&str> = ran.lines.iter().map(String::as_str).collect();
                copy_lines(&mut checked.text, &lines);
                checked.stale.push(format!("{at}: `{}` says\n{}", command.text, lines.join("\n")));
            }
        }
        if last != 0 {
            let at = block.line + block.lines.len();
            checked
                .faults
                .push(format!("{}:{at}: the command ended with {last}; show it with `$ echo $?`", page.display()));
        }
    }
    copy_lines(&mut checked.text, &lines[written..]);
    Ok(checked)
}

fn prepare(
    comment: &str,
    block: &Block<'_>,
    folder: &mut Option<TempDir>,
    faults: &mut Vec<String>,
    page: &Path,
    program: &Path,
) -> Outcome {
    let text = || block.lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
    if let Some(name) = comment.strip_prefix("scenario: ") {
        let fresh = tempfile::tempdir()?;
        if name != "empty" {
            copy_folder(&run::root().join("docs/scenarios").join(name), fresh.path())?;
        }
        if let Ok(setup) = std::fs::read_to_string(fresh.path().join("setup")) {
            let ran = run_command(&setup, 0, fresh.path(), program)?;
            if ran.code != 0 {
                return Err(format!("the setup of the scenario {name} failed:\n{}", ran.lines.join("\n")).into());
            }
        }
        *folder = Some(fresh);
    } else if let Some(file) = comment.strip_prefix("file: ") {
        let place = match folder {
            Some(folder) => folder,
            None => folder.insert(tempfile::tempdir()?),
        };
        let file = place.path().join(file);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, text())?;
    } else if let Some(file) = comment.strip_prefix("same as: ")
        && run::read(Path::new(file))? != text()
    {
        faults.push(format!("{}:{}: this is not `{file}`; copy it anew", page.display(), block.line));
    }
    Ok(())
}

/// A command of a transcript and what the page says it says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown<'t> {
    /// Its line in the block, from 1.
    line: usize,
    text: String,
    source: Vec<&'t str>,
    expected: Vec<&'t str>,
}

fn commands<'t>(block: &Block<'t>) -> Vec<Shown<'t>> {
    let mut commands: Vec<Shown<'t>> = Vec::new();
    for (index, line) in block.lines.iter().enumerate() {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Shown { line: index + 1, text: text.to_owned(), source: vec![line], expected: Vec::new() });
        } else if let Some(command) = commands.last_mut() {
            match line.strip_prefix('>').filter(|_| command.expected.is_empty() && command.continues()) {
                Some(more) => {
                    command.text.push('\n');
                    command.text.push_str(more.strip_prefix(' ').unwrap_or(more));
                    command.source.push(line);
                }
                None => command.expected.push(line),
            }
        }
    }
    commands
}

impl Shown<'_> {
    /// Whether the shell would ask for more: a here-document that is open, or a line that ends in a backslash.
    fn continues(&self) -> bool {
        let mut lines = self.text.lines();
        let marker = lines.next().and_then(|first| first.split("<<").nth(1)).map(|rest| rest.trim().trim_matches('\''));
        match marker {
            Some(marker) => !lines.any(|line| line == marker),
            None => self.text.ends_with('\\'),
        }
    }
}

/// What a command said and ended with.
struct Ran {
    lines: Vec<String>,
    code: i32,
}

fn run_command(text: &str, last: i32, place: &Path, program: &Path) -> Outcome<Ran> {
    let mut path = program.parent().map(|folder| folder.as_os_str().to_owned()).unwrap_or_default();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec 2>&1; (exit {last})\n{text}"));
    shell.current_dir(place).env("PATH", path).env("COLUMNS", "120").env_remove("CI");
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "RUST_LOG", "DELTA_ENGINE_LOG", "SPARK_REMOTE"] {
        shell.env_remove(variable);
    }
    let output = run::output(&mut shell)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let real = place.canonicalize()?;
    let said = said.replace(&*real.to_string_lossy(), ".").replace(&*place.to_string_lossy(), ".");
    let mut lines: Vec<String> = said.lines().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Ok(Ran { lines, code: output.status.code().unwrap_or(-1) })
}

/// Whether output is what was expected; a line `...` stands for any lines, `[..]` for any text.
fn matches<A: AsRef<str>, B: AsRef<str>>(expected: &[A], said: &[B]) -> bool {
    let mut expected = expected;
    while expected.last().is_some_and(|line| line.as_ref().trim().is_empty()) {
        expected = &expected[..expected.len() - 1];
    }
    match expected {
        [] => said.is_empty(),
        [first, rest @ ..] if first.as_ref() == "..." => {
            (0..=said.len()).any(|skipped| matches(rest, &said[skipped..]))
        }
        [first, rest @ ..] => {
            let [line, others @ ..] = said else { return false };
            line_matches(first.as_ref(), line.as_ref()) && matches(rest, others)
        }
    }
}

fn line_matches(expected: &str, said: &str) -> bool {
    let Some((before, after)) = expected.split_once("[..]") else { return expected.trim_end() == said };
    let Some(rest) = said.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| line_matches(after, &rest[at..]))
}

fn copy_lines<S: AsRef<str>>(text: &mut String, lines: &[S]) {
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    let entries = std::fs::read_dir(from).map_err(|error| format!("failed to read `{}`: {error}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_output_may_leave_things_open() {
        let said = ["plan 7f", "a", "b", "done"];
        assert!(matches(&["plan [..]", "...", "done"], &said));
        assert!(matches(&["plan 7f", "a", "b", "done", ""], &said));
        assert!(!matches(&["plan [..]", "done"], &said));
        assert!(matches(&["..."], &[""; 0]));
    }

    #[test]
    fn a_command_may_go_over_lines() {
        let text = "```console\n$ cat > a <<E\n> b\n> E\n$ ls\na\n> c\n```\n";
        let found = blocks(text);
        let commands = commands(&found[0]);
        let texts: Vec<&str> = commands.iter().map(|command| command.text.as_str()).collect();
        assert_eq!(texts, ["cat > a <<E\nb\nE", "ls"]);
        assert_eq!(commands[1].expected, ["a", "> c"]);
    }

    fn checked(text: &str) -> Checked {
        check(Path::new("page.md"), text, Path::new("delta-engine")).unwrap()
    }

    #[test]
    fn a_transcript_is_run() {
        let page =
            "<!-- file: a/b -->\n```text\nhello\n```\n```console\n$ cat a/b\nhello\n$ false\n$ echo $?\n1\n```\n";
        let same = checked(page);
        assert_eq!((same.faults, same.stale, same.text.as_str()), (Vec::new(), Vec::new(), page));
        let stale = checked(&page.replace("b\nhello\n$", "b\nbye\n$"));
        assert_eq!((stale.stale.len(), stale.text.as_str()), (1, page));
        assert_eq!(checked("```console\n$ false\n```\n").faults.len(), 1);
    }
}
