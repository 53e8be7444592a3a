//! Random pairs of tables: made by legal edits, or wild.

use std::collections::BTreeMap;

use delta_engine_schema::draft::TableDraft;
use delta_engine_schema::model::{
    Aspect, DataType, Expression, Identity, Layout, Metadata, ObservedTable, Path, RelationKind, Scope,
};

use crate::declaration::{Declaration, Kind, LayoutSpec, Mention, Node, NodeId};
use crate::edit::Editor;
use crate::rng::Rng;
use crate::table::{Taste, clustering, declaration, foreign_key, observed, primary_key, tags};
use crate::trouble::{On, TROUBLES};
use crate::words::{LOST_NAMES, NAMES, ODD_NAMES, PROPERTIES, WILD_PROPERTIES, leaf};

/// A declaration and a table.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What is wanted; passes the checks of a draft.
    pub desired: TableDraft,
    /// What is there.
    pub observed: Option<ObservedTable>,
    /// What is known of how the one became the other.
    pub origin: Origin,
}

/// Where a pair comes from, and so what is known of it.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Legal edits.
    Edited {
        /// How many smallest changes were made.
        edits: usize,
        /// Nodes on both sides: where each was and where it is.
        kept: Vec<(Path, Path)>,
    },
    /// Anything.
    Wild,
}

/// A pair of a table and one to six legal edits of its declaration; none where the words collide.
pub fn edited(rng: &mut Rng) -> Option<Pair> {
    let mut start = declaration(rng, Taste::Legal).ok()?;
    let mut table = observed(rng, &start.draft().check().ok()?);
    if start.is_mapped() && rng.chance(15) {
        snapshot(&mut start, &table);
    }
    let mut end = start.clone();
    let most = 1 + rng.below(6);
    let edits = Editor::new(Rng::new(rng.bits()), &start).edit(&mut end, most);
    if rng.chance(3) && start.origin.is_none() {
        return Some(Pair {
            desired: end.draft(),
            observed: None,
            origin: Origin::Edited { edits: 1, kept: Vec::new() },
        });
    }
    let before: BTreeMap<NodeId, Path> = start.nodes().into_iter().map(|(path, node)| (node.id, path)).collect();
    let kept = end
        .nodes()
        .into_iter()
        .filter_map(|(path, node)| before.get(&node.id).map(|old| (old.clone(), path)))
        .collect();
    table.name.catalog = None;
    Some(Pair { desired: end.draft(), observed: Some(table), origin: Origin::Edited { edits, kept } })
}

/// Makes the declaration a snapshot of the table: every node knows its id.
fn snapshot(declaration: &mut Declaration, table: &ObservedTable) {
    let paths: Vec<Path> = declaration.nodes().into_iter().map(|(path, _)| path).collect();
    for path in paths {
        let metadata = field_metadata(table, &path);
        if let (Some(node), Some(metadata)) = (declaration.node_mut(&path), metadata) {
            node.metadata = metadata;
        }
    }
    declaration.origin = Some(table.table_id.clone());
}

/// The metadata of the field at a path.
pub fn field_metadata(table: &ObservedTable, path: &Path) -> Option<Metadata> {
    let name = path.leaf_name()?;
    let parent = path.parent()?;
    if parent.is_table() {
        return table.column(name).map(|column| column.field.metadata.clone());
    }
    let fields = table.type_at(&parent)?.as_struct()?;
    fields.iter().find(|field| field.name == *name).map(|field| field.metadata.clone())
}

/// A pair that need not have anything to do with each other; none where the draft has faults.
pub fn wild(rng: &mut Rng) -> Option<Pair> {
    let mut start = declaration(rng, Taste::Wild).ok()?;
    let mut table = observed(rng, &start.draft().check().ok()?);
    if rng.chance(20) {
        snapshot(&mut start, &table);
    }
    let mut end = start.clone();
    if rng.chance(50) {
        let other = declaration(rng, Taste::Wild).ok()?;
        end = Declaration { origin: end.origin, ..other };
    }
    for _ in 0..rng.below(8) {
        let mut changed = end.clone();
        mutate(rng, &mut changed);
        if changed.draft().check().is_ok() {
            end = changed;
        }
    }
    odd(rng, &mut table);
    let observed = if rng.chance(8) { None } else { Some(table) };
    let desired = end.draft();
    desired.clone().check().ok()?;
    Some(Pair { desired, observed, origin: Origin::Wild })
}

