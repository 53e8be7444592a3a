//! Random declarations, and observed tables that mean exactly the same.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{
    Column, DataType, DesiredTable, Expression, Feature, Field, ForeignKey, Identifier, Identity, InboundKey, Layout,
    ObservedTable, PrimaryKey, RelationKind, Scope, TableName, Unknown, required_features,
};
use delta_engine_schema::{BASE_FEATURES, draft::Fault};

use crate::declaration::{Declaration, Extra, ForeignKeySpec, KeySpec, Kind, LayoutSpec, Mention, Node, NodeId};
use crate::rng::Rng;
use crate::words::{
    COMMENTS, CONSTRAINTS, LOST_NAMES, NAMES, ODD_NAMES, PROPERTIES, TAG_KEYS, TAG_VALUES, WILD_PROPERTIES,
    condition_on, default_of, has_statistics, leaf, respelled,
};

/// What a random declaration may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taste {
    /// Only what Delta can store.
    Legal,
    /// Anything a draft lets through.
    Wild,
}

/// A random declaration that passes the checks of a draft, and the table it is.
///
/// # Errors
/// The faults, where the generator makes a draft that does not pass.
pub fn declaration(rng: &mut Rng, taste: Taste) -> Result<Declaration, Vec<Fault>> {
    let mut maker = Maker { rng, taste, next_id: 0, mapped: false };
    let declaration = maker.declaration();
    declaration.draft().check().map(|_| declaration)
}

/// A random new column or field for a declaration; never NOT NULL inside.
pub fn new_node(rng: &mut Rng, declaration: &mut Declaration, name: String) -> Node {
    let mapped = declaration.is_mapped();
    let mut maker = Maker { rng, taste: Taste::Legal, next_id: declaration.next_id, mapped };
    let mut node = maker.node(name, 2);
    declaration.next_id = maker.next_id;
    loosen(&mut node);
    node
}

fn loosen(node: &mut Node) {
    node.nullable = true;
    if let Kind::Struct(fields) = &mut node.kind {
        fields.iter_mut().for_each(loosen);
    }
}

struct Maker<'r> {
    rng: &'r mut Rng,
    taste: Taste,
    next_id: NodeId,
    mapped: bool,
}

