//! Legal edits of a declaration, each with the number of smallest changes it is.
//!
//! Knows Delta's rules and nothing of the differ: an edit is legal because Delta allows it, and costs what a person would
//! count.

use std::collections::BTreeSet;

use delta_engine_schema::model::{DataType, Path};

use crate::declaration::{Declaration, Kind, LayoutSpec, Node, NodeId};
use crate::rng::Rng;
use crate::table::{check, clustering, foreign_key, new_node, primary_key};
use crate::words::{COMMENTS, NAMES, PROPERTIES, SWITCHES, TAG_KEYS, TAG_VALUES, default_of, needs_widening, wider};

/// The edits of one pair.
#[derive(Debug)]
pub struct Editor {
    rng: Rng,
    /// Nodes that the table has, by what they were called.
    known: Vec<(NodeId, String)>,
    /// Names of dropped nodes: a new node of that name would be the old one.
    dropped: BTreeSet<String>,
    /// Ids decide renames, so hints may be left out.
    by_id: bool,
}

/// A kind of edit: the number of smallest changes it made; none where there is nothing that it could change.
type Edit = fn(&mut Editor, &mut Declaration) -> Option<usize>;

/// How many kinds of edit take turns.
pub const TURNS: usize = IN_TURN.len();

/// The kinds of edit that a bare log and every engine of Spark know.
const IN_TURN: [Edit; 17] = [
    Editor::add,
    Editor::drop_default,
    Editor::set_property,
    Editor::rename,
    Editor::drop_check,
    Editor::comment_table,
    Editor::widen,
    Editor::recluster,
    Editor::comment,
    Editor::drop_node,
    Editor::set_default,
    Editor::unset_property,
    Editor::move_node,
    Editor::add_check,
    Editor::loosen,
    Editor::switch_on,
    Editor::change_check,
];

/// The kinds of edit, in the proportions they are tried in.
const EDITS: &[Edit] = &[
    Editor::add,
    Editor::add,
    Editor::drop_node,
    Editor::rename,
    Editor::rename,
    Editor::move_node,
    Editor::move_node,
    Editor::widen,
    Editor::widen,
    Editor::loosen,
    Editor::loosen_inner,
    Editor::tighten,
    Editor::set_default,
    Editor::drop_default,
    Editor::comment,
    Editor::comment_table,
    Editor::set_property,
    Editor::set_property,
    Editor::unset_property,
    Editor::respell_property,
    Editor::cluster,
    Editor::add_check,
    Editor::drop_check,
    Editor::change_check,
    Editor::tag_table,
    Editor::tag_column,
    Editor::tag_column,
    Editor::change_primary_key,
    Editor::add_foreign_key,
    Editor::drop_foreign_key,
];

impl Editor {
    /// An editor of declarations of the table that `start` declares.
    pub fn new(rng: Rng, start: &Declaration) -> Self {
        let known = start.nodes().into_iter().map(|(_, node)| (node.id, node.name.clone())).collect();
        Self { rng, known, dropped: BTreeSet::new(), by_id: start.origin.is_some() }
    }

    /// Edits up to `most` smallest changes; gives their number.
    pub fn edit(&mut self, declaration: &mut Declaration, most: usize) -> usize {
        let mut spent = 0;
        for _ in 0..most * 8 {
            if spent == most {
                break;
            }
            let Some(edit) = self.rng.pick(EDITS) else { break };
            let mut edited = declaration.clone();
            let dropped = self.dropped.clone();
            match edit(self, &mut edited).filter(|cost| spent + cost <= most) {
                Some(cost) if edited.draft().check().is_ok() => {
                    *declaration = edited;
                    spent += cost;
                }
                Some(_) | None => self.dropped = dropped,
            }
        }
        spent
    }

    /// Makes one edit of the kind whose turn it is; gives the number of smallest changes, none where the declaration has
    /// nothing that such an edit could change.
    pub fn edit_in_turn(&mut self, declaration: &mut Declaration, turn: usize) -> Option<usize> {
        for _ in 0..8 {
            let mut edited = declaration.clone();
            let dropped = self.dropped.clone();
            match IN_TURN[turn % TURNS](self, &mut edited) {
                Some(cost) if edited.draft().check().is_ok() => {
                    *declaration = edited;
                    return Some(cost);
                }
                Some(_) | None => self.dropped = dropped,
            }
        }
        None
    }

