//! Words that must not stand in a file.

use std::path::Path;

use super::Violation;

/// Beyond this a file without its tests is split.
const LONGEST: usize = 600;
/// Beyond this it is time to think about it.
const LONG: usize = 450;

/// A word that is refused, why, and what to write instead.
struct Refused {
    word: &'static str,
    why: &'static str,
}

// Written in two parts so that this file does not break its own rules.
const EVERYWHERE: &[Refused] = &[
    Refused { word: concat!("TO", "DO"), why: "is a note nobody comes back to; do it, or open an issue" },
    Refused { word: concat!("FIX", "ME"), why: "is a note nobody comes back to; fix it, or open an issue" },
];

const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\Users"),
];

const RUST: &[Refused] = &[
    Refused {
        word: concat!("#[al", "low("),
        why: "outlives its reason unseen; write #[expect(lint, reason = \"…\")] (STYLE: 21)",
    },
    Refused {
        word: concat!("#![al", "low("),
        why: "outlives its reason unseen; write #![expect(lint, reason = \"…\")] (STYLE: 21)",
    },
    Refused { word: concat!("to", "do!"), why: "is a hole; write it, or return an error that says what is missing" },
];

/// The pure crates: the same input gives the same bytes.
const PURE: &[&str] = &["crates/domain", "crates/adapters/sql/src"];
const IMPURE: &[Refused] = &[
    Refused { word: "std::fs", why: "reads or writes; take the text as a value" },
    Refused { word: "std::net", why: "talks to others; that is an adapter's work" },
    Refused { word: "std::time", why: "looks at the clock; take the day as a value" },
    Refused { word: "std::env", why: "looks at the machine; take the value" },
    Refused { word: "HashMap", why: "has no order; use BTreeMap" },
    Refused { word: "HashSet", why: "has no order; use BTreeSet" },
    Refused { word: "tokio", why: "waits; ports and adapters wait" },
    Refused { word: "async fn", why: "waits; ports and adapters wait" },
    Refused { word: "serde", why: "ties the model to a file format; write the projection beside the format" },
    Refused { word: "tracing", why: "is a side effect; return what is worth knowing" },
    Refused { word: "rand::", why: "differs from run to run; take the id as a value" },
];

/// What may stand in no file.
pub(super) fn check(file: &Path, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, line) in text.lines().enumerate() {
        violations.extend(words(file, index, line, EVERYWHERE));
        for path in MACHINE_PATHS {
            let begins =
                |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || "/.".contains(before));
            if line.match_indices(path).any(|(at, _)| begins(at)) {
                let message = format!("`{path}` is a path of one machine; write it relative to the project");
                violations.push(Violation::new(file, index + 1, message));
            }
        }
    }
    violations
}

/// What may not stand in Rust code; comments may speak of it.
pub(super) fn check_rust(file: &Path, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let pure = PURE.iter().any(|folder| file.starts_with(folder));
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        violations.extend(words(file, index, code, RUST));
        if pure {
            violations.extend(words(file, index, code, IMPURE));
        }
    }
    let own = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    if own > LONGEST {
        let message =
            format!("{own} lines before the tests, and {LONGEST} is too many to read at once; split it by concept");
        violations.push(Violation::new(file, 1, message));
    } else if own > LONG {
        println!("note: {}: {own} lines; one concept a file rarely needs {LONG}", file.display());
    }
    violations
}

fn words<'f>(
    file: &'f Path,
    index: usize,
    line: &'f str,
    refused: &'f [Refused],
) -> impl Iterator<Item = Violation> + 'f {
    let found = refused.iter().filter(move |refused| has_word(line, refused.word));
    found.map(move |refused| Violation::new(file, index + 1, format!("`{}` {}", refused.word, refused.why)))
}

/// Whether a word stands in a line by itself, not as a part of another.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let stands = |at: usize| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let begins = !word.starts_with(is_part) || !before.ends_with(is_part);
        let ends = !word.ends_with(is_part) || !after.starts_with(is_part);
        begins && ends
    };
    line.match_indices(word).any(|(at, _)| stands(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(file: &str, line: &str) -> usize {
        check_rust(Path::new(file), line).len()
    }

    #[test]
    fn the_domain_is_pure_and_may_say_so() {
        let file = "crates/domain/schema/src/plan.rs";
        assert_eq!(rust(file, "use std::collections::HashMap;"), 1);
        assert_eq!(rust(file, "use rand::Rng;"), 1);
        // The function of SQL is no crate of ours.
        assert_eq!(rust(file, "let operand = brand::new(\"rand()\"); // no HashMap here"), 0);
        assert_eq!(rust("crates/adapters/native/src/lake.rs", "use std::collections::HashMap;"), 0);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let path = concat!("/ho", "me/me/lake");
        let check = |line: &str| check(Path::new("README.md"), line).len();
        let inside = ["s3://bucket", "memory://", "."].map(|before| check(&format!("{before}{path}")));
        assert_eq!((check(path), inside), (1, [0, 0, 0]));
    }

    #[test]
    fn long_files_are_refused_but_not_for_their_tests() {
        let code = "fn f() {}\n".repeat(LONGEST);
        let tests = "#[cfg(test)]\nmod tests {}\n".repeat(20);
        assert_eq!(rust("a.rs", &format!("{code}{tests}")), 0);
        assert_eq!(rust("a.rs", &format!("{code}{code}")), 1);
    }
}