impl Maker<'_> {
    fn declaration(&mut self) -> Declaration {
        self.mapped = self.rng.chance(60);
        let columns = self.level(1, 8, 3);
        let mut declaration = Declaration {
            name: "silver.t".to_owned(),
            columns,
            extras: BTreeMap::new(),
            comment: self.some(COMMENTS, 30),
            layout: LayoutSpec::Flat,
            primary_key: None,
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            properties: Vec::new(),
            stats: Vec::new(),
            tags: tags(self.rng),
            scope: Scope::Full,
            origin: None,
            next_id: self.next_id,
        };
        if self.mapped {
            let mode = if self.rng.chance(80) { "name" } else { "id" };
            declaration.set_property("delta.columnMapping.mode", Some(mode));
        }
        if self.rng.chance(60) {
            declaration.set_property("delta.enableTypeWidening", Some("true"));
        }
        for _ in 0..self.rng.below(4) {
            self.property(&mut declaration, PROPERTIES);
        }
        if self.taste == Taste::Wild {
            for _ in 0..self.rng.below(3) {
                self.property(&mut declaration, WILD_PROPERTIES);
            }
            declaration.scope = *self.rng.sometimes(20, &Scope::ALL).unwrap_or(&Scope::Full);
        }
        self.extras(&mut declaration);
        self.constraints(&mut declaration);
        declaration
    }

    fn property(&mut self, declaration: &mut Declaration, known: &[(&str, &[&[&str]])]) {
        let Some((key, groups)) = self.rng.pick(known) else { return };
        let value = self.rng.pick(groups).and_then(|group| self.rng.pick(group).copied());
        let feature = key.starts_with("delta.feature.");
        declaration.set_property(key, value.filter(|_| feature || !self.rng.chance(5)));
    }

    fn some(&mut self, choices: &[&str], percent: usize) -> Option<String> {
        self.rng.sometimes(percent, choices).map(|text| (*text).to_owned())
    }

    fn level(&mut self, least: usize, most: usize, depth: usize) -> Vec<Node> {
        let count = least + self.rng.below(most - least + 1);
        let mut nodes: Vec<Node> = Vec::new();
        for _ in 0..count {
            let odd = match self.taste {
                Taste::Legal => self.mapped && self.rng.chance(3),
                Taste::Wild => self.rng.chance(4),
            };
            let names = if odd { ODD_NAMES } else { NAMES };
            // Change data feed reserves the names with a leading underscore.
            let Some(name) = self.rng.pick(names).filter(|name| self.taste == Taste::Wild || !name.starts_with('_'))
            else {
                continue;
            };
            if !nodes.iter().any(|node| node.name == *name) {
                nodes.push(self.node((*name).to_owned(), depth));
            }
        }
        if nodes.is_empty() {
            nodes.push(self.node("id".to_owned(), 0));
        }
        nodes
    }

    fn node(&mut self, name: String, depth: usize) -> Node {
        self.next_id += 1;
        let id = self.next_id;
        let kind = self.kind(depth);
        let mut node = Node::new(id, name, kind);
        node.comment = self.some(COMMENTS, 15);
        node.former.extend(self.some(LOST_NAMES, 3));
        // A NOT NULL field is legal where everything above it is NOT NULL; columns get theirs below.
        node.nullable = !(self.taste == Taste::Wild && self.rng.chance(10) || depth == 3 && self.rng.chance(25));
        node
    }

    fn kind(&mut self, depth: usize) -> Kind {
        let nullable = self.rng.chance(85);
        match self.rng.below(if depth == 0 { 20 } else { 26 }) {
            20..=22 => Kind::Struct(self.level(1, 3, depth - 1)),
            23 | 24 => Kind::Array(Box::new(self.kind(depth - 1)), nullable),
            25 => Kind::Map(Box::new(Kind::Leaf(self.key())), Box::new(self.kind(depth - 1)), nullable),
            0 if self.rng.chance(20) => Kind::Leaf(DataType::Opaque("\"interval day\"".into())),
            1 if self.rng.chance(20) => Kind::Leaf(DataType::String(Some(Identifier::new("UTF8_LCASE")))),
            _ => Kind::Leaf(leaf(self.rng)),
        }
    }

    fn key(&mut self) -> DataType {
        if self.rng.chance(60) { DataType::STRING } else { DataType::Integer }
    }

    fn extras(&mut self, declaration: &mut Declaration) {
        let columns: Vec<(NodeId, Kind)> =
            declaration.columns.iter().map(|node| (node.id, node.kind.clone())).collect();
        for (id, kind) in &columns {
            let mut extra = Extra { tags: tags(self.rng), ..Extra::default() };
            let data_type = kind.data_type();
            if self.rng.chance(20) {
                extra.default = default_of(self.rng, &data_type);
            } else if data_type == DataType::Long && self.rng.chance(15) {
                extra.identity = Some(Identity { start: 1, increment: 1, always: self.rng.chance(50) });
            } else if data_type == DataType::Long && self.rng.chance(20) {
                let source = columns.iter().find(|(other, kind)| {
                    let plain = declaration.extras.get(other).is_none_or(|extra| extra.generated.is_none());
                    other != id && plain && matches!(kind, Kind::Leaf(DataType::Integer))
                });
                extra.generated =
                    source.map(|(column, _)| Mention { column: *column, template: "CAST({c} AS BIGINT)".to_owned() });
            }
            declaration.extras.insert(*id, extra);
        }
    }

    fn constraints(&mut self, declaration: &mut Declaration) {
        let leaves: Vec<(NodeId, DataType)> = declaration
            .columns
            .iter()
            .filter_map(|node| node.kind.as_leaf().map(|leaf| (node.id, leaf.clone())))
            .collect();
        let plain: Vec<NodeId> = leaves.iter().filter(|(_, leaf)| has_statistics(leaf)).map(|(id, _)| *id).collect();
        let is_identity = |id: NodeId, declaration: &Declaration| {
            declaration.extras.get(&id).is_some_and(|extra| extra.identity.is_some())
        };
        match self.rng.below(10) {
            0 | 1 if declaration.columns.len() > 1 => {
                let id = self.rng.pick(&plain).copied().filter(|id| !is_identity(*id, declaration));
                declaration.layout = id.map_or(LayoutSpec::Flat, |id| LayoutSpec::Partitioned(vec![id]));
            }
            2..=4 => declaration.layout = clustering(self.rng, declaration),
            _ => (),
        }
        if self.rng.chance(35) {
            declaration.primary_key = primary_key(self.rng, declaration);
        }
        if self.rng.chance(25) {
            for _ in 0..1 + self.rng.below(3) {
                let foreign = foreign_key(self.rng, declaration);
                declaration.foreign_keys.extend(foreign);
            }
        }
        for _ in 0..self.rng.below(3) {
            let check = check(self.rng, declaration);
            declaration.checks.extend(check);
        }
        if self.rng.chance(5) {
            declaration.stats = plain.into_iter().filter(|id| !declaration.is_partition(*id)).take(2).collect();
            declaration.properties.retain(|(key, _)| key != "delta.dataSkippingStatsColumns");
        }
    }
}

