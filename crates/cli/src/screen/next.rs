//! The command to type next, made from the one that was typed.

/// Options whose value is the next word.
const WITH_VALUE: &[&str] =
    &["--target", "--var", "--select", "--exclude", "--allow", "--parallelism", "-C", "--format", "--color"];
/// Options that are about one call only.
const ONCE: &[&str] =
    &["--detailed-exitcode", "--dry-run", "--format", "--color", "-q", "--quiet", "-v", "-vv", "-vvv", "--verbose"];

/// The command line that was typed, with another command and more options.
pub(crate) fn command_line(typed: &[String], command: &str, to: &str, more: &[String]) -> String {
    let mut words = vec!["delta-engine".to_owned()];
    let mut replaced = false;
    let mut rest = typed.iter();
    let shown = |word: &str| shell_quoted(&without_token(word));
    while let Some(word) = rest.next() {
        let option = word.split_once('=').map_or(word.as_str(), |(option, _)| option);
        let value = if WITH_VALUE.contains(&word.as_str()) { rest.next() } else { None };
        if ONCE.contains(&option) {
            continue;
        }
        if !replaced && word == command {
            words.push(to.to_owned());
            replaced = true;
        } else {
            words.push(shown(word));
            words.extend(value.map(|value| shown(value)));
        }
    }
    words.extend(more.iter().map(|word| shell_quoted(word)));
    words.join(" ")
}

/// A word without the token that the URL of a server in it may hold.
fn without_token(word: &str) -> String {
    let Some((before, token)) = word.split_once(";token=").filter(|(before, _)| before.contains("sc://")) else {
        return word.to_owned();
    };
    let after = token.find(';').map_or("", |end| &token[end..]);
    format!("{before};token=…{after}")
}

/// A word as a shell takes it.
pub(super) fn shell_quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./:=,@%+-".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, more: &[&str], expected: &str) {
        let typed: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let more: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(command_line(&typed, "plan", "apply", &more), expected);
    }

    #[test]
    fn what_chose_the_tables_stays() {
        check("plan", &[], "delta-engine apply");
        check("plan a.yml --target ./lake --detailed-exitcode", &[], "delta-engine apply a.yml --target ./lake");
        check("--target plan plan -q --format=text", &[], "delta-engine --target plan apply");
    }

    #[test]
    fn no_token_is_typed_again() {
        let url = "sc://h:443/;user_id=a;token=SECRET;use_ssl=true";
        let shown = "'sc://h:443/;user_id=a;token=…;use_ssl=true'";
        check(&format!("plan --target {url}"), &[], &format!("delta-engine apply --target {shown}"));
        check("plan --target=sc://h/;token=SECRET", &[], "delta-engine apply '--target=sc://h/;token=…'");
    }

    #[test]
    fn what_the_shell_would_read_is_quoted() {
        check("plan", &["--allow", "drop-column:s.t.`a b`"], "delta-engine apply --allow 'drop-column:s.t.`a b`'");
        check("plan --select s.*", &[], "delta-engine apply --select 's.*'");
    }
}
