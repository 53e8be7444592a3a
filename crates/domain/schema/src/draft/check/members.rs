//! Lists that name columns: partitioning, clustering, keys.

use super::Checker;
use crate::draft::{ClusteringDraft, FaultKind, ForeignKeyDraft, Part, PrimaryKeyDraft};
use crate::model::{
    Aspect, Column, ForeignKey, Identifier, Layout, Path, PrimaryKey, Subject, TableName, find_type, nearest,
    split_dotted,
};

impl Checker {
    pub(super) fn layout(
        &mut self,
        partitioned: Option<Vec<String>>,
        clustered: Option<ClusteringDraft>,
        columns: &[Column],
    ) -> Layout {
        let subject = self.table().aspect(Aspect::Layout);
        if partitioned.is_some() && clustered.is_some() {
            self.fault(subject.clone(), FaultKind::TwoLayouts);
        }
        let partitioned = partitioned.filter(|names| !names.is_empty()).map(|names| {
            let member = |name: &str| subject.clone().key(name);
            Layout::Partitioned(self.members(&names, columns, member))
        });
        let clustered = clustered.map(|clustered| match clustered {
            ClusteringDraft::Auto => Layout::ClusteredAuto,
            ClusteringDraft::By(names) if names.is_empty() => Layout::Flat,
            ClusteringDraft::By(names) => Layout::Clustered(self.clustering(names, columns, &subject)),
        });
        partitioned.or(clustered).unwrap_or(Layout::Flat)
    }

    fn clustering(&mut self, names: Vec<String>, columns: &[Column], subject: &Subject) -> Vec<Path> {
        let mut paths = Vec::new();
        for name in names {
            let parts: Vec<Identifier> =
                split_dotted(&name).unwrap_or_default().into_iter().map(Identifier::new).collect();
            match Path::resolve(&parts, |column| find_type(columns, &Path::column(column.clone()))) {
                Some(path) if paths.contains(&path) => {
                    self.fault(subject.clone().key(&name), FaultKind::Duplicate { name, first: None });
                }
                Some(path) => paths.push(path),
                // Anything may be below a type that is not known.
                None if parts.first().is_some_and(|root| self.untyped.contains(root)) => (),
                None => self.unknown_column(subject.clone().key(&name), name, columns, parts.first()),
            }
        }
        paths
    }

    pub(super) fn primary_key(&mut self, draft: PrimaryKeyDraft, columns: &[Column]) -> PrimaryKey {
        let subject = self.table().aspect(Aspect::PrimaryKey);
        if draft.columns.is_empty() && !draft.unread.contains(Part::Columns) {
            self.fault(subject.clone(), FaultKind::EmptyList { what: "the primary key" });
        }
        let columns = self.members(&draft.columns, columns, |name| subject.clone().key(name));
        PrimaryKey { name: draft.name.map(Identifier::new), columns, rely: draft.rely }
    }

    pub(super) fn foreign_key(&mut self, draft: ForeignKeyDraft, columns: &[Column]) -> Option<ForeignKey> {
        let label = draft.name.clone().unwrap_or_else(|| draft.columns.join(", "));
        let subject = self.table().aspect(Aspect::ForeignKey).key(label);
        let unread = |part| draft.unread.contains(part);
        // The key says which foreign key, the path which of its columns.
        let member = |name: &str| Subject { path: Path::column(unquoted(name)), ..subject.clone() };
        let own = self.members(&draft.columns, columns, member);
        let here = draft.columns.len();
        if here == 0 && !unread(Part::Columns) {
            self.fault(subject.clone(), FaultKind::EmptyList { what: "the foreign key" });
        }
        let references = match draft.references.parse::<TableName>() {
            Ok(references) => Some(references),
            Err(_) if unread(Part::References) && draft.references.is_empty() => None,
            Err(error) => {
                self.fault(subject.clone(), FaultKind::Name(error));
                None
            }
        };
        let there = if draft.referenced_columns.is_empty() { draft.columns } else { draft.referenced_columns };
        let known = here > 0 && !unread(Part::Columns) && !unread(Part::ReferencedColumns);
        if known && here != there.len() {
            self.fault(subject, FaultKind::UnpairedColumns { here, there: there.len() });
        }
        Some(ForeignKey {
            name: draft.name.map(Identifier::new),
            columns: own,
            references: references?,
            referenced_columns: there.iter().map(|name| Identifier::new(unquoted(name))).collect(),
            rely: draft.rely,
        })
    }

    /// Top-level columns by name, each at most once; `subject` is what a name among them is called.
    fn members(&mut self, names: &[String], columns: &[Column], subject: impl Fn(&str) -> Subject) -> Vec<Identifier> {
        let mut members: Vec<Identifier> = Vec::new();
        for name in names {
            let written = Identifier::new(unquoted(name));
            match columns.iter().find(|column| *column.name() == written) {
                None => self.unknown_column(subject(name), name.clone(), columns, Some(&written)),
                Some(_) if members.contains(&written) => {
                    self.fault(subject(name), FaultKind::Duplicate { name: name.clone(), first: None });
                }
                Some(column) => members.push(column.name().clone()),
            }
        }
        members
    }

    fn unknown_column(&mut self, subject: Subject, name: String, columns: &[Column], root: Option<&Identifier>) {
        let there = root.is_some_and(|root| columns.iter().any(|column| column.name() == root));
        // The column may be among those that could not be read.
        if !there && !self.knows_columns {
            return;
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
        let suggestion = nearest(&name, &names).map(str::to_owned);
        self.fault(subject, FaultKind::UnknownColumn { name, suggestion });
    }
}

fn unquoted(name: &str) -> String {
    match split_dotted(name) {
        Some(parts) if parts.len() == 1 => parts.concat(),
        _ => name.to_owned(),
    }
}
