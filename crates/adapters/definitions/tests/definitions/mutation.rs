//! No input makes the reader panic: real files with bytes deleted, inserted and repeated.

use std::fs;
use std::path::Path;

use delta_engine_definitions::snapshot::read_snapshot;
use delta_engine_definitions::template;

use super::support::Lcg;

const PIECES: &[&str] = &[
    ":", ": ", "{", "}", "[", "]", ",", "\"", "'", "\n", "\n  ", "- ", "#", "&a ", "*a", "<<: ", "|", ">", "!", "`",
    "\t", "\r", "${var.", "${", "$${", "\u{feff}", "ü", "---\n", "? ", "<", "(", "\\", "~", "%", "@", "\u{2028}",
];

#[test]
fn mutated_files_are_read_without_panic() {
    let mut seeds: Vec<String> = vec![template::PROJECT.to_owned(), template::TABLE.to_owned()];
    for folder in ["valid", "faults", "project"] {
        seeds.extend(super::support::cases(folder).iter().filter_map(|file| fs::read_to_string(file).ok()));
    }
    let mut random = Lcg(42);
    for case in 0..4_000 {
        let mut text: Vec<char> = seeds[case % seeds.len()].chars().collect();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len() + 1);
            match random.below(3) {
                0 => {
                    let end = (at + 1 + random.below(6)).min(text.len());
                    text.drain(at..end);
                }
                1 => {
                    let piece = PIECES[random.below(PIECES.len())];
                    text.splice(at..at, piece.chars());
                }
                _ => {
                    let end = (at + random.below(40)).min(text.len());
                    let copy: Vec<char> = text[at..end].to_vec();
                    let to = random.below(text.len() + 1);
                    text.splice(to..to, copy);
                }
            }
        }
        let text: String = text.into_iter().collect();
        // Rendering is part of what must not panic.
        let _ = super::support::shown(&super::support::faults("mutated.yml", &text));
        let _ = read_snapshot("mutated.yml", &text).map_err(|faults| super::support::shown(&faults));
        let project = super::support::project("mutated.yml", &text, Path::new(""));
        let _ = project.map_err(|faults| super::support::shown(&faults));
    }
}
