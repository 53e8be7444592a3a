//! What a commit of ours may do to which table: a closed list of features, and of actions under them.
//!
//! Pure. What is not on the list is refused: a writer that does not know a feature can break the table.

use delta_engine_application::port::{Compiled, Step};
use delta_engine_schema::model::{
    Aspect, Column, DataType, DesiredTable, Feature, Identifier, Layout, ObservedTable, Subject, is_true,
    required_features,
};
use delta_engine_schema::{Action, BACKEND, Finding, Severity};

use super::text_lengths;

/// Judges the actions of a table for this backend; all of them are one step, because they are one commit.
pub(super) fn compile(desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
    let mut compiled = Compiled::default();
    if actions.is_empty() {
        return compiled;
    }
    match observed {
        Some(table) => {
            let features = table.features.iter();
            compiled.findings.extend(features.filter_map(|feature| existing_feature(desired, feature, actions)));
            compiled.findings.extend(existing_format(desired, table));
        }
        None => {
            compiled
                .findings
                .extend(new_features(desired).into_iter().filter_map(|feature| new_feature(desired, &feature)));
            compiled.residual = residual(desired);
        }
    }
    compiled.findings.extend(actions.iter().filter_map(|action| refused_action(desired, action)));
    compiled.findings.extend(actions.iter().filter_map(|action| unreadable_length(desired, action)));
    compiled.findings.extend(actions.iter().filter_map(|action| unknown_collation(desired, action)));
    compiled.findings.extend(numbered_rows(desired, observed, actions));
    let preview = delta_engine_sql::preview(&desired.name, actions);
    compiled.steps.push(Step { preview, actions: actions.to_vec() });
    compiled
}

/// A feature of the table that binds writers to more than this backend knows.
fn existing_feature(desired: &DesiredTable, feature: &Feature, actions: &[Action]) -> Option<Finding> {
    match feature {
        Feature::AppendOnly
        | Feature::Invariants
        | Feature::CheckConstraints
        | Feature::ChangeDataFeed
        | Feature::GeneratedColumns
        | Feature::ColumnMapping
        | Feature::IdentityColumns
        | Feature::TimestampNtz
        | Feature::VariantType
        | Feature::DeletionVectors
        | Feature::V2Checkpoint
        | Feature::TypeWidening
        | Feature::AllowColumnDefaults
        | Feature::DomainMetadata
        | Feature::Clustering
        | Feature::RowTracking
        | Feature::InCommitTimestamp
        | Feature::VacuumProtocolCheck
        | Feature::CheckpointProtection
        | Feature::MaterializePartitionColumns => None,
        Feature::Other(name) => match name.as_str() {
            // The data format of these binds data writers, not a commit of metadata.
            "variantType-preview" | "variantShredding" | "variantShredding-preview" => None,
            "typeWidening-preview" => {
                let widens = actions.iter().any(|action| matches!(action, Action::AlterColumnType { .. }));
                widens.then(|| {
                    refusal(
                        Subject::table(&desired.name).aspect(Aspect::Feature).key(name),
                        "the preview of type widening allows fewer changes than the feature does".to_owned(),
                        "change the type with the engine that enabled the preview",
                    )
                })
            }
            _ => Some(refusal(
                Subject::table(&desired.name).aspect(Aspect::Feature).key(name),
                format!("the table uses feature {name}, and a commit on the bare log could break it"),
                "apply this change through the engine that manages the table, such as a Spark Connect server",
            )),
        },
    }
}

fn new_features(desired: &DesiredTable) -> Vec<Feature> {
    let properties = desired.properties.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)));
    let mut features = required_features(&desired.columns, &desired.layout, &desired.checks, properties);
    features.extend(desired.features.iter().cloned());
    features.into_iter().collect()
}

/// A feature that a new table would need more for than a commit of metadata.
fn new_feature(desired: &DesiredTable, feature: &Feature) -> Option<Finding> {
    let refused = |why: &str, help: &str| {
        Some(refusal(Subject::table(&desired.name).aspect(Aspect::Feature).key(feature.name()), why.to_owned(), help))
    };
    if *feature == Feature::RowTracking {
        return refused(NUMBERS_ROWS, "leave delta.enableRowTracking out, or create the table through Spark");
    }
    if let Feature::Other(name) = feature {
        return refused(
            &format!("feature {name} asks more of a table than this backend knows"),
            "leave it out, or create the table through the engine that knows it",
        );
    }
    None
}

const NUMBERS_ROWS: &str = "row tracking numbers the rows of every file, which this backend does not do";

