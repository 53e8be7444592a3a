//! Which licences what we are built from may have.

use serde_json::Value;

use super::Violation;

/// Licences that a user of the binary need not think about.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    // Binds changes of its own files only; `option-ext`, by way of delta-rs, is used as it is.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

pub(super) fn check(metadata: &Value) -> Vec<Violation> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refused = |package: &Value| {
        let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
        let licence = package["license"].as_str().unwrap_or("none");
        (!is_allowed(licence)).then(|| {
            let message = format!(
                "`{name}` {version} has the licence {licence}, which is not on the list; do without it, or add the \
                 licence to xtask/src/tidy/licences.rs"
            );
            Violation::new("Cargo.lock", 1, message)
        })
    };
    packages.iter().filter_map(refused).collect()
}

/// Whether an SPDX expression leaves a choice of allowed licences.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest) && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut allowed = all(words);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        allowed |= all(words);
    }
    allowed
}

fn all(words: &mut &[&str]) -> bool {
    let mut allowed = one(words);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut &[&str]) -> bool {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let allowed = any(words);
            let [")", rest @ ..] = words else { return false };
            *words = rest;
            allowed
        }
        // An exception only ever permits more.
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            *words = rest;
            ALLOWED.contains(licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_allowed_way_is_enough() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
        ] {
            assert!(is_allowed(expression), "{expression}");
        }
        for expression in ["GPL-3.0", "none", "", "MIT AND GPL-3.0", "(MIT OR ISC", "MIT)"] {
            assert!(!is_allowed(expression), "{expression}");
        }
    }
}
