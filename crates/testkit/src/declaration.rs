//! A declaration as the generators see it: columns have an identity of their own, and keys, checks and layouts refer to
//! that identity, so that an edit of one part keeps the others true.
//!
//! Knows nothing of the differ: what must stay the same over an edit is told from these identities alone.

use std::collections::BTreeMap;

use delta_engine_schema::draft::{
    ClusteringDraft, ColumnDraft, FieldDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
};
use delta_engine_schema::model::{
    ArrayType, DataType, Field, Identifier, Identity, MapType, Metadata, Path, Scope, Step,
};

/// The identity of a column or nested field over all edits.
pub type NodeId = u32;

/// A column or nested field.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its identity.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// Former names, newest first.
    pub former: Vec<String>,
    /// Raw metadata, where the declaration is a snapshot.
    pub metadata: Metadata,
}

/// A type whose fields are nodes.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Anything that holds nothing.
    Leaf(DataType),
    /// Named fields.
    Struct(Vec<Node>),
    /// Elements, and whether they may be null.
    Array(Box<Kind>, bool),
    /// Keys and values, and whether values may be null.
    Map(Box<Kind>, Box<Kind>, bool),
}

/// What only a top-level column has.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// Default, as SQL.
    pub default: Option<String>,
    /// The column it is computed from, and the expression with `{c}` in that column's place.
    pub generated: Option<Mention>,
    /// Numbering.
    pub identity: Option<Identity>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// An expression over one column: `{c}` stands for its name.
#[derive(Debug, Clone)]
pub struct Mention {
    /// The column.
    pub column: NodeId,
    /// The expression.
    pub template: String,
}

/// A layout over identities.
#[derive(Debug, Clone)]
pub enum LayoutSpec {
    /// Neither partitioned nor clustered.
    Flat,
    /// Partitioned by columns.
    Partitioned(Vec<NodeId>),
    /// Clustered by columns or fields.
    Clustered(Vec<NodeId>),
    /// Clustered by the platform.
    Auto,
}

/// A primary key, or the own side of a foreign key.
#[derive(Debug, Clone)]
pub struct KeySpec {
    /// Name.
    pub name: Option<String>,
    /// Members.
    pub columns: Vec<NodeId>,
    /// Whether the optimizer may rely on it.
    pub rely: bool,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct ForeignKeySpec {
    /// Name and own columns.
    pub key: KeySpec,
    /// The referenced table.
    pub references: String,
    /// Columns there.
    pub referenced: Vec<String>,
}

/// A whole declaration.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// `schema.table`.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<Node>,
    /// What top-level columns have beside.
    pub extras: BTreeMap<NodeId, Extra>,
    /// Comment.
    pub comment: Option<String>,
    /// Layout.
    pub layout: LayoutSpec,
    /// Primary key.
    pub primary_key: Option<KeySpec>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKeySpec>,
    /// Checks by name.
    pub checks: Vec<(String, Mention)>,
    /// Properties; none means must not be set.
    pub properties: Vec<(String, Option<String>)>,
    /// Columns listed in `delta.dataSkippingStatsColumns`.
    pub stats: Vec<NodeId>,
    /// Table tags.
    pub tags: Vec<(String, String)>,
    /// How much of the table is ours.
    pub scope: Scope,
    /// Id of the table this is a snapshot of.
    pub origin: Option<String>,
    /// The next free identity.
    pub next_id: NodeId,
}

impl Declaration {
    /// A fresh identity.
    pub fn fresh(&mut self) -> NodeId {
        self.next_id += 1;
        self.next_id
    }

    /// What only this top-level column has.
    pub fn extra_mut(&mut self, id: NodeId) -> &mut Extra {
        self.extras.entry(id).or_default()
    }

    /// The top-level column of this identity.
    pub fn column(&self, id: NodeId) -> Option<&Node> {
        self.columns.iter().find(|node| node.id == id)
    }

