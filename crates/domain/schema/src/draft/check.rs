//! From a draft to a table that can be trusted, or every fault of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ClusteringDraft, ColumnDraft, Fault, FaultKind, FieldDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
};
use crate::model::{
    Aspect, Column, DataType, DesiredTable, Expression, ExpressionError, Field, ForeignKey, Identifier, Layout, Path,
    PrimaryKey, Step, Subject, TableName, canonical_key, feature_of_key, find_type, is_derived_property,
    known_property, nearest, split_dotted, suggest_property, value_fault,
};

impl TableDraft {
    /// Judges the declaration by itself.
    ///
    /// # Errors
    /// Every fault of the draft, in the order of the declaration.
    pub fn check(self) -> Result<DesiredTable, Vec<Fault>> {
        let (name, fault) = match self.name.parse::<TableName>() {
            Ok(name) => (name, None),
            Err(error) => (TableName::bare(self.name.as_str()), Some(FaultKind::Name(error))),
        };
        let mut checker = Checker { object: name, faults: Vec::new(), renames: BTreeMap::new() };
        if let Some(kind) = fault {
            checker.fault(checker.table().aspect(Aspect::Name), kind);
        }
        let table = checker.run(self);
        if checker.faults.is_empty() { Ok(table) } else { Err(checker.faults) }
    }
}

struct Checker {
    object: TableName,
    faults: Vec<Fault>,
    renames: BTreeMap<Path, Vec<Identifier>>,
}

