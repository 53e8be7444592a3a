//! Actions as edits of a log's raw state: every key that an action does not name stays as it is, in its place.

mod fields;

use std::collections::BTreeSet;

use delta_engine_schema::model::{
    COLUMN_ID, Column, DataType, Feature, Identifier, Layout, MAX_COLUMN_ID, MappingMode, PHYSICAL_NAME, Path,
    STATISTICS_COLUMNS, Step, TableName, TypeChange, canonical_value, check_of_key, classify_type_change,
    known_property, physical_column_name,
};
use delta_engine_schema::{Action, SimulationError, renamed_in_list, simulate};

use super::field_json::{DEFAULT, column_json, object, type_json};
use super::protocol::protocol_json;
use super::text_lengths;
use crate::json::Json;
use crate::log::{LogError, LogState};
use crate::observe::observe;
use crate::observe::schema::kept_name;
use fields::{Missing, field_at, fields_at, insert_field, position_of, type_at};

const MAPPING_MODE: &str = "delta.columnMapping.mode";
const COLLATIONS: &str = "__COLLATIONS";
pub(super) const CLUSTERING_DOMAIN: &str = "delta.clustering";

/// Why an action can't be applied to the state. After a check against the plan's observation this is a bug.
#[derive(Debug, thiserror::Error)]
pub(super) enum EditError {
    /// A path names nothing.
    #[error("the table has no `{0}`")]
    NoColumn(String),
    /// The state is none of a table.
    #[error(transparent)]
    State(#[from] LogError),
    /// The actions don't fit the table.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// An action that never reaches a log.
    #[error("{0} is no change of a log")]
    NotInLog(&'static str),
}

impl From<Missing> for EditError {
    fn from(missing: Missing) -> Self {
        Self::NoColumn(missing.0)
    }
}

/// The actions of a commit that follows some state.
#[derive(Debug)]
pub(super) struct Edited {
    /// A `protocol` object, where it changes.
    pub(super) protocol: Option<Json>,
    /// A `metaData` object, where it changes.
    pub(super) metadata: Option<Json>,
    /// `domainMetadata` objects that change.
    pub(super) domains: Vec<Json>,
}

struct Editor {
    table_id: String,
    version: u64,
    metadata: Json,
    schema: Json,
    features: BTreeSet<Feature>,
    clustering: Option<Vec<Vec<String>>>,
}

/// Applies actions to the state that the commit follows. `now` is the time in milliseconds since 1970.
pub(super) fn edit(state: &LogState, actions: &[Action], now: i64) -> Result<Edited, EditError> {
    let mut editor = Editor {
        table_id: state.table_id().to_owned(),
        version: state.version,
        metadata: state.metadata.clone(),
        schema: state.schema.clone(),
        features: state.protocol.features(),
        clustering: None,
    };
    for action in actions {
        editor.apply(action, now)?;
    }
    let was = observe(&TableName::bare("table"), None, state)?;
    let columns = simulate(Some(was.clone()), actions, "")?.columns;
    text_lengths::follow(&state.schema, &was.columns, &mut editor.schema, &columns);
    if editor.schema != state.schema {
        editor.metadata.insert("schemaString", editor.schema.to_string());
    }
    let protocol = (editor.features != state.protocol.features()).then(|| {
        let mut protocol = state.protocol.raw.clone();
        let new = protocol_json(&editor.features, state.protocol.reader, state.protocol.writer);
        for (key, value) in new.as_object().unwrap_or_default() {
            protocol.insert(key.clone(), value.clone());
        }
        protocol
    });
    Ok(Edited {
        protocol,
        metadata: (editor.metadata != state.metadata).then_some(editor.metadata),
        domains: editor.clustering.map(clustering_domain).into_iter().collect(),
    })
}

/// The domain that names clustering columns by their physical names (PROTOCOL.md, "Clustered Table"; the layout of Delta
/// `ClusteringMetadataDomain`).
pub(super) fn clustering_domain(columns: Vec<Vec<String>>) -> Json {
    let columns: Json = columns.into_iter().map(|parts| parts.into_iter().map(Json::from).collect::<Json>()).collect();
    let configuration = object([("clusteringColumns", columns), ("domainName", CLUSTERING_DOMAIN.into())]);
    object([
        ("domain", CLUSTERING_DOMAIN.into()),
        ("configuration", configuration.to_string().into()),
        ("removed", false.into()),
    ])
}

/// The names along a path in the list of clustering columns.
pub(super) fn physical_path(schema: &Json, path: &Path) -> Result<Vec<String>, Missing> {
    let mut names = Vec::new();
    for depth in 1..=path.steps().len() {
        let prefix: Path = path.steps()[..depth].to_vec().into();
        let mut schema = schema.clone();
        let field = field_at(&mut schema, &prefix)?;
        names.push(kept_name(field).ok_or_else(|| Missing::at(&prefix))?.to_owned());
    }
    Ok(names)
}

impl Editor {
    fn apply(&mut self, action: &Action, now: i64) -> Result<(), EditError> {
        match action {
            Action::CreateTable { .. }
            | Action::SetTableTag { .. }
            | Action::UnsetTableTag { .. }
            | Action::SetColumnTag { .. }
            | Action::UnsetColumnTag { .. }
            | Action::DropForeignKey { .. }
            | Action::DropPrimaryKey { .. }
            | Action::AddPrimaryKey { .. }
            | Action::AddForeignKey { .. } => return Err(EditError::NotInLog(action.kind())),
            Action::EnableFeature { feature } => drop(self.features.insert(feature.clone())),
            Action::SetProperty { key, change } => self.set_property(key, change.to().as_deref(), now),
            Action::UnsetProperty { key, .. } => self.set_property(key, None, now),
            Action::DropCheck { name, .. } => self.set_configuration(&self.check_key(name), None),
            Action::AddCheck { name, expression } => {
                // Delta stores the name in lower case (`AlterTableAddConstraintDeltaCommand`).
                let key = format!("delta.constraints.{}", name.as_str().to_lowercase());
                self.set_configuration(&key, Some(expression.text()));
            }
            Action::RenameColumn { path, to } => self.rename(path, to)?,
            Action::MoveColumn { path, to } => {
                let fields = fields_at(&mut self.schema, &path.parent().unwrap_or_default())?;
                let index =
                    path.leaf_name().and_then(|name| position_of(fields, name)).ok_or_else(|| Missing::at(path))?;
                let field = fields.remove(index);
                insert_field(fields, field, to)?;
            }
            Action::AddColumn { parent, column, position } => {
                let field = self.new_field(column);
                insert_field(fields_at(&mut self.schema, parent)?, field, position)?;
            }
            Action::AlterColumnType { path, change } => self.alter_type(path, change.from(), change.to())?,
            Action::SetClustering { change } => self.set_clustering(change.to())?,
            Action::DropColumn { path, .. } => {
                let fields = fields_at(&mut self.schema, &path.parent().unwrap_or_default())?;
                let index =
                    path.leaf_name().and_then(|name| position_of(fields, name)).ok_or_else(|| Missing::at(path))?;
                fields.remove(index);
                self.follow_in_statistics(path, None);
            }
            Action::DropColumnNotNull { path } => self.set_nullable(path, true)?,
            Action::SetColumnNotNull { path } => self.set_nullable(path, false)?,
            Action::SetColumnDefault { path, change } => {
                self.set_field_metadata(path, DEFAULT, change.to().as_ref().map(|default| default.text()))?;
            }
            Action::DropColumnDefault { path, .. } => self.set_field_metadata(path, DEFAULT, None)?,
            Action::SetColumnComment { path, change } => {
                self.set_field_metadata(path, "comment", change.to().as_deref())?
            }
            Action::SetTableComment { change } => match change.to() {
                Some(comment) => self.metadata.insert("description", comment.as_str()),
                None => drop(self.metadata.remove("description")),
            },
        }
        Ok(())
    }

    fn configuration(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.get("configuration").and_then(Json::as_object).unwrap_or_default();
        entries.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.as_str())
    }

    /// Sets or removes a key; keys that Delta knows are one whatever their case.
    fn set_configuration(&mut self, key: &str, value: Option<&str>) {
        if self.metadata.get("configuration").and_then(Json::as_object).is_none() {
            self.metadata.insert("configuration", Json::Object(Vec::new()));
        }
        let Some(configuration) = self.metadata.get_mut("configuration") else { return };
        let same = |theirs: &str| theirs == key || known_property(key).is_some() && theirs.eq_ignore_ascii_case(key);
        let variants: Vec<String> = configuration
            .as_object()
            .unwrap_or_default()
            .iter()
            .map(|(theirs, _)| theirs.clone())
            .filter(|theirs| same(theirs))
            .collect();
        for variant in variants.iter().filter(|variant| value.is_none() || variant.as_str() != key) {
            configuration.remove(variant);
        }
        if let Some(value) = value {
            configuration.insert(key, value);
        }
    }

    fn mapping_mode(&self) -> MappingMode {
        self.configuration(MAPPING_MODE).and_then(MappingMode::parse).unwrap_or(MappingMode::None)
    }

    fn set_property(&mut self, key: &str, value: Option<&str>, now: i64) {
        let was_mapped = self.mapping_mode() != MappingMode::None;
        let is_on = |value: Option<&str>| value.is_some_and(delta_engine_schema::model::is_true);
        let turns_on_timestamps =
            key == "delta.enableInCommitTimestamps" && is_on(value) && !is_on(self.configuration(key));
        self.set_configuration(key, value.map(|value| canonical_value(key, value)));
        if !was_mapped && self.mapping_mode() != MappingMode::None {
            let mut last = 0;
            number_fields(&mut self.schema, &mut last, &mut |field, id| {
                // The files of the table use the names it has now.
                let name = field.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
                (id, name)
            });
            self.set_configuration(MAX_COLUMN_ID, Some(&last.to_string()));
        }
        if turns_on_timestamps {
            // PROTOCOL.md, "In-Commit Timestamps": enabled after version 0, the first version and time are recorded.
            self.set_configuration("delta.inCommitTimestampEnablementVersion", Some(&(self.version + 1).to_string()));
            self.set_configuration("delta.inCommitTimestampEnablementTimestamp", Some(&now.to_string()));
        }
    }

    fn check_key(&self, name: &Identifier) -> String {
        let entries = self.metadata.get("configuration").and_then(Json::as_object).unwrap_or_default();
        let is_it = |key: &str| check_of_key(key).is_some_and(|check| check == *name);
        entries
            .iter()
            .find(|(key, _)| is_it(key))
            .map_or_else(|| format!("delta.constraints.{name}"), |(key, _)| key.clone())
    }

    fn rename(&mut self, path: &Path, to: &Identifier) -> Result<(), EditError> {
        let field = field_at(&mut self.schema, path)?;
        let former = field.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        field.insert("name", to.as_str());
        if let Some(collations) = field.get_mut("metadata").and_then(|metadata| metadata.get_mut(COLLATIONS)) {
            follow_in_collations(collations, &former, to.as_str());
        }
        if path.is_column()
            && let Some(columns) = self.metadata.get_mut("partitionColumns").and_then(Json::as_array_mut)
        {
            // Logical names stand there, also under column mapping.
            for column in columns {
                if column.as_str().map(Identifier::from).as_ref() == path.leaf_name() {
                    *column = to.as_str().into();
                }
            }
        }
        let renamed = path.parent().unwrap_or_default().field(to);
        self.follow_in_statistics(path, Some(&renamed));
        Ok(())
    }

    /// A field's JSON with, under column mapping, the next ids for it and every field below it.
    fn new_field(&mut self, column: &Column) -> Json {
        let mut fields = object([("type", "struct".into()), ("fields", Json::Array(vec![column_json(column)]))]);
        if self.mapping_mode() != MappingMode::None {
            let said = self.configuration(MAX_COLUMN_ID).and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
            let mut last = u32::try_from(said).unwrap_or(u32::MAX).max(highest_id(&self.schema));
            number_fields(&mut fields, &mut last, &mut |_, id| (id, physical_column_name(&self.table_id, id)));
            self.set_configuration(MAX_COLUMN_ID, Some(&last.to_string()));
        }
        let list = fields.get_mut("fields").and_then(Json::as_array_mut);
        list.and_then(Vec::pop).unwrap_or(Json::Null)
    }

    fn alter_type(&mut self, path: &Path, from: &DataType, to: &DataType) -> Result<(), EditError> {
        *type_at(&mut self.schema, path)? = type_json(to);
        let owner: Vec<Step> = {
            let steps = path.steps();
            let depth = steps.iter().rposition(|step| step.as_field().is_some()).map_or(0, |index| index + 1);
            steps[..depth].to_vec()
        };
        let below = path.steps()[owner.len()..].iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let field = field_at(&mut self.schema, &owner.into())?;
        if field.get("metadata").is_none() {
            field.insert("metadata", Json::Object(Vec::new()));
        }
        let Some(metadata) = field.get_mut("metadata") else { return Ok(()) };
        if classify_type_change(from, to) == TypeChange::Widening {
            // PROTOCOL.md, "Type Widening": the change is recorded on the nearest field, oldest first.
            let mut entry = object([("fromType", type_json(from)), ("toType", type_json(to))]);
            if !below.is_empty() {
                entry.insert("fieldPath", below);
            }
            match metadata.get_mut("delta.typeChanges").and_then(Json::as_array_mut) {
                Some(changes) => changes.push(entry),
                None => metadata.insert("delta.typeChanges", Json::Array(vec![entry])),
            }
        }
        Ok(())
    }

    fn set_clustering(&mut self, layout: &Layout) -> Result<(), EditError> {
        let paths = layout.clustering().iter().map(|path| physical_path(&self.schema, path));
        self.clustering = Some(paths.collect::<Result<_, _>>()?);
        Ok(())
    }

    fn set_nullable(&mut self, path: &Path, nullable: bool) -> Result<(), EditError> {
        let parent = path.parent().unwrap_or_default();
        match path.last().ok_or_else(|| Missing::at(path))? {
            Step::Field(_) => field_at(&mut self.schema, path)?.insert("nullable", nullable),
            Step::Element => type_at(&mut self.schema, &parent)?.insert("containsNull", nullable),
            Step::Value => type_at(&mut self.schema, &parent)?.insert("valueContainsNull", nullable),
            Step::Key => return Err(Missing::at(path).into()),
        }
        Ok(())
    }

    fn set_field_metadata(&mut self, path: &Path, key: &str, value: Option<&str>) -> Result<(), EditError> {
        let field = field_at(&mut self.schema, path)?;
        if field.get("metadata").is_none() {
            field.insert("metadata", Json::Object(Vec::new()));
        }
        let Some(metadata) = field.get_mut("metadata") else { return Ok(()) };
        match value {
            Some(value) => metadata.insert(key, value),
            None => drop(metadata.remove(key)),
        }
        Ok(())
    }

    /// Renames or removes a column in the list of columns with statistics, as Delta does with the schema.
    fn follow_in_statistics(&mut self, from: &Path, to: Option<&Path>) {
        let followed = self.configuration(STATISTICS_COLUMNS).map(|listed| renamed_in_list(listed, from, to));
        if let Some(followed) = followed {
            self.set_configuration(STATISTICS_COLUMNS, Some(&followed));
        }
    }
}

/// Collations are listed by a path that begins with the field's own name (protocol RFC `collated-string-type.md`).
fn follow_in_collations(collations: &mut Json, from: &str, to: &str) {
    let Some(entries) = collations.as_object() else { return };
    let renamed = entries.iter().map(|(path, collation)| {
        let below = path.strip_prefix(from).filter(|below| below.is_empty() || below.starts_with('.'));
        (below.map_or_else(|| path.clone(), |below| format!("{to}{below}")), collation.clone())
    });
    *collations = renamed.collect();
}

/// Numbers the fields below a struct type, a field before those below it; elements, keys and values have no ids.
pub(super) fn number_fields(data_type: &mut Json, last: &mut u32, name: &mut impl FnMut(&Json, u32) -> (u32, String)) {
    if let Some(fields) = data_type.get_mut("fields").and_then(Json::as_array_mut) {
        for field in fields {
            *last = last.saturating_add(1);
            let (id, physical) = name(field, *last);
            if field.get("metadata").is_none() {
                field.insert("metadata", Json::Object(Vec::new()));
            }
            if let Some(metadata) = field.get_mut("metadata") {
                metadata.insert(COLUMN_ID, i64::from(id));
                metadata.insert(PHYSICAL_NAME, physical);
            }
            if let Some(below) = field.get_mut("type") {
                number_fields(below, last, name);
            }
        }
    }
    for key in ["elementType", "keyType", "valueType"] {
        if let Some(below) = data_type.get_mut(key) {
            number_fields(below, last, name);
        }
    }
}

/// The highest column id in the schema: `maxColumnId` may be missing, or lower where a writer set it wrongly.
fn highest_id(data_type: &Json) -> u32 {
    let mut highest = 0;
    for field in data_type.get("fields").and_then(Json::as_array).unwrap_or_default() {
        let id = field.get("metadata").and_then(|metadata| metadata.get(COLUMN_ID)).and_then(Json::as_i64);
        highest = highest.max(id.and_then(|id| u32::try_from(id).ok()).unwrap_or(0));
        highest = highest.max(field.get("type").map_or(0, highest_id));
    }
    let inner =
        ["elementType", "keyType", "valueType"].into_iter().filter_map(|key| data_type.get(key)).map(highest_id).max();
    highest.max(inner.unwrap_or(0))
}
