//! `cargo xtask mutants`: breaks the planner in one place at a time, and names the breaks that no test sees.
//!
//! Owns how cargo-mutants is got, how its lists are counted, and what share of each area has to be seen. What is broken and
//! how that is built is said in `.cargo/mutants.toml`; why a break that none sees is no bug, in the page.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, Outcome};

const VERSION: &str = "27.1.0";
const PAGE: &str = "docs/explanation/mutants.md";
const SOURCES: &str = "crates/domain/schema/src/";

/// The parts of the planner that are counted apart, each with how its files begin.
const AREAS: [(&str, &[&str]); 4] = [
    ("diff", &["diff", "change"]),
    ("plan", &["plan", "schedule", "policy"]),
    ("rules", &["rules"]),
    ("simulate", &["simulate"]),
];

/// Of a hundred mutants of an area that can be built, so many have to be killed.
const DEMANDED: usize = 90;

/// The packages whose tests look, one after the other, with what of them is built: unit tests first, because they are fast
/// and see most; the proofs on pairs of tables only where these saw nothing.
const STEPS: [(&str, &[&str]); 2] = [
    ("delta-engine-schema", &["--cargo-arg=--lib"]),
    // Its own look at the unbroken tree builds the broken package's tests, whatever packages it was told.
    ("delta-engine-testkit", &["--cargo-arg=--test=convergence", "--iterate", "--baseline=skip", "--timeout=300"]),
];

/// The files that cargo-mutants writes, each with what became of the mutants in it.
const LISTS: [(&str, Fate); 4] = [
    ("caught.txt", Fate::Killed),
    ("timeout.txt", Fate::Hung),
    ("missed.txt", Fate::Survived),
    ("unviable.txt", Fate::Unviable),
];

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// A test failed.
    Killed,
    /// The tests came to no end, which is a failure too.
    Hung,
    /// Every test passed.
    Survived,
    /// It did not compile.
    Unviable,
}

/// What became of every mutant, by its place and what it changes. A later step overrules an earlier one.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, Fate>);

/// Breaks the planner, or what of it one of these patterns names, and judges what the tests saw.
pub(crate) fn run(patterns: &[&str]) -> Outcome {
    let tool = tool()?;
    let folder = run::target()?;
    let jobs = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let mut tally = Tally::default();
    for (package, arguments) in STEPS {
        println!("mutants: with the tests of {package}");
        let mut command = Command::new(&tool);
        // Every job builds in a copy of its own, with a target folder of its own.
        command.env_remove("CARGO_TARGET_DIR").current_dir(run::root());
        command.args(["mutants", "--no-times", "--jobs", &jobs.to_string(), "--test-package", package]);
        command.args(arguments).arg("--output").arg(&folder);
        for pattern in patterns {
            command.args(["--re", pattern]);
        }
        let status = command.status()?;
        // 2: mutants were missed. 3: tests ran into their time limit. Both are judged here.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            return Err(format!("cargo-mutants failed ({status})").into());
        }
        tally.read(&folder.join("mutants.out"))?;
    }
    print!("{}", tally.table());
    tally.judge(&run::read(Path::new(PAGE))?)
}