    fn is_known(&self, id: NodeId) -> bool {
        self.known.iter().any(|(known, _)| *known == id)
    }

    fn known_name(&self, id: NodeId) -> Option<&str> {
        self.known.iter().find(|(known, _)| *known == id).map(|(_, name)| name.as_str())
    }

    /// Column mapping on; what that costs.
    fn mapped(declaration: &mut Declaration) -> usize {
        if declaration.is_mapped() {
            return 0;
        }
        declaration.set_property("delta.columnMapping.mode", Some("name"));
        1
    }

    /// A name that no sibling has and that no dropped or other known node of this struct had.
    fn free_name(&mut self, siblings: &[Node]) -> Option<String> {
        let name = self.rng.pick(NAMES)?;
        let taken = siblings.iter().any(|node| node.name.eq_ignore_ascii_case(name)) || self.dropped.contains(*name);
        (!taken).then(|| (*name).to_owned())
    }

    fn any_path(&mut self, declaration: &Declaration) -> Option<(Path, NodeId)> {
        let nodes: Vec<(Path, NodeId)> = declaration.nodes().into_iter().map(|(path, node)| (path, node.id)).collect();
        self.rng.pick(&nodes).cloned()
    }

    fn any_column(&mut self, declaration: &Declaration) -> Option<(NodeId, DataType)> {
        self.rng.pick(&declaration.columns).map(|node| (node.id, node.kind.data_type()))
    }

    fn add(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let structs = declaration.structs();
        let parent = if self.rng.chance(70) { Path::table() } else { self.rng.pick(&structs)?.clone() };
        let name = {
            let siblings = declaration.fields_mut(&parent)?.clone();
            self.free_name(&siblings)?
        };
        let node = new_node(&mut self.rng, declaration, name);
        let siblings = declaration.fields_mut(&parent)?;
        let at = if self.rng.chance(50) { siblings.len() } else { self.rng.below(siblings.len() + 1) };
        siblings.insert(at, node);
        Some(1)
    }

    fn drop_node(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (path, id) = self.any_path(declaration)?;
        let below: Vec<NodeId> = declaration
            .nodes()
            .into_iter()
            .filter(|(inner, _)| inner.starts_with(&path))
            .map(|(_, node)| node.id)
            .collect();
        let held = |id: &NodeId| declaration.is_held(*id) || declaration.is_mentioned(*id);
        if below.iter().any(held) || declaration.extras.get(&id).is_some_and(|extra| extra.identity.is_some()) {
            return None;
        }
        let listed = below.iter().any(|id| declaration.stats.contains(id));
        let known_name = self.known_name(id).map(str::to_owned);
        let cost = if known_name.is_some() { Self::mapped(declaration) + 1 } else { 0 };
        let siblings = declaration.fields_mut(&path.parent()?)?;
        let name = siblings.iter().find(|node| node.id == id)?.name.clone();
        // Another node that took the old name would be taken for the dropped one.
        let taken = siblings.iter().any(|node| node.id != id && Some(&node.name) == known_name.as_ref());
        if siblings.len() < 2 || taken {
            return None;
        }
        siblings.retain(|node| node.id != id);
        declaration.stats.retain(|listed| !below.contains(listed));
        declaration.extras.remove(&id);
        self.dropped.extend(known_name);
        self.dropped.insert(name);
        Some(cost + usize::from(listed))
    }

    fn rename(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (path, id) = self.any_path(declaration)?;
        if !self.is_known(id) || declaration.is_generated_from(id) {
            return None;
        }
        let mut cost = 1 + Self::mapped(declaration);
        // A new name takes every check and key that says the old one with it: drop, rename, add again.
        cost += 2 * declaration.checks.iter().filter(|(_, check)| check.column == id).count();
        cost += 2 * usize::from(declaration.is_in_primary_key(id));
        cost += 2 * declaration.foreign_keys.iter().filter(|foreign| foreign.key.columns.contains(&id)).count();
        let parent = path.parent()?;
        let siblings = declaration.fields_mut(&parent)?.clone();
        let name = self.free_name(&siblings)?;
        // A known sibling may have had the name only if it was renamed away itself: then it is a chain.
        let hinted = !self.by_id || self.rng.chance(50);
        let node = declaration.node_mut(&path)?;
        let old = std::mem::replace(&mut node.name, name.clone());
        if hinted {
            node.former.retain(|former| *former != name);
            node.former.insert(0, old);
        }
        Some(cost)
    }