/// A pair that is refused, or needs care, in one known way; none where the words collide.
pub fn troubled(rng: &mut Rng) -> Option<Pair> {
    let trouble = rng.pick(TROUBLES)?;
    let mut start = declaration(rng, Taste::Legal).ok()?;
    (trouble.before)(&mut start);
    let table = observed(rng, &start.draft().check().ok()?);
    if trouble.on == On::Snapshot {
        snapshot(&mut start, &table);
    }
    (trouble.after)(&mut start);
    let desired = start.draft();
    desired.clone().check().ok()?;
    let observed = (trouble.on != On::Creation).then_some(table);
    Some(Pair { desired, observed, origin: Origin::Wild })
}

/// What no declaration can say of a table.
fn odd(rng: &mut Rng, table: &mut ObservedTable) {
    if rng.chance(5) {
        table.kind = RelationKind::StreamingTable;
    }
    if rng.chance(5) {
        table.location = Some("s3://elsewhere".to_owned());
    }
    if rng.chance(5) {
        table.features.insert(delta_engine_schema::model::Feature::Other("catalogManaged".to_owned()));
    }
    if rng.chance(3) {
        table.properties.insert("delta.enableIcebergCompatV2".to_owned(), "true".to_owned());
    }
    for _ in 0..rng.below(2) {
        let Some(aspect) = rng.pick(UNSEEN).copied() else { continue };
        let column = rng.pick(&table.columns).map(|column| Path::column(column.name().clone()));
        let path = column.filter(|_| rng.chance(50)).unwrap_or_default();
        table.unknown.insert(aspect, path);
    }
    if rng.chance(5)
        && let Some(column) = rng.pick(&table.columns).cloned()
    {
        table.inbound_keys.push(delta_engine_schema::model::InboundKey {
            table: "silver.child".parse().unwrap_or_else(|_| table.name.clone()),
            name: Some("fk_child".into()),
            referenced_columns: vec![column.name().clone()],
        });
    }
    if rng.chance(5) {
        table.checks.extend(Expression::parse("unheard > 1").ok().map(|check| ("foreign".into(), check)));
    }
    if rng.chance(2) {
        table.layout = Layout::ClusteredAuto;
    }
}

/// Aspects a source may not see.
pub const UNSEEN: &[Aspect] = &[
    Aspect::Tags,
    Aspect::Comment,
    Aspect::PrimaryKey,
    Aspect::ForeignKey,
    Aspect::Check,
    Aspect::Layout,
    Aspect::Property,
    Aspect::Feature,
    Aspect::Default,
    Aspect::Generated,
    Aspect::Identity,
    Aspect::Nullability,
    Aspect::Type,
];

