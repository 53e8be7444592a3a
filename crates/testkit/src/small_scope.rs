//! Every pair over a small vocabulary, by index: what random pairs are unlikely to combine.
//!
//! Two scopes: structure (names, order, hints, two types, mapping, widening) and content (nullability, five types).

use delta_engine_schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine_schema::model::{
    Column, DataType, Feature, Field, Layout, ObservedTable, RelationKind, TableName, Unknown,
};

use crate::pair::{Origin, Pair};

/// Every pair of small tables.
#[derive(Debug)]
pub struct SmallScope {
    blocks: Vec<Block>,
}

/// All pairs of one scope.
#[derive(Debug)]
struct Block {
    /// Observed tables: columns with name, type and nullability.
    there: Vec<Vec<Small>>,
    /// Declared tables, with hints.
    wanted: Vec<Vec<Small>>,
}

/// A column of a small table.
#[derive(Debug, Clone)]
struct Small {
    name: &'static str,
    data_type: DataType,
    nullable: bool,
    former: Option<&'static str>,
}

/// Mapping and widening, on either side.
const SWITCHES: usize = 8;

impl SmallScope {
    /// Both scopes.
    pub fn new() -> Self {
        let two = [DataType::Integer, DataType::Long];
        let nested =
            |names: &[&str]| DataType::Struct(names.iter().map(|name| Field::new(*name, DataType::Integer)).collect());
        let five = [DataType::Integer, DataType::Long, DataType::STRING, nested(&["x"]), nested(&["y", "x"])];
        let structure = Block::new(&["a", "b", "c"], &two, &[true]);
        let content = Block::new(&["a", "b"], &five, &[true, false]);
        Self { blocks: vec![structure, content] }
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(Block::len).sum()
    }

    /// Never: a scope without pairs proves nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pair of an index below `len`.
    pub fn pair(&self, index: usize) -> Option<Pair> {
        let mut index = index;
        for block in &self.blocks {
            if index < block.len() {
                return block.pair(index);
            }
            index -= block.len();
        }
        None
    }
}

impl Default for SmallScope {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    fn new(names: &[&'static str], types: &[DataType], nullable: &[bool]) -> Self {
        let choices = |name: &'static str| {
            types.iter().flat_map(move |data_type| {
                nullable.iter().map(move |nullable| Small {
                    name,
                    data_type: data_type.clone(),
                    nullable: *nullable,
                    former: None,
                })
            })
        };
        let mut there = Vec::new();
        let mut open: Vec<Vec<Small>> = vec![Vec::new()];
        while let Some(columns) = open.pop() {
            for name in names.iter().filter(|name| !columns.iter().any(|column| column.name == **name)) {
                for column in choices(name) {
                    let mut longer = columns.clone();
                    longer.push(column);
                    there.push(longer.clone());
                    open.push(longer);
                }
            }
        }
        let mut wanted = there.clone();
        for position in 0..names.len() {
            let hinted: Vec<Vec<Small>> = wanted
                .iter()
                .filter(|columns| position < columns.len())
                .flat_map(|columns| {
                    names.iter().filter(|name| **name != columns[position].name).map(move |name| {
                        let mut hinted = columns.clone();
                        hinted[position].former = Some(name);
                        hinted
                    })
                })
                .collect();
            wanted.extend(hinted);
        }
        // Hints that go in a circle or claim a name twice are faults, not pairs.
        wanted.retain(|columns| draft(columns, false, false).check().is_ok());
        Self { there, wanted }
    }

    fn len(&self) -> usize {
        self.there.len() * self.wanted.len() * SWITCHES
    }

    fn pair(&self, index: usize) -> Option<Pair> {
        let (tables, switches) = (index / SWITCHES, index % SWITCHES);
        let there = self.there.get(tables % self.there.len())?;
        let wanted = self.wanted.get(tables / self.there.len())?;
        let desired = draft(wanted, switches & 1 != 0, switches & 2 != 0);
        Some(Pair { desired, observed: Some(observed(there, switches & 4 != 0)), origin: Origin::Wild })
    }
}

fn draft(columns: &[Small], mapped: bool, widened: bool) -> TableDraft {
    let mut draft = TableDraft::new("silver.t");
    draft.columns = columns
        .iter()
        .map(|small| {
            let mut column = ColumnDraft::new(small.name, TypeDraft::Type(small.data_type.clone()));
            column.nullable = small.nullable;
            column.renamed_from.extend(small.former.map(str::to_owned));
            column
        })
        .collect();
    if mapped {
        draft.properties.push(("delta.columnMapping.mode".to_owned(), Some("name".to_owned())));
    }
    if widened {
        draft.properties.push(("delta.enableTypeWidening".to_owned(), Some("true".to_owned())));
    }
    draft
}

fn observed(columns: &[Small], mapped: bool) -> ObservedTable {
    let mut table = ObservedTable {
        name: TableName { catalog: None, schema: Some("silver".into()), table: "t".into() },
        columns: Vec::new(),
        comment: None,
        layout: Layout::Flat,
        primary_key: None,
        foreign_keys: Vec::new(),
        inbound_keys: Vec::new(),
        checks: std::collections::BTreeMap::new(),
        properties: std::collections::BTreeMap::new(),
        features: delta_engine_schema::BASE_FEATURES.into_iter().collect(),
        tags: std::collections::BTreeMap::new(),
        location: None,
        table_id: "small".to_owned(),
        version: 1,
        kind: RelationKind::Table,
        unknown: Unknown::default(),
    };
    let mut id = 0;
    for small in columns {
        let mut column = Column::new(small.name, small.data_type.clone());
        column.field.nullable = small.nullable;
        if mapped {
            map(&mut column.field, &mut id);
        }
        table.columns.push(column);
    }
    if mapped {
        table.features.insert(Feature::ColumnMapping);
        table.properties.insert("delta.columnMapping.mode".to_owned(), "name".to_owned());
        table.properties.insert("delta.columnMapping.maxColumnId".to_owned(), id.to_string());
    }
    table
}

fn map(field: &mut Field, id: &mut u32) {
    *id += 1;
    field.metadata.set_mapping(*id, &format!("p{id}"));
    crate::table::each_field(&mut field.data_type, &mut |nested| map(nested, id));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_is_a_pair_of_its_own() {
        let scope = SmallScope::new();
        assert!(scope.len() > 1_000_000, "{}", scope.len());
        let shown = |index| scope.pair(index).map(|pair| format!("{:?} {:?}", pair.desired, pair.observed));
        assert_ne!(shown(0), shown(1));
        assert!(shown(scope.len() - 1).is_some());
        assert!(shown(scope.len()).is_none());
    }
}