impl Checker {
    fn run(&mut self, draft: TableDraft) -> DesiredTable {
        if draft.columns.is_empty() {
            self.fault(self.table(), FaultKind::NoColumns);
        }
        let columns: Vec<Column> = draft.columns.into_iter().map(|column| self.column(column)).collect();
        self.siblings(&Path::table(), columns.iter().map(|column| &column.field));
        let layout = self.layout(draft.partitioned_by, draft.clustered_by, &columns);
        let primary_key = draft.primary_key.map(|key| self.primary_key(key, &columns));
        let mut foreign_keys: Vec<ForeignKey> =
            draft.foreign_keys.into_iter().filter_map(|key| self.foreign_key(key, &columns)).collect();
        // The order they are written in means nothing; the same keys give the same plan.
        foreign_keys.sort();
        let mut features = BTreeSet::new();
        let properties = self.properties(draft.properties, &mut features);
        let checks = self.checks(draft.checks);
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

    fn column(&mut self, draft: ColumnDraft) -> Column {
        let path = Path::column(draft.name.as_str());
        let subject = Subject::path(&self.object, &path);
        if draft.name.trim().is_empty() {
            self.fault(subject.clone(), FaultKind::EmptyName { what: "a column" });
        }
        let data_type = match draft.data_type {
            TypeDraft::Type(data_type) => data_type,
            TypeDraft::Text(text) => text.parse().unwrap_or_else(|error| {
                self.fault(subject.clone().aspect(Aspect::Type), FaultKind::Type(error));
                DataType::STRING
            }),
        };
        let mut field = Field::new(draft.name.as_str(), data_type);
        field.nullable = draft.nullable;
        field.comment = draft.comment.filter(|comment| !comment.is_empty()).map(Into::into);
        field.metadata = draft.metadata;
        for nested in draft.fields {
            self.nested_field(&path, nested, &mut field.data_type);
        }
        // Once the former names of its fields are noted, which the siblings are held against.
        self.nested_siblings(&path, &field.data_type);
        self.note_renames(path, draft.renamed_from);
        let mut column = Column::from_field(field);
        column.default = self.expression(draft.default, || subject.clone().aspect(Aspect::Default));
        column.generated = self.expression(draft.generated, || subject.clone().aspect(Aspect::Generated));
        column.identity = draft.identity;
        column.tags = draft.tags.into_iter().collect();
        self.sources(&column, &subject);
        column
    }

    fn sources(&mut self, column: &Column, subject: &Subject) {
        let both = match (&column.default, &column.generated, &column.identity) {
            (Some(_), Some(_), _) => Some("a default and an expression"),
            (Some(_), None, Some(_)) => Some("a default and an identity"),
            (None, Some(_), Some(_)) => Some("an expression and an identity"),
            (_, _, _) => None,
        };
        if let Some(both) = both {
            self.fault(subject.clone(), FaultKind::TwoSources(both));
        }
        if column.identity.is_some_and(|identity| identity.increment == 0) {
            self.fault(subject.clone().aspect(Aspect::Identity), FaultKind::ZeroIncrement);
        }
    }

    fn nested_field(&mut self, column: &Path, draft: FieldDraft, data_type: &mut DataType) {
        let subject = |path: &Path| Subject::path(&self.object, path);
        let written = split_dotted(&draft.path).unwrap_or_default();
        let mut path = column.clone();
        let mut at = &*data_type;
        for part in &written {
            let Some((step, next)) = at.step(&Identifier::new(part.as_str())) else {
                let names: Vec<&str> =
                    at.as_struct().unwrap_or_default().iter().map(|field| field.name.as_str()).collect();
                let suggestion = nearest(part, &names).map(str::to_owned);
                let subject = subject(&path.field(&Identifier::new(part.as_str())));
                return self.fault(subject, FaultKind::UnknownField { path: draft.path, suggestion });
            };
            path = path.join(step);
            at = next;
        }
        if written.is_empty() {
            return self.fault(subject(&path), FaultKind::UnknownField { path: draft.path, suggestion: None });
        }
        let Some(field) = field_mut(data_type, &path.steps()[1..]) else {
            return self.fault(subject(&path), FaultKind::NotAField { path: draft.path });
        };
        if let Some(comment) = draft.comment {
            field.comment = Some(comment.into()).filter(|comment: &std::sync::Arc<str>| !comment.is_empty());
        }
        if draft.metadata.iter().next().is_some() {
            field.metadata = draft.metadata;
        }
        self.note_renames(path, draft.renamed_from);
    }

    fn note_renames(&mut self, path: Path, former: Vec<String>) {
        let Some(name) = path.leaf_name() else { return };
        for source in former.iter().filter(|source| Identifier::new(source.as_str()) == *name) {
            self.faults.push(Fault {
                subject: Subject::path(&self.object, &path).aspect(Aspect::Name),
                kind: FaultKind::RenamedFromItself { name: source.clone() },
            });
        }
        if !former.is_empty() {
            self.renames.insert(path, former.into_iter().map(Identifier::new).collect());
        }
    }

    /// Names must differ ignoring case, former names must be claimed once and not go in a circle.
    fn siblings<'f>(&mut self, parent: &Path, fields: impl Iterator<Item = &'f Field>) {
        let mut names: BTreeMap<&Identifier, &Identifier> = BTreeMap::new();
        for field in fields {
            if let Some(first) = names.insert(&field.name, &field.name) {
                let first = (!first.same_spelling(&field.name)).then(|| first.to_string());
                let subject = Subject::path(&self.object, &parent.field(&field.name)).aspect(Aspect::Name);
                self.fault(subject, FaultKind::Duplicate { name: field.name.to_string(), first });
            }
        }
        self.rename_claims(parent, &names.keys().copied().cloned().collect::<Vec<_>>());
    }