/// Any change at all.
fn mutate(rng: &mut Rng, declaration: &mut Declaration) {
    let nodes: Vec<(Path, NodeId)> = declaration.nodes().into_iter().map(|(path, node)| (path, node.id)).collect();
    let Some((path, id)) = rng.pick(&nodes).cloned() else { return };
    match rng.below(16) {
        0 | 1 => drop_anything(declaration, &path, id),
        2 | 3 => rename_anything(rng, declaration, &path),
        4 | 5 => {
            let kind = Kind::Leaf(leaf(rng));
            if let Some(node) = declaration.node_mut(&path) {
                node.kind = kind;
            }
        }
        6 | 7 => {
            let hinted = rng.chance(30);
            if let Some(node) = declaration.node_mut(&path) {
                node.nullable = !node.nullable;
                node.former.extend(Some("name".to_owned()).filter(|_| hinted));
            }
            let collection = rng.pick(&declaration.collections()).cloned();
            let inner = collection.and_then(|path| declaration.kind_mut(&path)?.inner_nullable());
            inner.into_iter().for_each(|nullable| *nullable = !*nullable);
        }
        8 => add_anything(rng, declaration, &path),
        9 | 10 => {
            let known = if rng.chance(50) { PROPERTIES } else { WILD_PROPERTIES };
            let Some((key, groups)) = rng.pick(known) else { return };
            let value = rng.pick(groups).and_then(|group| rng.pick(group).copied());
            declaration.set_property(key, value.filter(|_| !rng.chance(20)));
        }
        11 => {
            declaration.layout = match rng.below(4) {
                0 => LayoutSpec::Flat,
                1 => clustering(rng, declaration),
                2 => LayoutSpec::Partitioned(vec![declaration.columns[0].id]),
                _ => LayoutSpec::Clustered(nodes.iter().take(6).map(|(_, id)| *id).collect()),
            }
        }
        12 => {
            let tags = tags(rng);
            let identity = Identity { start: 5, increment: 2, always: true };
            let choice = rng.below(5);
            let extra = declaration.extra_mut(id);
            match choice {
                0 => extra.identity = extra.identity.is_none().then_some(identity),
                1 => extra.generated = Some(Mention { column: nodes[0].1, template: "{c} + 1".to_owned() }),
                2 => extra.default = Some("{bad} 1".replace("{bad} ", "")),
                3 => extra.generated = None,
                _ => extra.tags = tags,
            }
        }
        13 => {
            declaration.primary_key = primary_key(rng, declaration);
            declaration.foreign_keys.extend(foreign_key(rng, declaration));
        }
        14 => {
            if let Some(parent) = path.parent()
                && let Some(fields) = declaration.fields_mut(&parent)
            {
                rng.shuffle(fields);
            }
        }
        _ => {
            let column = declaration.columns[0].id;
            declaration.checks.push(("wild".to_owned(), Mention { column, template: "{c} IS NOT NULL".to_owned() }));
            declaration.scope = *rng.sometimes(30, &Scope::ALL).unwrap_or(&declaration.scope);
            declaration.comment = Some("x".repeat(rng.below(2) * 5000));
        }
    }
}

fn drop_anything(declaration: &mut Declaration, path: &Path, id: NodeId) {
    let Some(fields) = path.parent().and_then(|parent| declaration.fields_mut(&parent)) else { return };
    if fields.len() > 1 {
        fields.retain(|node| node.id != id);
    }
    if let LayoutSpec::Partitioned(ids) | LayoutSpec::Clustered(ids) = &mut declaration.layout {
        ids.retain(|held| *held != id);
    }
}

fn rename_anything(rng: &mut Rng, declaration: &mut Declaration, path: &Path) {
    let names = if rng.chance(10) { ODD_NAMES } else { NAMES };
    let (name, hint) = (rng.pick(names).copied().unwrap_or("id"), rng.below(4));
    let Some(node) = declaration.node_mut(path) else { return };
    let old = std::mem::replace(&mut node.name, name.to_owned());
    match hint {
        0 => (),
        1 => node.former.push(LOST_NAMES[0].to_owned()),
        _ => node.former.insert(0, old),
    }
}

fn add_anything(rng: &mut Rng, declaration: &mut Declaration, path: &Path) {
    let id = declaration.fresh();
    let names = if rng.chance(20) { ODD_NAMES } else { NAMES };
    let name = rng.pick(names).copied().unwrap_or("id");
    let data_type = if rng.chance(10) { DataType::Opaque("\"void\"".into()) } else { leaf(rng) };
    let mut node = Node::new(id, name, Kind::Leaf(data_type));
    node.nullable = !rng.chance(30);
    let generated = Mention { column: declaration.columns[0].id, template: "CAST({c} AS BIGINT)".to_owned() };
    let Some(fields) = path.parent().and_then(|parent| declaration.fields_mut(&parent)) else { return };
    fields.push(node);
    let extra = declaration.extra_mut(id);
    match rng.below(6) {
        0 => extra.identity = Some(Identity { start: 1, increment: 1, always: false }),
        1 => extra.generated = Some(generated),
        _ => (),
    }
}
