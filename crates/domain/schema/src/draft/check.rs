//! From a draft to a table that can be trusted, or every fault of it.
//!
//! Each fault is one that a person made: what was not read (`Unread`), and what rests on it or on a part with a fault of
//! its own, is not judged.

mod expressions;
mod fields;
mod members;
mod properties;
mod siblings;

use std::collections::{BTreeMap, BTreeSet};

use super::{ColumnDraft, Fault, FaultKind, Part, TableDraft, TypeDraft, Unread};
use crate::model::{Aspect, Column, DataType, DesiredTable, Field, ForeignKey, Identifier, Path, Subject, TableName};

impl TableDraft {
    /// Judges the declaration by itself.
    ///
    /// # Errors
    /// Every fault of the draft. There is none where all that is wrong is that a part of it could not be read.
    pub fn check(self) -> Result<DesiredTable, Vec<Fault>> {
        let whole = self.is_whole();
        let (name, fault) = match self.name.parse::<TableName>() {
            Ok(name) => (name, None),
            Err(error) => (TableName::bare(self.name.as_str()), Some(FaultKind::Name(error))),
        };
        let mut checker = Checker::new(name, &self);
        let unread = self.name.is_empty() && self.unread.contains(Part::Name);
        if let Some(kind) = fault.filter(|_| !unread) {
            checker.fault(checker.table().aspect(Aspect::Name), kind);
        }
        let table = checker.run(self);
        if whole && checker.faults.is_empty() { Ok(table) } else { Err(checker.faults) }
    }
}

struct Checker {
    object: TableName,
    faults: Vec<Fault>,
    renames: BTreeMap<Path, Vec<Identifier>>,
    /// Whether the name of every column is known.
    knows_columns: bool,
    /// Columns whose type is not known, so that anything may be below them.
    untyped: BTreeSet<Identifier>,
    /// The column or foreign key that is judged now.
    index: Option<usize>,
}

impl Checker {
    fn new(object: TableName, draft: &TableDraft) -> Self {
        let named = |column: &ColumnDraft| !column.unread.contains(Part::Name);
        Self {
            object,
            faults: Vec::new(),
            renames: BTreeMap::new(),
            knows_columns: !draft.unread.contains(Part::Columns) && draft.columns.iter().all(named),
            untyped: BTreeSet::new(),
            index: None,
        }
    }

    fn run(&mut self, draft: TableDraft) -> DesiredTable {
        if draft.columns.is_empty() && self.knows_columns {
            self.fault(self.table(), FaultKind::NoColumns);
        }
        let columns: Vec<Column> = self.each(draft.columns, Self::column);
        self.siblings(&Path::table(), columns.iter().enumerate().map(|(index, column)| (Some(index), &column.field)));
        let layout = self.layout(draft.partitioned_by, draft.clustered_by, &columns);
        let primary_key = draft.primary_key.map(|key| self.primary_key(key, &columns));
        let foreign_keys = self.each(draft.foreign_keys, |checker, key| checker.foreign_key(key, &columns));
        // The order they are written in means nothing; the same keys give the same plan.
        let mut foreign_keys: Vec<ForeignKey> = foreign_keys.into_iter().flatten().collect();
        foreign_keys.sort();
        let (properties, features) = self.properties(draft.properties, draft.unread_properties);
        let checks = self.checks(draft.checks, draft.unread_checks);
        DesiredTable {
            name: self.object.clone(),
            columns,
            renames: std::mem::take(&mut self.renames),
            comment: draft.comment.filter(|comment| !comment.is_empty()),
            layout,
            primary_key,
            foreign_keys,
            checks,
            properties,
            features,
            tags: draft.tags.into_iter().collect(),
            location: draft.location,
            scope: draft.scope,
            origin: draft.origin,
        }
    }