/// Random tags.
pub fn tags(rng: &mut Rng) -> Vec<(String, String)> {
    let mut tags = BTreeMap::new();
    if rng.chance(20) {
        for _ in 0..1 + rng.below(2) {
            if let (Some(key), Some(value)) = (rng.pick(TAG_KEYS), rng.pick(TAG_VALUES)) {
                tags.insert((*key).to_owned(), (*value).to_owned());
            }
        }
    }
    tags.into_iter().collect()
}

/// Clustering by up to three columns or fields that have statistics; flat where there are none.
pub fn clustering(rng: &mut Rng, declaration: &Declaration) -> LayoutSpec {
    if rng.chance(15) {
        return LayoutSpec::Auto;
    }
    // Delta clusters by no field of a column that holds a variant.
    let is_variant = |inner: &DataType| matches!(inner, DataType::Variant);
    let holds_variant = |root: Option<&Identifier>| {
        let mut columns = declaration.columns.iter();
        columns.any(|column| {
            root.is_some_and(|root| *root == column.name.as_str().into())
                && column.kind.data_type().contains(is_variant)
        })
    };
    let mut ids: Vec<NodeId> = declaration
        .nodes()
        .into_iter()
        .filter(|(path, node)| !path.crosses_collection() && node.kind.as_leaf().is_some_and(has_statistics))
        .filter(|(path, _)| !holds_variant(path.root()))
        .map(|(_, node)| node.id)
        .collect();
    rng.shuffle(&mut ids);
    ids.truncate(1 + rng.below(3));
    if ids.is_empty() { LayoutSpec::Flat } else { LayoutSpec::Clustered(ids) }
}

/// A primary key over NOT NULL columns.
pub fn primary_key(rng: &mut Rng, declaration: &Declaration) -> Option<KeySpec> {
    let usable = |node: &&Node| !node.nullable && node.kind.as_leaf().is_some_and(has_statistics);
    let mut columns: Vec<NodeId> = declaration.columns.iter().filter(usable).map(|node| node.id).collect();
    rng.shuffle(&mut columns);
    columns.truncate(1 + rng.below(2));
    let name = rng.sometimes(40, CONSTRAINTS).map(|name| format!("pk_{name}"));
    (!columns.is_empty()).then(|| KeySpec { name, columns, rely: rng.chance(20) })
}

/// A foreign key over columns that no other one holds.
pub fn foreign_key(rng: &mut Rng, declaration: &Declaration) -> Option<ForeignKeySpec> {
    let held = |id: NodeId| declaration.foreign_keys.iter().any(|foreign| foreign.key.columns.contains(&id));
    let usable = |node: &&Node| !held(node.id) && node.kind.as_leaf().is_some_and(has_statistics);
    let mut columns: Vec<NodeId> = declaration.columns.iter().filter(usable).map(|node| node.id).collect();
    rng.shuffle(&mut columns);
    columns.truncate(1 + rng.below(2));
    let referenced = (0..columns.len()).map(|index| format!("r{index}")).collect();
    let references = rng.pick(&["silver.countries", "silver.customers", "gold.days"])?;
    let name = rng.sometimes(40, CONSTRAINTS).map(|name| format!("fk_{name}"));
    let taken = |name: &String| declaration.foreign_keys.iter().any(|foreign| foreign.key.name.as_ref() == Some(name));
    let key = KeySpec { name: name.filter(|name| !taken(name)), columns, rely: rng.chance(20) };
    (!key.columns.is_empty()).then(|| ForeignKeySpec { key, references: (*references).to_owned(), referenced })
}