/// Cargo-mutants in the cache folder, installed where it is not there.
fn tool() -> Outcome<PathBuf> {
    let folder = run::cache()?.join(format!("cargo-mutants-{VERSION}"));
    let program = folder.join("bin").join(format!("cargo-mutants{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!("installing cargo-mutants {VERSION} into {}", folder.display());
        // Not optimised: it waits for cargo, and is built in a third of the time.
        let mut install =
            run::cargo(["install", "cargo-mutants", "--locked", "--debug", "--quiet", "--version", VERSION]);
        run::succeed(install.arg("--root").arg(&folder))?;
    }
    Ok(program)
}

impl Tally {
    fn read(&mut self, folder: &Path) -> Outcome {
        for (name, fate) in LISTS {
            let file = folder.join(name);
            let text = fs::read_to_string(&file)
                .map_err(|error| format!("cargo-mutants left no `{}`: {error}", file.display()))?;
            text.lines().try_for_each(|line| self.add(line, fate))?;
        }
        Ok(())
    }

    fn add(&mut self, line: &str, fate: Fate) -> Outcome {
        let mutant = line.strip_prefix(SOURCES).filter(|mutant| area(mutant).is_some());
        let mutant = mutant.ok_or_else(|| format!("`{line}` is of no area; name its file in xtask/src/mutants.rs"))?;
        self.0.insert(mutant.to_owned(), fate);
        Ok(())
    }

    fn count(&self, wanted: &str, fate: Fate) -> usize {
        self.0.iter().filter(|(mutant, found)| area(mutant) == Some(wanted) && **found == fate).count()
    }

    /// How many of an area were killed, and how many could be built.
    fn killed(&self, area: &str) -> (usize, usize) {
        let killed = self.count(area, Fate::Killed) + self.count(area, Fate::Hung);
        (killed, killed + self.count(area, Fate::Survived))
    }

    fn table(&self) -> String {
        let mut table =
            "| area | mutants | killed | of these by hanging | survived |\n|---|---|---|---|---|\n".to_owned();
        for (area, _) in AREAS {
            let (killed, built) = self.killed(area);
            let [hung, survived] = [Fate::Hung, Fate::Survived].map(|fate| self.count(area, fate));
            let share = percent(killed, built);
            table.push_str(&format!("| {area} | {built} | {killed} ({share}) | {hung} | {survived} |\n"));
        }
        let unviable = self.0.values().filter(|fate| **fate == Fate::Unviable).count();
        table + &format!("{unviable} more could not be built\n")
    }

    /// Too few killed, or a survivor that the page gives no reason for, is a failure.
    fn judge(&self, page: &str) -> Outcome {
        let mut complaints = Vec::new();
        for (area, _) in AREAS {
            let (killed, built) = self.killed(area);
            if killed * 100 < built * DEMANDED {
                complaints.push(format!("{area}: {} killed, {DEMANDED} % demanded", percent(killed, built)));
            }
        }
        let mut listed: Vec<String> = listed(page).map(str::to_owned).collect();
        for (mutant, _) in self.0.iter().filter(|(_, fate)| **fate == Fate::Survived) {
            let name = without_place(mutant);
            match listed.iter().position(|listed| *listed == name) {
                Some(index) => drop(listed.swap_remove(index)),
                None => complaints.push(format!("{PAGE} gives no reason for `{name}` ({SOURCES}{mutant})")),
            }
        }
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
    }
}

fn area(mutant: &str) -> Option<&'static str> {
    let is_of = |begins: &[&str]| begins.iter().any(|begin| mutant.starts_with(begin));
    AREAS.iter().find(|(_, begins)| is_of(begins)).map(|(area, _)| *area)
}

/// A mutant without line and column, which move with every edit.
fn without_place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    let file = parts.next().unwrap_or_default();
    format!("{file}:{}", parts.nth(2).unwrap_or_default())
}

/// The mutants that the page gives reasons for: list items that begin with one as code. One that survives in several
/// places of its function is listed as often.
fn listed(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`').map(|(name, _)| name))
}

fn percent(part: usize, whole: usize) -> String {
    let tenths = part * 1000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize) -> String {
        format!("crates/domain/schema/src/diff/order.rs:{line}:29: replace > with >= in place")
    }

    fn tally(killed: usize, survivors: usize) -> Tally {
        let mut tally = Tally::default();
        (0..killed).for_each(|line| tally.add(&place(line), Fate::Killed).unwrap());
        (0..survivors).for_each(|line| tally.add(&place(killed + line), Fate::Survived).unwrap());
        tally
    }

    const REASON: &str = "- `diff/order.rs: replace > with >= in place`: no two are in one place\n";

    fn check(tally: &Tally, page: &str, expected: &[&str]) {
        let said = tally.judge(page).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_survivor_is_listed_as_often_as_it_survives() {
        let missing = "docs/explanation/mutants.md gives no reason for `diff/order.rs: replace > with >= in place` \
                       (crates/domain/schema/src/diff/order.rs:20:29: replace > with >= in place)";
        check(&tally(20, 0), "", &[]);
        check(&tally(20, 1), REASON, &[]);
        check(&tally(20, 1), "", &[missing]);
        check(&tally(20, 2), REASON, &[&missing.replace(":20:", ":21:")]);
        check(&tally(20, 2), &REASON.repeat(2), &[]);
    }

    #[test]
    fn nine_of_ten_have_to_be_killed() {
        check(&tally(9, 1), REASON, &[]);
        check(&tally(17, 2), &REASON.repeat(2), &["diff: 89.4 % killed, 90 % demanded"]);
    }

    #[test]
    fn mutants_are_counted_by_area_and_the_last_word_counts() {
        let mut tally = tally(3, 2);
        tally.add(&place(4), Fate::Killed).unwrap();
        tally.add("crates/domain/schema/src/policy.rs:1:1: replace glob -> bool with true", Fate::Hung).unwrap();
        tally.add("crates/domain/schema/src/policy.rs:2:1: replace a with b", Fate::Unviable).unwrap();
        let rows = [
            "| diff | 5 | 4 (80.0 %) | 0 | 1 |",
            "| plan | 1 | 1 (100.0 %) | 1 | 0 |",
            "| rules | 0 | 0 (0.0 %) | 0 | 0 |",
            "| simulate | 0 | 0 (0.0 %) | 0 | 0 |",
            "1 more could not be built",
        ];
        assert_eq!(tally.table().lines().skip(2).collect::<Vec<_>>(), rows);
        assert!(tally.add("crates/domain/schema/src/lib.rs:1:1: replace a with b", Fate::Killed).is_err());
    }
}