    /// Judges the columns or foreign keys one by one, and notes which one each fault is in.
    fn each<D, T>(&mut self, drafts: Vec<D>, judge: impl Fn(&mut Self, D) -> T) -> Vec<T> {
        // Not `collect`, which would keep the room that the drafts took, twice what the tables need.
        let mut judged = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            self.index = Some(index);
            judged.push(judge(self, draft));
        }
        self.index = None;
        judged
    }

    fn column(&mut self, draft: ColumnDraft) -> Column {
        let path = Path::column(draft.name.as_str());
        let subject = Subject::path(&self.object, &path);
        let named = !draft.unread.contains(Part::Name);
        if named && draft.name.trim().is_empty() {
            self.fault(subject.clone(), FaultKind::EmptyName { what: "a column" });
        }
        self.sources(&draft, &subject);
        let data_type = self.data_type(draft.data_type, draft.unread, &subject);
        let typed = data_type.is_some();
        let mut field = Field::new(draft.name.as_str(), data_type.unwrap_or(DataType::STRING));
        field.nullable = draft.nullable;
        field.comment = draft.comment.filter(|comment| !comment.is_empty()).map(Into::into);
        field.metadata = draft.metadata;
        for nested in draft.fields {
            if typed {
                self.nested_field(&path, nested, &mut field.data_type);
            } else {
                self.field_of_unknown(&path, nested);
            }
        }
        if typed {
            // Once the former names of its fields are noted, which the siblings are held against.
            self.nested_siblings(&path, &field.data_type);
        } else {
            self.untyped.insert(field.name.clone());
        }
        if named {
            self.note_renames(path, draft.renamed_from);
        }
        let mut column = Column::from_field(field);
        column.default = self.expression(draft.default, || subject.clone().aspect(Aspect::Default));
        column.generated = self.expression(draft.generated, || subject.clone().aspect(Aspect::Generated));
        column.identity = draft.identity;
        column.tags = draft.tags.into_iter().collect();
        column
    }

    /// The type, where it is known.
    fn data_type(&mut self, draft: TypeDraft, unread: Unread, subject: &Subject) -> Option<DataType> {
        if unread.contains(Part::Type) {
            return None;
        }
        match draft {
            TypeDraft::Type(data_type) => Some(data_type),
            TypeDraft::Text(text) => {
                let fault = |error| self.fault(subject.clone().aspect(Aspect::Type), FaultKind::Type(error));
                text.parse().map_err(fault).ok()
            }
        }
    }

    /// A column is filled in one way; what could not be read is written all the same.
    fn sources(&mut self, draft: &ColumnDraft, subject: &Subject) {
        let default = draft.default.is_some() || draft.unread.contains(Part::Default);
        let generated = draft.generated.is_some() || draft.unread.contains(Part::Generated);
        let identity = draft.identity.is_some() || draft.unread.contains(Part::Identity);
        let both = match (default, generated, identity) {
            (true, true, _) => Some("a default and an expression"),
            (true, false, true) => Some("a default and an identity"),
            (false, true, true) => Some("an expression and an identity"),
            (_, _, _) => None,
        };
        if let Some(both) = both {
            self.fault(subject.clone(), FaultKind::TwoSources(both));
        }
        if draft.identity.is_some_and(|identity| identity.increment == 0) {
            self.fault(subject.clone().aspect(Aspect::Identity), FaultKind::ZeroIncrement);
        }
    }

    fn table(&self) -> Subject {
        Subject::table(&self.object)
    }

    fn fault(&mut self, subject: Subject, kind: FaultKind) {
        self.faults.push(Fault { subject, kind, index: self.index });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClusteringDraft, FieldDraft, ForeignKeyDraft, PrimaryKeyDraft};
    use super::*;

    fn column(name: &str, data_type: &str) -> ColumnDraft {
        ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
    }

    fn check(change: impl FnOnce(&mut TableDraft), expected: &[&str]) {
        let mut draft = TableDraft::new("silver.t");
        draft.columns = vec![column("id", "bigint"), column("address", "struct<street: string, zip: string>")];
        change(&mut draft);
        let faults = draft.check().err().unwrap_or_default();
        let shown: Vec<String> = faults.iter().map(|fault| format!("{} {fault}", fault.code())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_sound_draft_becomes_a_table() {
        check(|_| (), &[]);
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        check(
            |draft| {
                draft.columns.push(column("ID", "bigit"));
                draft.clustered_by = Some(ClusteringDraft::By(vec!["adress".into()]));
                draft.properties = vec![
                    ("delta.appendOnli".into(), Some("true".into())),
                    ("delta.appendOnly".into(), Some("yes".into())),
                ];
            },
            &[
                "DE105 silver.t.ID: there is no type `bigit`; did you mean `bigint`?",
                "DE104 silver.t.ID: `ID` is declared twice; names compare without case, and `id` is there already",
                "DE107 silver.t (layout adress): the table has no column `adress`; did you mean `address`?",
                "DE115 silver.t (property delta.appendOnli): Delta knows no property `delta.appendOnli`; did you mean `delta.appendOnly`?",
                "DE117 silver.t (property delta.appendOnly): `yes` is no value for delta.appendOnly: it takes true or false",
            ],
        );
    }

    #[test]
    fn two_columns_are_never_one() {
        check(
            |draft| {
                for name in ["first", "second"] {
                    let mut column = column(name, "int");
                    column.metadata.insert("delta.columnMapping.id", "3");
                    draft.columns.push(column);
                }
            },
            &["DE104 silver.t.second: column id 3 is that of `first` already, and two columns are never one"],
        );
    }

    #[test]
    fn renames_in_a_circle_are_refused_with_the_reason() {
        check(
            |draft| {
                draft.columns = vec![column("a", "int"), column("b", "int")];
                draft.columns[0].renamed_from = vec!["b".into()];
                draft.columns[1].renamed_from = vec!["a".into()];
            },
            &[
                "DE114 silver.t.a: the renames go in a circle (a → b → a); by name alone the result looks like the beginning",
            ],
        );
    }

    #[test]
    fn a_former_name_is_claimed_once_at_any_depth() {
        let from =
            |path: &str| FieldDraft { path: path.into(), renamed_from: vec!["road".into()], ..FieldDraft::default() };
        check(
            |draft| draft.columns[1].fields = vec![from("street"), from("zip")],
            &[
                "DE114 silver.t.address.zip: `road` is the former name of `street` and of `zip`; it can have become one of them only",
            ],
        );
    }

    #[test]
    fn fields_are_found_by_path() {
        check(
            |draft| {
                draft.columns[1].fields = vec![
                    FieldDraft { path: "street".into(), comment: Some("x".into()), ..FieldDraft::default() },
                    FieldDraft { path: "stret".into(), ..FieldDraft::default() },
                ];
            },
            &["DE108 silver.t.address.stret: `stret` is no field of this column's type; did you mean `street`?"],
        );
    }

    fn unread(parts: &[Part]) -> Unread {
        let mut unread = Unread::default();
        parts.iter().for_each(|part| unread.insert(*part));
        unread
    }

    #[test]
    fn a_fault_does_not_hide_others_of_its_part() {
        check(
            |draft| {
                draft.columns[0].default = Some("(1".into());
                draft.columns[0].generated = Some("1".into());
                draft.partitioned_by = Some(vec!["i".into()]);
                draft.clustered_by = Some(ClusteringDraft::By(vec!["address.stret".into()]));
                draft.foreign_keys =
                    vec![ForeignKeyDraft { references: "silver.".into(), ..ForeignKeyDraft::default() }];
                draft.checks = vec![("Ok".into(), "(1".into()), ("ok".into(), "true".into())];
                draft.properties = vec![
                    ("delta.appendOnly".into(), Some("yes".into())),
                    ("delta.appendonly".into(), Some("true".into())),
                ];
            },
            &[
                "DE112 silver.t.id: a column is filled by a default, an expression or an identity, not by a default and an expression at once",
                "DE106 silver.t.id: the parentheses of the expression do not pair up",
                "DE109 silver.t: a table is partitioned or clustered, not both: Delta refuses clustering on a partitioned table",
                "DE107 silver.t (layout i): the table has no column `i`; did you mean `id`?",
                "DE107 silver.t (layout address.stret): the table has no column `address.stret`",
                "DE110 silver.t (foreign key ): the foreign key names no column",
                "DE101 silver.t (foreign key ): a part of the name `silver.` is empty",
                "DE117 silver.t (property delta.appendOnly): `yes` is no value for delta.appendOnly: it takes true or false",
                "DE104 silver.t (property delta.appendonly): `delta.appendonly` is declared twice; names compare without case, and `delta.appendOnly` is there already",
                "DE106 silver.t (check Ok): the parentheses of the expression do not pair up",
                "DE104 silver.t (check ok): `ok` is declared twice; names compare without case, and `Ok` is there already",
            ],
        );
    }

    #[test]
    fn a_wrong_type_is_one_fault_whatever_rests_on_it() {
        check(
            |draft| {
                draft.columns[1].data_type = TypeDraft::Text("strct<street: string>".into());
                draft.columns[1].fields = vec![
                    FieldDraft { path: "street".into(), comment: Some("x".into()), ..FieldDraft::default() },
                    FieldDraft { path: "zip".into(), renamed_from: vec!["ZIP".into()], ..FieldDraft::default() },
                ];
                draft.clustered_by = Some(ClusteringDraft::By(vec!["address.street".into(), "id.x".into()]));
            },
            &[
                "DE105 silver.t.address: there is no type `strct`; did you mean `struct`?",
                "DE114 silver.t.address.zip: `ZIP` cannot be renamed from itself",
                "DE107 silver.t (layout id.x): the table has no column `id.x`",
            ],
        );
    }

    #[test]
    fn what_was_not_read_has_no_fault_and_becomes_no_table() {
        check(
            |draft| {
                draft.name = String::new();
                draft.columns[0].unread = unread(&[Part::Name, Part::Type]);
                draft.columns[0].name = String::new();
                draft.columns[0].data_type = TypeDraft::Text(String::new());
                draft.columns[0].renamed_from = vec![String::new()];
                draft.clustered_by = Some(ClusteringDraft::By(vec!["gone".into(), "address.gone".into()]));
                draft.primary_key = Some(PrimaryKeyDraft { unread: unread(&[Part::Columns]), ..Default::default() });
                draft.foreign_keys = vec![ForeignKeyDraft {
                    columns: vec!["gone".into()],
                    referenced_columns: vec!["a".into(), "b".into()],
                    unread: unread(&[Part::References, Part::ReferencedColumns]),
                    ..Default::default()
                }];
                draft.unread_checks = vec!["ok".into()];
                draft.unread_properties = vec!["delta.appendOnly".into(), "delta.feature.timestampNtz".into()];
                draft.unread = unread(&[Part::Name]);
            },
            &["DE107 `` (layout address.gone): the table has no column `address.gone`"],
        );
        let draft = |part| TableDraft { unread: unread(&[part]), ..TableDraft::new("silver.t") };
        assert_eq!(draft(Part::Columns).check(), Err(Vec::new()));
        assert_eq!(draft(Part::Other).check().unwrap_err().len(), 1, "that there are no columns is a fault of its own");
    }

    #[test]
    fn what_was_not_read_is_written_all_the_same() {
        check(
            |draft| {
                draft.columns[0].unread = unread(&[Part::Default]);
                draft.columns[0].generated = Some("1".into());
                draft.checks = vec![("Ok".into(), "true".into())];
                draft.unread_checks = vec!["OK".into()];
                draft.unread_properties = vec!["delta.appendOnli".into()];
            },
            &[
                "DE112 silver.t.id: a column is filled by a default, an expression or an identity, not by a default and an expression at once",
                "DE115 silver.t (property delta.appendOnli): Delta knows no property `delta.appendOnli`; did you mean `delta.appendOnly`?",
                "DE104 silver.t (check OK): `OK` is declared twice; names compare without case, and `Ok` is there already",
            ],
        );
    }

    #[test]
    fn a_fault_says_which_member_of_which_key_it_is_in() {
        let mut draft = TableDraft::new("t");
        draft.columns = vec![column("id", "bigint"), column("ID", "bigit")];
        draft.primary_key = Some(PrimaryKeyDraft { columns: vec!["no".into()], ..Default::default() });
        let key = |name: &str| ForeignKeyDraft {
            columns: vec!["id".into(), name.into()],
            references: "u".into(),
            ..Default::default()
        };
        draft.foreign_keys = vec![key("id"), key("no")];
        let shown: Vec<(Option<usize>, String)> =
            draft.check().unwrap_err().iter().map(|fault| (fault.index, fault.subject.to_string())).collect();
        let expected = [
            (Some(1), "t.ID"),
            (Some(1), "t.ID"),
            (None, "t (primary key no)"),
            (Some(0), "t.id (foreign key id, id)"),
            (Some(1), "t.no (foreign key id, no)"),
        ];
        assert_eq!(shown, expected.map(|(index, subject)| (index, subject.to_owned())));
    }
}
