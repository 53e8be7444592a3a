//! As much of Markdown as the checks need: fenced blocks, the comment before one, and what is outside.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// Line of the opening fence, from 1.
    pub(super) line: usize,
    /// What stands behind the fence.
    pub(super) info: &'t str,
    /// The HTML comments right before it, the nearest last.
    pub(super) comments: Vec<&'t str>,
    /// Its lines.
    pub(super) lines: Vec<&'t str>,
}

/// The fenced blocks of a page.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<Block<'_>> = None;
    let mut comments = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            Some(block) if line.trim_end() == "```" => {
                blocks.push(block.clone());
                open = None;
            }
            Some(block) => block.lines.push(line),
            None => {
                if let Some(info) = line.strip_prefix("```") {
                    let comments = std::mem::take(&mut comments);
                    open = Some(Block { line: index + 1, info: info.trim(), comments, lines: Vec::new() });
                } else if let Some(comment) = comment(line) {
                    comments.push(comment);
                } else if !line.trim().is_empty() {
                    comments.clear();
                }
            }
        }
    }
    blocks
}

fn comment(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim())
}

/// The lines outside fenced blocks, numbered from 1.
pub(super) fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push((index + 1, line));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_know_the_comments_before_them() {
        let text = "# A\n<!-- scenario: x -->\n\n```console\n$ ls\n```\nB\n```\nc\n```\n";
        let found = blocks(text);
        assert_eq!(
            found,
            [
                Block { line: 4, info: "console", comments: vec!["scenario: x"], lines: vec!["$ ls"] },
                Block { line: 8, info: "", comments: vec![], lines: vec!["c"] },
            ]
        );
        assert_eq!(prose(text), [(1, "# A"), (2, "<!-- scenario: x -->"), (3, ""), (7, "B")]);
    }
}