    fn rename_claims(&mut self, parent: &Path, names: &[Identifier]) {
        if self.renames.is_empty() {
            return;
        }
        let mut claims: BTreeMap<Identifier, Identifier> = BTreeMap::new();
        for name in names {
            for source in self.renames.get(&parent.field(name)).cloned().unwrap_or_default() {
                let Some(first) = claims.insert(source.clone(), name.clone()).filter(|first| first != name) else {
                    continue;
                };
                let subject = Subject::path(&self.object, &parent.field(name)).aspect(Aspect::Name);
                let kind = FaultKind::SharedFormerName {
                    source_name: source.to_string(),
                    first: first.to_string(),
                    second: name.to_string(),
                };
                self.fault(subject, kind);
            }
        }
        for start in claims.keys() {
            let mut circle = vec![start];
            let mut at = start;
            while let Some(next) = claims.get(at).filter(|_| circle.len() <= claims.len()) {
                circle.push(next);
                at = next;
                if at == start {
                    break;
                }
            }
            // Each circle is reported once, from its least name.
            if circle.len() > 2 && at == start && circle.iter().all(|name| *name >= start) {
                let cycle = circle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" → ");
                let subject = Subject::path(&self.object, &parent.field(start)).aspect(Aspect::Name);
                self.fault(subject, FaultKind::RenameCycle { cycle });
            }
        }
    }

    fn nested_siblings(&mut self, path: &Path, data_type: &DataType) {
        if let Some(fields) = data_type.as_struct() {
            for field in fields {
                if field.name.as_str().trim().is_empty() {
                    self.fault(
                        Subject::path(&self.object, path).aspect(Aspect::Type),
                        FaultKind::EmptyName { what: "a field" },
                    );
                }
                self.nested_siblings(&path.field(&field.name), &field.data_type);
            }
            self.siblings(path, fields.iter());
        } else if let Some(array) = data_type.as_array() {
            self.nested_siblings(&path.join(Step::Element), &array.element);
        } else if let Some(map) = data_type.as_map() {
            self.nested_siblings(&path.join(Step::Key), &map.key);
            self.nested_siblings(&path.join(Step::Value), &map.value);
        }
    }

    fn layout(
        &mut self,
        partitioned: Option<Vec<String>>,
        clustered: Option<ClusteringDraft>,
        columns: &[Column],
    ) -> Layout {
        let subject = self.table().aspect(Aspect::Layout);
        match (partitioned, clustered) {
            (Some(_), Some(_)) => {
                self.fault(subject, FaultKind::TwoLayouts);
                Layout::Flat
            }
            (Some(names), None) if names.is_empty() => Layout::Flat,
            (None, Some(ClusteringDraft::By(names))) if names.is_empty() => Layout::Flat,
            (Some(names), None) => Layout::Partitioned(self.members(&names, columns, &subject)),
            (None, Some(ClusteringDraft::Auto)) => Layout::ClusteredAuto,
            (None, Some(ClusteringDraft::By(names))) => {
                let mut paths = Vec::new();
                for name in names {
                    let parts: Vec<Identifier> =
                        split_dotted(&name).unwrap_or_default().into_iter().map(Identifier::new).collect();
                    match Path::resolve(&parts, |column| find_type(columns, &Path::column(column.clone()))) {
                        Some(path) if paths.contains(&path) => {
                            self.fault(subject.clone().key(&name), FaultKind::Duplicate { name, first: None })
                        }
                        Some(path) => paths.push(path),
                        None => self.unknown_column(subject.clone().key(&name), name, columns),
                    }
                }
                Layout::Clustered(paths)
            }
            (None, None) => Layout::Flat,
        }
    }

    fn primary_key(&mut self, draft: PrimaryKeyDraft, columns: &[Column]) -> PrimaryKey {
        let subject = self.table().aspect(Aspect::PrimaryKey);
        if draft.columns.is_empty() {
            self.fault(subject.clone(), FaultKind::EmptyList { what: "the primary key" });
        }
        let columns = self.members(&draft.columns, columns, &subject);
        PrimaryKey { name: draft.name.map(Identifier::new), columns, rely: draft.rely }
    }

    fn foreign_key(&mut self, draft: ForeignKeyDraft, columns: &[Column]) -> Option<ForeignKey> {
        let label = draft.name.clone().unwrap_or_else(|| draft.columns.join(", "));
        let subject = self.table().aspect(Aspect::ForeignKey).key(label);
        if draft.columns.is_empty() {
            self.fault(subject, FaultKind::EmptyList { what: "the foreign key" });
            return None;
        }
        let own = self.members(&draft.columns, columns, &subject);
        let written = draft.columns.len();
        let there = if draft.referenced_columns.is_empty() { draft.columns } else { draft.referenced_columns };
        if written != there.len() {
            self.fault(subject.clone(), FaultKind::UnpairedColumns { here: written, there: there.len() });
        }
        match draft.references.parse::<TableName>() {
            Ok(references) => Some(ForeignKey {
                name: draft.name.map(Identifier::new),
                columns: own,
                references,
                referenced_columns: there.iter().map(|name| Identifier::new(unquoted(name))).collect(),
                rely: draft.rely,
            }),
            Err(error) => {
                self.fault(subject, FaultKind::Name(error));
                None
            }
        }
    }

    /// Top-level columns by name, each at most once.
    fn members(&mut self, names: &[String], columns: &[Column], subject: &Subject) -> Vec<Identifier> {
        let mut members: Vec<Identifier> = Vec::new();
        for name in names {
            let written = Identifier::new(unquoted(name));
            match columns.iter().find(|column| *column.name() == written) {
                None => self.unknown_column(subject.clone(), name.clone(), columns),
                Some(_) if members.contains(&written) => {
                    self.fault(subject.clone(), FaultKind::Duplicate { name: name.clone(), first: None });
                }
                Some(column) => members.push(column.name().clone()),
            }
        }
        members
    }

    fn unknown_column(&mut self, subject: Subject, name: String, columns: &[Column]) {
        let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
        let suggestion = nearest(&name, &names).map(str::to_owned);
        self.fault(subject, FaultKind::UnknownColumn { name, suggestion });
    }

    fn properties(
        &mut self,
        drafts: Vec<(String, Option<String>)>,
        features: &mut BTreeSet<crate::model::Feature>,
    ) -> BTreeMap<String, Option<String>> {
        let mut properties = BTreeMap::new();
        for (key, value) in drafts {
            let subject = self.table().aspect(Aspect::Property).key(&key);
            if let Some(instead) = reserved_property(&key) {
                self.fault(subject, FaultKind::ReservedProperty { key, instead });
                continue;
            }
            if let Some(feature) = feature_of_key(&key) {
                match value.as_deref() {
                    Some("supported" | "enabled") => drop(features.insert(feature)),
                    Some(other) => self.fault(
                        subject,
                        FaultKind::PropertyValue(format!("`{other}` is no value for {key}: it takes supported")),
                    ),
                    None => self.fault(
                        subject,
                        FaultKind::PropertyValue(format!("{key} cannot be unset: a feature is never removed")),
                    ),
                }
                continue;
            }
            if key.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("delta."))
                && known_property(&key).is_none()
            {
                let suggestion = suggest_property(&key);
                self.fault(subject, FaultKind::UnknownProperty { key, suggestion });
                continue;
            }
            if let Some(fault) = value.as_deref().and_then(|value| value_fault(&key, value)) {
                self.fault(subject, FaultKind::PropertyValue(fault));
                continue;
            }
            let canonical = canonical_key(&key).to_owned();
            if properties.insert(canonical, value).is_some() {
                self.fault(subject, FaultKind::Duplicate { name: key, first: None });
            }
        }
        properties
    }

    fn checks(&mut self, drafts: Vec<(String, String)>) -> BTreeMap<Identifier, Expression> {
        let mut checks = BTreeMap::new();
        for (name, condition) in drafts {
            let subject = self.table().aspect(Aspect::Check).key(&name);
            if name.trim().is_empty() {
                self.fault(subject.clone(), FaultKind::EmptyName { what: "a check" });
            }
            let Some(expression) = self.expression(Some(condition), || subject.clone()) else { continue };
            if checks.insert(Identifier::new(name.as_str()), expression).is_some() {
                self.fault(subject, FaultKind::Duplicate { name, first: None });
            }
        }
        checks
    }

    fn expression(&mut self, text: Option<String>, subject: impl Fn() -> Subject) -> Option<Expression> {
        let parsed: Result<Expression, ExpressionError> = Expression::parse(&text?);
        parsed.map_err(|error| self.fault(subject(), FaultKind::Expression(error))).ok()
    }

    fn table(&self) -> Subject {
        Subject::table(&self.object)
    }

    fn fault(&mut self, subject: Subject, kind: FaultKind) {
        self.faults.push(Fault { subject, kind });
    }
}

fn unquoted(name: &str) -> String {
    match split_dotted(name) {
        Some(parts) if parts.len() == 1 => parts.concat(),
        _ => name.to_owned(),
    }
}

/// The struct field at these steps below a type.
fn field_mut<'t>(data_type: &'t mut DataType, steps: &[Step]) -> Option<&'t mut Field> {
    let (last, above) = steps.split_last()?;
    let name = last.as_field()?;
    let parent = above.iter().try_fold(data_type, |data_type, step| data_type.child_mut(step))?;
    if let DataType::Struct(fields) = parent { fields.iter_mut().find(|field| field.name == *name) } else { None }
}

fn reserved_property(key: &str) -> Option<&'static str> {
    if key.starts_with("delta.constraints.") {
        return Some("write it under `checks`");
    }
    match key.to_ascii_lowercase().as_str() {
        "comment" => Some("write the table's `comment`"),
        "location" => Some("write the table's `location`"),
        "provider" | "owner" | "external" | "is_managed_location" => Some("Spark reserves it"),
        _ => is_derived_property(key).then_some("the platform writes it by itself"),
    }
}

#[cfg(test)]
mod tests {
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
}