/// A check of a name that is free, on a column that it can be said of.
pub fn check(rng: &mut Rng, declaration: &Declaration) -> Option<(String, Mention)> {
    let node = rng.pick(&declaration.columns)?;
    let template = condition_on(rng, node.kind.as_leaf()?)?;
    let name = rng.pick(CONSTRAINTS)?;
    let taken = declaration.checks.iter().any(|(there, _)| there == name);
    (!taken).then(|| ((*name).to_owned(), Mention { column: node.id, template }))
}

/// A table as a source could show it when it is exactly what the declaration says: other spellings, order where order
/// means nothing, and what is not ours.
pub fn observed(rng: &mut Rng, desired: &DesiredTable) -> ObservedTable {
    let mut columns: Vec<Column> = desired.columns.iter().map(|column| respelled_column(rng, column)).collect();
    let mut properties: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in &desired.properties {
        if let Some(value) = value {
            properties.insert(key.clone(), respelled(rng, key, value));
        }
    }
    if rng.chance(30) {
        properties.insert("somebody.else".to_owned(), "1".to_owned());
    }
    let mode = properties.get("delta.columnMapping.mode").map(|mode| mode.to_ascii_lowercase());
    if mode.is_some_and(|mode| mode != "none") {
        // Some tables have hardly an id left.
        let first = if rng.chance(10) { i32::MAX.unsigned_abs() - 12 } else { 0 };
        let mut next = first + u32::try_from(rng.below(5)).unwrap_or_default();
        columns.iter_mut().for_each(|column| map(rng, &mut column.field, &mut next));
        properties.insert("delta.columnMapping.maxColumnId".to_owned(), next.to_string());
    }
    let is_mapped = properties.contains_key("delta.columnMapping.maxColumnId");
    if let Some(column) = columns.first_mut().filter(|_| !is_mapped && rng.chance(15)) {
        // A mapping that was taken off, or a copied schema, leaves such a thing.
        column.field.metadata.set_mapping(1, "col-left-over");
    }
    let primary_key = desired.primary_key.clone().map(|key| {
        let mut columns = key.columns;
        rng.shuffle(&mut columns);
        PrimaryKey { name: Some("t_pk".into()), columns, rely: key.rely }
    });
    let mut foreign_keys: Vec<ForeignKey> =
        desired.foreign_keys.iter().map(|key| respelled_foreign_key(rng, key)).collect();
    rng.shuffle(&mut foreign_keys);
    let kind = RelationKind::Table;
    let checks = desired.checks.iter().map(|(name, check)| (name.clone(), respelled_expression(rng, check))).collect();
    let set = || properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut features = required_features(&desired.columns, &desired.layout, &desired.checks, set());
    features.extend(desired.features.iter().cloned());
    add_features(rng, &mut features);
    ObservedTable {
        name: desired.name.clone(),
        columns,
        comment: desired.comment.clone().or_else(|| rng.chance(20).then(String::new)),
        layout: respelled_layout(rng, &desired.layout),
        primary_key,
        foreign_keys,
        inbound_keys: inbound(rng, desired),
        checks,
        properties,
        features,
        tags: desired.tags.clone(),
        location: desired.location.clone(),
        table_id: format!("{:016x}", rng.bits()),
        version: rng.bits() % 1000,
        kind,
        unknown: Unknown::default(),
    }
}

