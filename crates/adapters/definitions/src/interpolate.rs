//! `${var.…}`, `${env.…}` and `${target.…}` in values; everything else in `${…}` passes through.

use std::borrow::Cow;
use std::ops::Range;

/// Why a reference has no value: the message and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miss {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// A miss and the bytes of its reference.
pub(crate) type Missed = (Range<usize>, Miss);

/// What a reference stands for: the namespace (`var`, `env`, `target`) and the name in it.
pub(crate) type Lookup<'l> = dyn Fn(&str, &str) -> Result<String, Miss> + 'l;

impl Miss {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Fills in the references of a text.
pub(crate) fn interpolate<'t>(text: &'t str, lookup: &Lookup<'_>) -> Result<Cow<'t, str>, Vec<Missed>> {
    if !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut filled = String::with_capacity(text.len());
    let mut missed = Vec::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].find('$').map(|found| at + found) {
        filled.push_str(&text[at..dollar]);
        let rest = &text[dollar..];
        if rest.starts_with("$${") {
            filled.push_str("${");
            at = dollar + 3;
        } else if let Some((namespace, inside)) = ours(rest) {
            let Some(length) = inside.find('}') else {
                let miss = Miss::new(
                    format!("`{rest}` is not closed"),
                    "end the reference with `}`; write `$${` for a plain `${`",
                );
                missed.push((dollar..text.len(), miss));
                return Err(missed);
            };
            let end = text.len() - inside.len() + length + 1;
            match lookup(namespace, inside[..length].trim()) {
                Ok(value) => filled.push_str(&value),
                Err(miss) => missed.push((dollar..end, miss)),
            }
            at = end;
        } else {
            filled.push('$');
            at = dollar + 1;
        }
    }
    filled.push_str(&text[at..]);
    if missed.is_empty() { Ok(Cow::Owned(filled)) } else { Err(missed) }
}

fn ours(text: &str) -> Option<(&'static str, &str)> {
    let inside = text.strip_prefix("${")?;
    ["var", "env", "target"].into_iter().find_map(|namespace| {
        let rest = inside.strip_prefix(namespace)?.strip_prefix('.')?;
        Some((namespace, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &[Range<usize>]>) {
        let lookup = |namespace: &str, name: &str| match (namespace, name) {
            ("var", "lake") => Ok("s3://b".to_owned()),
            (_, _) => Err(Miss::new("none", "")),
        };
        let filled =
            interpolate(text, &lookup).map_err(|missed| missed.into_iter().map(|(range, _)| range).collect::<Vec<_>>());
        assert_eq!(filled.as_deref().map_err(Vec::as_slice), expected, "{text}");
    }

    #[test]
    fn only_our_references_are_filled_in() {
        check("${var.lake}/c", Ok("s3://b/c"));
        check("${env:HOME} ${x} $5 $", Ok("${env:HOME} ${x} $5 $"));
        check("$${var.lake} $$", Ok("${var.lake} $$"));
    }

    #[test]
    fn every_miss_is_reported_with_its_place() {
        check("a ${var.x} ${env.Y}", Err(&[2..10, 11..19]));
        check("${env.Z} ${var.lake", Err(&[0..8, 9..19]));
    }
}