    fn move_node(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let structs = declaration.structs();
        let parent = if self.rng.chance(60) { Path::table() } else { self.rng.pick(&structs)?.clone() };
        let siblings = declaration.fields_mut(&parent)?;
        if siblings.len() < 2 {
            return None;
        }
        let node = siblings.remove(self.rng.below(siblings.len()));
        siblings.insert(self.rng.below(siblings.len() + 1), node);
        Some(1)
    }

    fn widen(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let leaves: Vec<(Path, DataType)> =
            declaration.leaves().into_iter().map(|(path, leaf)| (path, leaf.clone())).collect();
        let (path, from) = self.rng.pick(&leaves)?.clone();
        let to = wider(&mut self.rng, &from)?;
        let column = declaration
            .columns
            .iter()
            .find(|node| Some(node.name.as_str()) == path.root().map(|name| name.as_str()))?;
        let (id, extra) = (column.id, declaration.extras.get(&column.id));
        let fixed =
            extra.is_some_and(|extra| extra.identity.is_some() || extra.generated.is_some() || extra.default.is_some());
        if fixed || declaration.is_mentioned(id) || declaration.is_held(id) {
            return None;
        }
        let mut cost = 1;
        if needs_widening(&from) && declaration.property("delta.enableTypeWidening") != Some("true") {
            declaration.set_property("delta.enableTypeWidening", Some("true"));
            cost += 1;
        }
        *declaration.kind_mut(&path)? = Kind::Leaf(to);
        Some(cost)
    }

    fn loosen(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let strict: Vec<Path> =
            declaration.nodes().into_iter().filter(|(_, node)| !node.nullable).map(|(path, _)| path).collect();
        let path = self.rng.pick(&strict)?.clone();
        let node = declaration.node_mut(&path)?;
        node.nullable = true;
        let id = node.id;
        (!declaration.is_in_primary_key(id)).then_some(1)
    }

    fn loosen_inner(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let path = self.rng.pick(&declaration.collections())?.clone();
        let nullable = declaration.kind_mut(&path)?.inner_nullable()?;
        let was_strict = !std::mem::replace(nullable, true);
        was_strict.then_some(1)
    }

    fn tighten(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let node = self.rng.pick(&declaration.columns)?;
        let id = node.id;
        if !node.nullable || !self.is_known(id) {
            return None;
        }
        declaration.columns.iter_mut().find(|node| node.id == id)?.nullable = false;
        Some(1)
    }

    fn set_default(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (id, data_type) = self.any_column(declaration)?;
        let default = default_of(&mut self.rng, &data_type)?;
        let extra = declaration.extra_mut(id);
        if extra.identity.is_some() || extra.generated.is_some() || extra.default.as_ref() == Some(&default) {
            return None;
        }
        extra.default = Some(default);
        Some(1)
    }

    fn drop_default(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let set: Vec<NodeId> =
            declaration.extras.iter().filter(|(_, extra)| extra.default.is_some()).map(|(id, _)| *id).collect();
        declaration.extra_mut(*self.rng.pick(&set)?).default.take().map(|_| 1)
    }

    fn comment(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (path, _) = self.any_path(declaration)?;
        let comment = self.rng.sometimes(75, COMMENTS).map(|text| (*text).to_owned());
        let node = declaration.node_mut(&path)?;
        let changed = node.comment != comment;
        node.comment = comment;
        changed.then_some(1)
    }

    fn comment_table(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let comment = self.rng.sometimes(75, COMMENTS).map(|text| (*text).to_owned());
        let changed = declaration.comment != comment;
        declaration.comment = comment;
        changed.then_some(1)
    }

    fn set_property(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (key, groups) = self.rng.pick(PROPERTIES)?;
        let group = self.rng.pick(groups)?;
        if declaration.property(key).is_some_and(|value| group.contains(&value)) {
            return None;
        }
        declaration.set_property(key, self.rng.pick(group).copied());
        Some(1)
    }