/// A table may have the feature and not use it: turning it on numbers the rows that are there.
fn numbered_rows(desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Option<Finding> {
    observed.filter(|table| table.features.contains(&Feature::RowTracking))?;
    actions.iter().find_map(|action| {
        let Action::SetProperty { key, change } = action else { return None };
        let turns_on = key == "delta.enableRowTracking" && change.to().as_deref().is_some_and(is_true);
        turns_on.then(|| {
            let help = "turn it on through Spark, or leave delta.enableRowTracking as it is";
            refusal(action.subject(&desired.name), NUMBERS_ROWS.to_owned(), help)
        })
    })
}

fn refused_action(desired: &DesiredTable, action: &Action) -> Option<Finding> {
    let subject = || action.subject(&desired.name);
    match action {
        Action::EnableFeature { feature } => new_feature(desired, feature),
        Action::SetProperty { key, change } => {
            asks_other_formats(key, change.to().as_deref()?).then(|| other_formats(subject()))
        }
        Action::SetClustering { change } => match (change.from(), change.to()) {
            (Layout::ClusteredAuto, _) => Some(refusal(
                subject(),
                "Databricks chooses the clustering columns, and only there can that be turned off".to_owned(),
                "write clustered_by: auto, or run ALTER TABLE ... CLUSTER BY NONE there first",
            )),
            (_, to) => (*to == Layout::ClusteredAuto).then(|| automatic(subject())),
        },
        Action::CreateTable { table } => {
            let asks =
                |(key, value): &(&String, &Option<String>)| asks_other_formats(key, value.as_deref().unwrap_or(""));
            let formats = table.properties.iter().find(asks);
            let formats = formats.map(|(key, _)| other_formats(subject().aspect(Aspect::Property).key(key)));
            formats.or_else(|| (table.layout == Layout::ClusteredAuto).then(|| automatic(subject())))
        }
        Action::UnsetProperty { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::SetColumnTag { .. }
        | Action::AddCheck { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => None,
    }
}

/// Whether a property asks for the metadata of other formats beside the log (docs.delta.io, "Universal Format").
fn asks_other_formats(key: &str, value: &str) -> bool {
    let begins = |prefix: &str| key.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
    begins("delta.universalFormat.") && !value.trim().is_empty()
        || begins("delta.enableIcebergCompat") && is_true(value)
}

fn other_formats(subject: Subject) -> Finding {
    refusal(
        subject,
        "metadata of other formats (Iceberg, Hudi) is written by the engine that supports it, not on a bare log"
            .to_owned(),
        "leave it out here, and set it through Spark",
    )
}

/// Every commit to such a table writes the other formats too, or their readers stay behind.
fn existing_format(desired: &DesiredTable, table: &ObservedTable) -> Option<Finding> {
    let (key, formats) = table.properties.iter().find(|(key, value)| {
        key.eq_ignore_ascii_case("delta.universalFormat.enabledFormats") && asks_other_formats(key, value)
    })?;
    Some(refusal(
        Subject::table(&desired.name).aspect(Aspect::Property).key(key),
        format!("the table is kept for readers of {formats} too, and a commit on the bare log would leave them behind"),
        "apply this change through the engine that manages the table, such as a Spark Connect server",
    ))
}

fn automatic(subject: Subject) -> Finding {
    refusal(
        subject,
        "only Databricks chooses clustering columns by itself; on a bare log they are named".to_owned(),
        "write clustered_by: [column, …]",
    )
}

/// The lengths inside a column stand in the log as one text, which odd names break.
fn unreadable_length(desired: &DesiredTable, action: &Action) -> Option<Finding> {
    let changed = changed_inside(action).and_then(|root| desired.columns.iter().find(|column| column.name() == root));
    let mut types = created_types(action).into_iter().chain(changed.map(Column::data_type));
    types.any(text_lengths::is_unreadable).then(|| {
        refusal(
            action.subject(&desired.name),
            "Spark keeps char and varchar inside a column as one text without quotes, which a name that needs quotes breaks, \
             and so does a type that is not known here"
                .to_owned(),
            "use string there, or names of letters of ASCII, digits and `_`",
        )
    })
}

/// The column inside which an action changes fields or their types.
fn changed_inside(action: &Action) -> Option<&Identifier> {
    if let Action::AddColumn { parent, .. } = action {
        return parent.root();
    }
    if let Action::RenameColumn { path, .. } | Action::AlterColumnType { path, .. } = action {
        return path.root().filter(|_| !path.is_column());
    }
    None
}

fn unknown_collation(desired: &DesiredTable, action: &Action) -> Option<Finding> {
    let collated = |data_type: &DataType| data_type.contains(|part| matches!(part, DataType::String(Some(_))));
    created_types(action).into_iter().any(collated).then(|| {
        refusal(
            action.subject(&desired.name),
            "collations other than UTF8_BINARY are a Databricks feature".to_owned(),
            "declare the column as string",
        )
    })
}

fn created_types(action: &Action) -> Vec<&DataType> {
    if let Action::CreateTable { table } = action {
        return table.columns.iter().map(Column::data_type).collect();
    }
    if let Action::AddColumn { column, .. } = action { vec![column.data_type()] } else { Vec::new() }
}

/// Tags and informational keys: a log has no place for them, and no reader or writer minds.
fn residual(desired: &DesiredTable) -> Vec<Subject> {
    let table = || Subject::table(&desired.name);
    let tags = (!desired.tags.is_empty()).then(|| table().aspect(Aspect::Tags));
    let primary = desired.primary_key.as_ref().map(|_| table().aspect(Aspect::PrimaryKey));
    let foreign = desired.foreign_keys.iter().map(|key| table().aspect(Aspect::ForeignKey).key(key.label()));
    let tagged = desired.columns.iter().filter(|column| !column.tags.is_empty());
    let columns = tagged.map(|column| {
        Subject::path(&desired.name, &delta_engine_schema::model::Path::column(column.name().clone()))
            .aspect(Aspect::Tags)
    });
    tags.into_iter().chain(primary).chain(foreign).chain(columns).collect()
}

fn refusal(subject: Subject, message: String, help: &str) -> Finding {
    Finding {
        code: BACKEND.code,
        name: BACKEND.name,
        severity: Severity::Rejection,
        subject,
        message,
        help: Some(help.to_owned()),
        permission: None,
    }
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::draft::{ClusteringDraft, ColumnDraft, TableDraft, TypeDraft};
    use delta_engine_schema::{diff, simulate};

    use super::*;

    fn declared(properties: &[(&str, &str)]) -> DesiredTable {
        let mut table = TableDraft::new("silver.t");
        table.columns = vec![ColumnDraft::new("id", TypeDraft::Type(DataType::Long))];
        table.properties =
            properties.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
        table.check().unwrap()
    }

    fn refused(desired: &DesiredTable, observed: Option<&ObservedTable>) -> Vec<String> {
        let compiled = compile(desired, observed, &diff(desired, observed).actions);
        compiled.findings.iter().map(|finding| format!("{}: {}", finding.subject, finding.message)).collect()
    }

    #[test]
    fn tables_for_readers_of_other_formats_are_left_to_who_writes_those() {
        let key = "delta.universalFormat.enabledFormats";
        let universal = || declared(&[(key, "iceberg")]);
        let written =
            "metadata of other formats (Iceberg, Hudi) is written by the engine that supports it, not on a bare log";
        let set = format!("silver.t (property {key}): {written}");
        assert_eq!(refused(&universal(), None), [set.as_str()]);
        let plain = simulate(None, &diff(&declared(&[]), None).actions, "id").unwrap();
        assert_eq!(refused(&universal(), Some(&plain)), [set.as_str()]);

        let mut there = plain;
        there.properties.insert(key.to_owned(), "hudi".to_owned());
        let behind = format!(
            "silver.t (property {key}): the table is kept for readers of hudi too, and a commit on the bare log would leave them behind"
        );
        assert_eq!(refused(&declared(&[(key, "hudi"), ("team.owner", "x")]), Some(&there)), [behind]);
        assert_eq!(refused(&declared(&[(key, "hudi")]), Some(&there)), Vec::<String>::new());
    }

    #[test]
    fn rows_are_not_numbered_by_a_commit_of_metadata() {
        let key = "delta.enableRowTracking";
        let plain = simulate(None, &diff(&declared(&[]), None).actions, "id").unwrap();
        let said = |subject: &str| format!("silver.t ({subject}): {NUMBERS_ROWS}");
        let feature = said("feature rowTracking");
        assert_eq!(refused(&declared(&[(key, "true")]), Some(&plain)), [feature]);
        let mut numbered = plain;
        numbered.features.extend([Feature::RowTracking, Feature::DomainMetadata]);
        assert_eq!(refused(&declared(&[(key, "TRUE")]), Some(&numbered)), [said(&format!("property {key}"))]);
        assert_eq!(refused(&declared(&[(key, "false")]), Some(&numbered)), Vec::<String>::new());
    }

    #[test]
    fn what_databricks_clusters_by_itself_is_turned_off_there() {
        let clustered = |columns: ClusteringDraft| {
            let mut table = TableDraft::new("silver.t");
            table.columns = vec![ColumnDraft::new("id", TypeDraft::Type(DataType::Long))];
            table.clustered_by = Some(columns);
            table.check().unwrap()
        };
        let by_id = || clustered(ClusteringDraft::By(vec!["id".to_owned()]));
        let mut there = simulate(None, &diff(&by_id(), None).actions, "id").unwrap();
        there.layout = Layout::ClusteredAuto;
        let off = "silver.t: Databricks chooses the clustering columns, and only there can that be turned off";
        assert_eq!(refused(&by_id(), Some(&there)), [off]);
        assert_eq!(refused(&declared(&[]), Some(&there)), [off]);
        assert_eq!(refused(&clustered(ClusteringDraft::Auto), Some(&there)), Vec::<String>::new());
    }
}