    /// The declared value of a property.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(there, _)| there == key)?.1.as_deref()
    }

    /// Declares a property, in place of what was declared of it.
    pub fn set_property(&mut self, key: &str, value: Option<&str>) {
        self.properties.retain(|(there, _)| there != key);
        self.properties.push((key.to_owned(), value.map(str::to_owned)));
    }

    /// Whether column mapping is declared on.
    pub fn is_mapped(&self) -> bool {
        self.property("delta.columnMapping.mode").is_some_and(|mode| !mode.eq_ignore_ascii_case("none"))
    }

    /// Every node with its path, parents first.
    pub fn nodes(&self) -> Vec<(Path, &Node)> {
        let mut found = Vec::new();
        collect(&Path::table(), &self.columns, &mut found);
        found
    }

    /// Every type with its path, at any depth, parents first.
    pub fn kinds(&self) -> Vec<(Path, &Kind)> {
        let mut found = Vec::new();
        for column in &self.columns {
            column.kind.walk(Path::column(column.name.as_str()), &mut found);
        }
        found
    }

    /// The path of every struct, the table first.
    pub fn structs(&self) -> Vec<Path> {
        let nested = self.kinds().into_iter().filter(|(_, kind)| matches!(kind, Kind::Struct(_)));
        std::iter::once(Path::table()).chain(nested.map(|(path, _)| path)).collect()
    }

    /// The path of every leaf type with its type.
    pub fn leaves(&self) -> Vec<(Path, &DataType)> {
        self.kinds().into_iter().filter_map(|(path, kind)| Some((path, kind.as_leaf()?))).collect()
    }

    /// The path of every array and map.
    pub fn collections(&self) -> Vec<Path> {
        let found = self.kinds().into_iter().filter(|(_, kind)| matches!(kind, Kind::Array(..) | Kind::Map(..)));
        found.map(|(path, _)| path).collect()
    }

    /// The columns of the table or the fields of a struct.
    pub fn fields_mut(&mut self, parent: &Path) -> Option<&mut Vec<Node>> {
        if parent.is_table() {
            return Some(&mut self.columns);
        }
        if let Kind::Struct(fields) = self.kind_mut(parent)? { Some(fields) } else { None }
    }

    /// The node at a path.
    pub fn node_mut(&mut self, path: &Path) -> Option<&mut Node> {
        let name = path.leaf_name()?;
        let fields = self.fields_mut(&path.parent()?)?;
        fields.iter_mut().find(|node| name.as_str() == node.name)
    }

    /// The type at a path.
    pub fn kind_mut(&mut self, path: &Path) -> Option<&mut Kind> {
        let (first, below) = path.steps().split_first()?;
        let name = first.as_field()?;
        let column = self.columns.iter_mut().find(|node| node.name == name.as_str())?;
        below.iter().try_fold(&mut column.kind, |kind, step| kind.child_mut(step))
    }

    /// Whether a check or a generated column is computed from this column.
    pub fn is_mentioned(&self, id: NodeId) -> bool {
        self.checks.iter().any(|(_, check)| check.column == id) || self.is_generated_from(id)
    }

    /// Whether a generated column is computed from this column.
    pub fn is_generated_from(&self, id: NodeId) -> bool {
        self.extras.values().any(|extra| extra.generated.as_ref().is_some_and(|mention| mention.column == id))
    }

    /// Whether a key or the layout holds this node.
    pub fn is_held(&self, id: NodeId) -> bool {
        let in_layout = match &self.layout {
            LayoutSpec::Partitioned(ids) | LayoutSpec::Clustered(ids) => ids.contains(&id),
            LayoutSpec::Flat | LayoutSpec::Auto => false,
        };
        in_layout
            || self.is_in_primary_key(id)
            || self.foreign_keys.iter().any(|foreign| foreign.key.columns.contains(&id))
    }

    /// Whether the primary key holds this column.
    pub fn is_in_primary_key(&self, id: NodeId) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.columns.contains(&id))
    }

    /// Whether the table is partitioned by this column.
    pub fn is_partition(&self, id: NodeId) -> bool {
        matches!(&self.layout, LayoutSpec::Partitioned(ids) if ids.contains(&id))
    }

    /// The draft that says all this.
    pub fn draft(&self) -> TableDraft {
        let mut draft = TableDraft::new(self.name.as_str());
        draft.columns = self.columns.iter().map(|node| self.column_draft(node)).collect();
        draft.comment.clone_from(&self.comment);
        match &self.layout {
            LayoutSpec::Flat => (),
            LayoutSpec::Partitioned(ids) => draft.partitioned_by = Some(self.names(ids)),
            LayoutSpec::Clustered(ids) => draft.clustered_by = Some(ClusteringDraft::By(self.paths(ids))),
            LayoutSpec::Auto => draft.clustered_by = Some(ClusteringDraft::Auto),
        }
        draft.primary_key = self.primary_key.as_ref().map(|key| PrimaryKeyDraft {
            name: key.name.clone(),
            columns: self.names(&key.columns),
            rely: key.rely,
            ..PrimaryKeyDraft::default()
        });
        let foreign = |foreign: &ForeignKeySpec| ForeignKeyDraft {
            name: foreign.key.name.clone(),
            columns: self.names(&foreign.key.columns),
            references: foreign.references.clone(),
            referenced_columns: foreign.referenced.clone(),
            rely: foreign.key.rely,
            ..ForeignKeyDraft::default()
        };
        draft.foreign_keys = self.foreign_keys.iter().map(foreign).collect();
        draft.checks = self.checks.iter().map(|(name, check)| (name.clone(), self.mention(check))).collect();
        draft.properties.clone_from(&self.properties);
        if !self.stats.is_empty() {
            let listed = self.paths(&self.stats).join(", ");
            draft.properties.push(("delta.dataSkippingStatsColumns".to_owned(), Some(listed)));
        }
        draft.tags.clone_from(&self.tags);
        draft.scope = self.scope;
        draft.origin.clone_from(&self.origin);
        draft
    }

    fn column_draft(&self, node: &Node) -> ColumnDraft {
        let mut draft = ColumnDraft::new(node.name.as_str(), TypeDraft::Type(node.kind.data_type()));
        draft.nullable = node.nullable;
        draft.comment.clone_from(&node.comment);
        draft.renamed_from.clone_from(&node.former);
        draft.metadata = node.metadata.clone();
        let mut below = Vec::new();
        node.kind.collect(&Path::table(), &mut below);
        let renamed = below.into_iter().filter(|(_, nested)| !nested.former.is_empty());
        draft.fields = renamed
            .map(|(path, nested)| FieldDraft {
                path: path.to_string(),
                renamed_from: nested.former.clone(),
                ..FieldDraft::default()
            })
            .collect();
        if let Some(extra) = self.extras.get(&node.id) {
            draft.default.clone_from(&extra.default);
            draft.generated = extra.generated.as_ref().map(|mention| self.mention(mention));
            draft.identity = extra.identity;
            draft.tags.clone_from(&extra.tags);
        }
        draft
    }

    fn mention(&self, mention: &Mention) -> String {
        let name = self.column(mention.column).map_or("missing", |node| node.name.as_str());
        mention.template.replace("{c}", &Identifier::new(name).quoted_if_needed())
    }

    fn names(&self, ids: &[NodeId]) -> Vec<String> {
        let quoted = |node: &Node| Identifier::new(node.name.as_str()).quoted_if_needed();
        ids.iter().filter_map(|id| self.column(*id)).map(quoted).collect()
    }

    fn paths(&self, ids: &[NodeId]) -> Vec<String> {
        let nodes = self.nodes();
        let path = |id: &NodeId| nodes.iter().find(|(_, node)| node.id == *id).map(|(path, _)| path.to_string());
        ids.iter().filter_map(path).collect()
    }
}

