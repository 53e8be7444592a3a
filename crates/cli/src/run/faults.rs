//! The codes that belong to no rule: faults of declarations and files, troubles of tables, notices.
//!
//! What they mean stands where they are raised; here they are only gathered.

use delta_engine::EXPLANATIONS;
use delta_engine::definitions::FILE_FAULTS;
use delta_engine::schema::draft::FAULTS;
use delta_engine::schema::{BACKEND, Explanation, NOT_STORED};

/// Every code that is no rule, in order.
pub(super) fn faults() -> Vec<&'static Explanation> {
    let own = [&NOT_STORED, &BACKEND];
    let mut all: Vec<&Explanation> = FAULTS.iter().chain(EXPLANATIONS).copied().chain(FILE_FAULTS).chain(own).collect();
    all.sort_by_key(|fault| fault.code);
    all
}

#[cfg(test)]
mod tests {
    use delta_engine::schema::rules::RULES;

    use super::*;

    #[test]
    fn codes_and_names_are_those_of_nothing_else() {
        let all = faults();
        assert!(all.windows(2).all(|pair| pair[0].code < pair[1].code), "each code once");
        for fault in all {
            assert!(RULES.iter().all(|rule| rule.code != fault.code && rule.name != fault.name), "{}", fault.code);
            for text in [fault.summary, fault.way_out] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{} is a fragment: {text}", fault.code);
            }
        }
    }
}