/// Legacy versions bring features that nobody asked for; so does a past life.
fn add_features(rng: &mut Rng, features: &mut BTreeSet<Feature>) {
    features.extend(BASE_FEATURES);
    if rng.chance(40) {
        let (reader, writer) = *rng.pick(&[(1, 2), (1, 3), (1, 4), (2, 5), (2, 6)]).unwrap_or(&(1, 2));
        features.extend(Feature::legacy_set(reader, writer));
    }
    if rng.chance(20) {
        features.extend(rng.pick(&Feature::KNOWN).cloned());
    }
    if rng.chance(5) {
        features.insert(Feature::Other("typeWidening-preview".to_owned()));
        features.remove(&Feature::TypeWidening);
    }
}

fn inbound(rng: &mut Rng, desired: &DesiredTable) -> Vec<InboundKey> {
    if !rng.chance(3) {
        return Vec::new();
    }
    let Some(column) = rng.pick(&desired.columns) else { return Vec::new() };
    let referenced_columns = vec![column.name().clone()];
    let table = TableName { catalog: None, schema: Some("silver".into()), table: "child".into() };
    vec![InboundKey { table, name: None, referenced_columns }]
}

fn respelled_column(rng: &mut Rng, column: &Column) -> Column {
    let mut column = column.clone();
    respell_field(rng, &mut column.field);
    column.default = column.default.map(|default| respelled_expression(rng, &default));
    column.generated = column.generated.map(|generated| respelled_expression(rng, &generated));
    column
}

fn respell_field(rng: &mut Rng, field: &mut Field) {
    if rng.chance(3) {
        field.name = Identifier::new(field.name.as_str().to_ascii_uppercase());
    }
    if field.comment.is_none() && rng.chance(5) {
        field.comment = Some("".into());
    }
    field.metadata = delta_engine_schema::model::Metadata::default();
    if rng.chance(5) {
        field.metadata.insert("delta.typeChanges", "[{\"fromType\":\"short\",\"toType\":\"integer\"}]");
    }
    if rng.chance(5) {
        field.metadata.insert("written by", "{\"app\": [1, 2]}");
    }
    each_field(&mut field.data_type, &mut |nested| respell_field(rng, nested));
}

/// Ids in no order and with gaps, as a table's life leaves them.
fn map(rng: &mut Rng, field: &mut Field, next: &mut u32) {
    *next += 1 + u32::try_from(rng.below(2)).unwrap_or_default();
    let physical = if rng.chance(50) { format!("col-{:x}", rng.bits()) } else { format!("p{next}") };
    field.metadata.set_mapping(*next, &physical);
    each_field(&mut field.data_type, &mut |nested| map(rng, nested, next));
}

/// Calls `visit` with the nearest fields below a type.
pub(crate) fn each_field(data_type: &mut DataType, visit: &mut impl FnMut(&mut Field)) {
    if let DataType::Struct(fields) = data_type {
        fields.iter_mut().for_each(visit);
    } else if let DataType::Array(array) = data_type {
        each_field(&mut array.element, visit);
    } else if let DataType::Map(map) = data_type {
        each_field(&mut map.key, visit);
        each_field(&mut map.value, visit);
    }
}

fn respelled_layout(rng: &mut Rng, layout: &Layout) -> Layout {
    let mut layout = layout.clone();
    if let Layout::Clustered(paths) = &mut layout {
        rng.shuffle(paths);
    }
    layout
}

fn respelled_foreign_key(rng: &mut Rng, key: &ForeignKey) -> ForeignKey {
    let mut pairs: Vec<(Identifier, Identifier)> =
        key.columns.iter().cloned().zip(key.referenced_columns.iter().cloned()).collect();
    rng.shuffle(&mut pairs);
    let (columns, referenced_columns) = pairs.into_iter().unzip();
    ForeignKey { name: None, columns, references: key.references.clone(), referenced_columns, rely: key.rely }
}

/// The same tokens with other spacing.
fn respelled_expression(rng: &mut Rng, expression: &Expression) -> Expression {
    if !rng.chance(50) || expression.text().contains(['\'', '`']) {
        return expression.clone();
    }
    let spaced = expression.text().replace(' ', "  ").replace("AND", "and").replace('(', "( ");
    Expression::parse(&spaced).unwrap_or_else(|_| expression.clone())
}
