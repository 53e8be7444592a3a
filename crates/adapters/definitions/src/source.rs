//! Finds the place of a subject in the file that declared it.
//!
//! Keeps the text alone and reads the tree again when asked: places are wanted for few subjects, and a tree costs many
//! times its text.

mod place;

use std::ops::Range;

use delta_engine_application::{Location, Sources};
use delta_engine_schema::draft::Fault;
use delta_engine_schema::model::{Aspect, Subject};

use crate::keys::{FILE, TABLE};
use crate::reader::find;
use crate::text::SourceText;
use crate::tree::{Node, read_tree};
use place::{Sought, place};

/// One table of a file.
#[derive(Debug)]
pub(crate) struct TableSource {
    pub(crate) text: SourceText,
    /// Place in the list `tables`.
    pub(crate) index: usize,
    /// The lines of the table alone, in large files.
    pub(crate) part: Option<Part>,
}

/// A run of whole lines of a file.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The first line, from 1.
    pub(crate) line: u32,
    pub(crate) bytes: Range<usize>,
}

impl Sources for TableSource {
    fn locate(&self, subject: &Subject, within: Option<Range<usize>>) -> Option<Location> {
        self.find(&[Sought { subject, within, index: None, kind: None }]).pop().flatten()
    }

    fn locate_faults(&self, faults: &[Fault]) -> Vec<Option<Location>> {
        self.find(&faults.iter().map(Sought::from).collect::<Vec<_>>())
    }
}

impl TableSource {
    /// The places of all, for which the file is read once at most.
    fn find(&self, sought: &[Sought<'_>]) -> Vec<Option<Location>> {
        let mut places = self.in_part(sought);
        if places.iter().all(Option::is_some) {
            return places;
        }
        let Some(root) = read_tree(&self.text).root else { return places };
        let table = find(&root, &FILE, "tables").and_then(|tables| tables.value.items().get(self.index));
        let defaults = find(&root, &FILE, "defaults").map(|entry| &entry.value);
        for (found, sought) in places.iter_mut().zip(sought) {
            if found.is_none() {
                *found = table.map(|table| place(&self.text, defaults, table, sought));
            }
        }
        places
    }

    /// The places found in the table's lines alone; `None` where they do not stand by themselves.
    fn in_part(&self, sought: &[Sought<'_>]) -> Vec<Option<Location>> {
        let part = self.part.as_ref().and_then(|part| Some((part.line, self.text.text.get(part.bytes.clone())?)));
        let Some((line, text)) = part else { return vec![None; sought.len()] };
        let text = SourceText::new(&self.text.name, text);
        let tree = read_tree(&text);
        let root = tree.root.filter(|_| tree.faults.is_empty());
        let table = match root.as_ref().map(Node::items) {
            Some([table]) if find(table, &TABLE, "name").is_some() => table,
            Some(_) | None => return vec![None; sought.len()],
        };
        let locate = |sought: &Sought<'_>| {
            let shared = matches!(sought.subject.aspect, Some(Aspect::Tags | Aspect::Property | Aspect::Feature));
            if shared && !sought.is_own(table) {
                return None; // May stand in `defaults`.
            }
            let mut location = place(&text, None, table, sought);
            location.line += line as usize - 1;
            Some(location)
        };
        sought.iter().map(locate).collect()
    }
}
