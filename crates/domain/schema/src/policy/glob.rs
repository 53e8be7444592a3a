//! Patterns of permissions: `*` stands for any letters, `?` for one.

/// Whether a pattern with `*` and `?` matches a text, ignoring case.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[position] => {
                at += 1;
                position += 1;
            }
            // The last star takes one letter more.
            _ => {
                let Some((before, tried)) = star else { return false };
                (at, position) = (before, tried + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let matching = |texts: &[&str]| texts.iter().filter(|text| glob(pattern, text)).count();
        assert_eq!((matching(yes), matching(no)), (yes.len(), 0), "{pattern}");
    }

    #[test]
    fn patterns_stand_for_any_letters_or_one_whatever_their_case() {
        check("", &[""], &["a"]);
        check("a.b", &["a.b", "A.B"], &["", "a", "a.b.c", "aab"]);
        check("*", &["", "a", "a.b"], &[]);
        check("a*", &["a", "ab", "a.b.c"], &["", "ba"]);
        check("*.b", &[".b", "a.b", "a.b.b"], &["b", "a.b.c"]);
        check("a*b*c", &["abc", "a-b-c", "abbc", "aXbXbXc"], &["ac", "acb", "abcd"]);
        check("a*ab", &["aab", "aaab", "abab"], &["ab", "aba"]);
        check("a**", &["a", "ab"], &["b"]);
        check("?", &["a", "?"], &["", "ab"]);
        check("a?c*", &["abc", "abcd"], &["ac", "abd"]);
    }
}
