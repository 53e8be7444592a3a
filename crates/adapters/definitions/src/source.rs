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
use crate::tree::read_tree;
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
        self.find(&Sought { subject, within, index: None, kind: None })
    }

    fn locate_fault(&self, fault: &Fault) -> Option<Location> {
        let sought =
            Sought { subject: &fault.subject, within: fault.range(), index: fault.index, kind: Some(&fault.kind) };
        self.find(&sought)
    }
}

impl TableSource {
    fn find(&self, sought: &Sought<'_>) -> Option<Location> {
        self.in_part(sought).or_else(|| {
            let root = read_tree(&self.text).root?;
            let tables = find(&root, &FILE, "tables")?;
            let table = tables.value.items().get(self.index)?;
            let defaults = find(&root, &FILE, "defaults").map(|entry| &entry.value);
            Some(place(&self.text, defaults, table, sought))
        })
    }

    /// The place found in the table's lines alone; `None` where they do not stand by themselves.
    fn in_part(&self, sought: &Sought<'_>) -> Option<Location> {
        let part = self.part.as_ref()?;
        let text = SourceText::new(&self.text.name, self.text.text.get(part.bytes.clone())?);
        let tree = read_tree(&text);
        let root = tree.root.filter(|_| tree.faults.is_empty())?;
        let [table] = root.items() else { return None };
        find(table, &TABLE, "name")?;
        let shared = matches!(sought.subject.aspect, Some(Aspect::Tags | Aspect::Property | Aspect::Feature));
        if shared && !sought.is_own(table) {
            return None; // May stand in `defaults`.
        }
        let mut location = place(&text, None, table, sought);
        location.line += part.line as usize - 1;
        Some(location)
    }
}