impl Kind {
    /// The type as a value.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Leaf(leaf) => leaf.clone(),
            Self::Struct(fields) => DataType::Struct(fields.iter().map(Node::field).collect()),
            Self::Array(element, element_nullable) => DataType::Array(Box::new(ArrayType {
                element: element.data_type(),
                element_nullable: *element_nullable,
            })),
            Self::Map(key, value, value_nullable) => DataType::Map(Box::new(MapType {
                key: key.data_type(),
                value: value.data_type(),
                value_nullable: *value_nullable,
            })),
        }
    }

    /// The leaf type, where this is one.
    pub fn as_leaf(&self) -> Option<&DataType> {
        if let Self::Leaf(leaf) = self { Some(leaf) } else { None }
    }

    /// Whether the elements of an array or the values of a map may be null, to change it.
    pub fn inner_nullable(&mut self) -> Option<&mut bool> {
        match self {
            Self::Array(_, nullable) | Self::Map(_, _, nullable) => Some(nullable),
            Self::Leaf(_) | Self::Struct(_) => None,
        }
    }

    fn child_mut(&mut self, step: &Step) -> Option<&mut Self> {
        match (step, self) {
            (Step::Field(name), Self::Struct(fields)) => {
                fields.iter_mut().find(|node| node.name == name.as_str()).map(|node| &mut node.kind)
            }
            (Step::Element, Self::Array(element, _)) => Some(element),
            (Step::Key, Self::Map(key, _, _)) => Some(key),
            (Step::Value, Self::Map(_, value, _)) => Some(value),
            (_, _) => None,
        }
    }

    fn collect<'n>(&'n self, path: &Path, found: &mut Vec<(Path, &'n Node)>) {
        match self {
            Self::Leaf(_) => (),
            Self::Struct(fields) => collect(path, fields, found),
            Self::Array(element, _) => element.collect(&path.join(Step::Element), found),
            Self::Map(key, value, _) => {
                key.collect(&path.join(Step::Key), found);
                value.collect(&path.join(Step::Value), found);
            }
        }
    }

    fn walk<'n>(&'n self, path: Path, found: &mut Vec<(Path, &'n Self)>) {
        found.push((path.clone(), self));
        match self {
            Self::Leaf(_) => (),
            Self::Struct(fields) => {
                fields.iter().for_each(|node| node.kind.walk(path.field(&node.name.as_str().into()), found));
            }
            Self::Array(element, _) => element.walk(path.join(Step::Element), found),
            Self::Map(key, value, _) => {
                key.walk(path.join(Step::Key), found);
                value.walk(path.join(Step::Value), found);
            }
        }
    }
}

impl Node {
    /// A nullable node without anything else.
    pub fn new(id: NodeId, name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        Self { id, name, kind, nullable: true, comment: None, former: Vec::new(), metadata: Metadata::default() }
    }

    fn field(&self) -> Field {
        let mut field = Field::new(self.name.as_str(), self.kind.data_type());
        field.nullable = self.nullable;
        field.comment = self.comment.as_deref().map(Into::into);
        field.metadata = self.metadata.clone();
        field
    }
}

fn collect<'n>(parent: &Path, nodes: &'n [Node], found: &mut Vec<(Path, &'n Node)>) {
    for node in nodes {
        let path = parent.field(&node.name.as_str().into());
        found.push((path.clone(), node));
        node.kind.collect(&path, found);
    }
}