    fn unset_property(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (key, _) = self.rng.pick(PROPERTIES)?;
        let was_set = declaration.property(key).is_some();
        if self.rng.chance(20) {
            // Not declared any more is not ours any more: nothing happens.
            declaration.properties.retain(|(there, _)| there != key);
            return was_set.then_some(0);
        }
        declaration.set_property(key, None);
        was_set.then_some(1)
    }

    fn switch_on(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (key, value) = *self.rng.pick(SWITCHES)?;
        let is_new = declaration.property(key).is_none();
        declaration.set_property(key, Some(value));
        is_new.then_some(1)
    }

    fn respell_property(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (key, value) = self.rng.pick(&declaration.properties)?.clone();
        let respelled = crate::words::respelled(&mut self.rng, &key, &value?);
        declaration.set_property(&key, Some(&respelled));
        Some(0)
    }

    fn cluster(&mut self, declaration: &mut Declaration) -> Option<usize> {
        if matches!(declaration.layout, LayoutSpec::Partitioned(_)) {
            return None;
        }
        declaration.layout =
            if self.rng.chance(25) { LayoutSpec::Flat } else { clustering(&mut self.rng, declaration) };
        Some(1)
    }

    /// Clustering by named columns that are others than before.
    fn recluster(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let by = |declaration: &Declaration| match &declaration.layout {
            LayoutSpec::Clustered(ids) => ids.iter().copied().collect(),
            LayoutSpec::Flat | LayoutSpec::Partitioned(_) | LayoutSpec::Auto => BTreeSet::new(),
        };
        let before = by(declaration);
        let cost = self.cluster(declaration)?;
        (!matches!(declaration.layout, LayoutSpec::Auto) && by(declaration) != before).then_some(cost)
    }

    fn add_check(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let check = check(&mut self.rng, declaration)?;
        // A check over a new column would be asked of rows that have no value.
        let known = self.is_known(check.1.column);
        declaration.checks.push(check);
        known.then_some(1)
    }

    fn drop_check(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let name = self.rng.pick(&declaration.checks)?.0.clone();
        declaration.checks.retain(|(there, _)| *there != name);
        Some(1)
    }

    fn change_check(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let index = self.rng.below(declaration.checks.len());
        let check = declaration.checks.get_mut(index)?;
        check.1.template = format!("({}) AND 1 < 2", check.1.template);
        Some(2)
    }

    fn tag_table(&mut self, declaration: &mut Declaration) -> Option<usize> {
        change_tags(&mut self.rng, &mut declaration.tags)
    }

    fn tag_column(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let (id, _) = self.any_column(declaration)?;
        change_tags(&mut self.rng, &mut declaration.extra_mut(id).tags)
    }

    fn change_primary_key(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let had = declaration.primary_key.is_some();
        declaration.primary_key = if self.rng.chance(70) { primary_key(&mut self.rng, declaration) } else { None };
        let cost = usize::from(had) + usize::from(declaration.primary_key.is_some());
        (cost > 0).then_some(cost)
    }

    fn add_foreign_key(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let foreign = foreign_key(&mut self.rng, declaration)?;
        declaration.foreign_keys.push(foreign);
        Some(1)
    }

    fn drop_foreign_key(&mut self, declaration: &mut Declaration) -> Option<usize> {
        let index = self.rng.below(declaration.foreign_keys.len());
        (index < declaration.foreign_keys.len()).then(|| declaration.foreign_keys.remove(index)).map(|_| 1)
    }
}

fn change_tags(rng: &mut Rng, tags: &mut Vec<(String, String)>) -> Option<usize> {
    if rng.chance(45) {
        let index = rng.below(tags.len());
        return (index < tags.len()).then(|| tags.remove(index)).map(|_| 1);
    }
    let (key, value) = (*rng.pick(TAG_KEYS)?, *rng.pick(TAG_VALUES)?);
    if tags.iter().any(|(there, old)| there == key && old == value) {
        return None;
    }
    tags.retain(|(there, _)| there != key);
    tags.push((key.to_owned(), value.to_owned()));
    Some(1)
}
