//! How names become folders under a root, and back.

use std::str::FromStr;

use delta_engine_schema::model::{Identifier, TableName};

/// A layout such as `{catalog}/{schema}/{table}`: a folder for each segment; a segment whose part a name does not have
/// is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Segment>);

/// Why a text is no layout template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A segment is neither a fixed folder nor one with a single part.
    #[error(
        "the segment `{0}` of the layout is neither a fixed name nor one with {{catalog}}, {{schema}} or {{table}} in it"
    )]
    Segment(String),
    /// The table's part is missing or stands twice.
    #[error("the layout needs {{table}} once, and {{catalog}} and {{schema}} at most once")]
    Parts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    before: String,
    part: Option<Part>,
    after: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Catalog,
    Schema,
    Table,
}

const PARTS: [(Part, &str); 3] = [(Part::Catalog, "{catalog}"), (Part::Schema, "{schema}"), (Part::Table, "{table}")];

impl Default for Template {
    fn default() -> Self {
        let segment = |(part, _)| Segment { before: String::new(), part: Some(part), after: String::new() };
        Self(PARTS.map(segment).to_vec())
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let segments = text.trim_matches('/').split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>()?;
        let count = |wanted| segments.iter().filter(|segment| segment.part == Some(wanted)).count();
        if count(Part::Table) != 1 || count(Part::Schema) > 1 || count(Part::Catalog) > 1 {
            return Err(TemplateError::Parts);
        }
        Ok(Self(segments))
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, TemplateError> {
        let (before, part, after) = PARTS
            .iter()
            .find_map(|(part, written)| text.split_once(written).map(|(before, after)| (before, Some(*part), after)))
            .unwrap_or((text, None, ""));
        if text.is_empty() || text == "." || text == ".." || before.contains(['{', '}']) || after.contains(['{', '}']) {
            return Err(TemplateError::Segment(text.to_owned()));
        }
        Ok(Self { before: before.to_owned(), part, after: after.to_owned() })
    }

    fn read<'f>(&self, folder: &'f str) -> Option<&'f str> {
        let part = folder.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (part.is_empty() == self.part.is_none()).then_some(part)
    }
}

impl Template {
    /// The folders of a name, from the root down.
    pub(super) fn folders(&self, name: &TableName) -> Vec<String> {
        let folder = |segment: &Segment| {
            let part = match segment.part {
                None => "",
                Some(Part::Catalog) => name.catalog.as_ref()?.as_str(),
                Some(Part::Schema) => name.schema.as_ref()?.as_str(),
                Some(Part::Table) => name.table.as_str(),
            };
            Some(format!("{}{part}{}", segment.before, segment.after))
        };
        self.0.iter().filter_map(folder).collect()
    }

    /// The name that these folders are of: with all parts, without the catalog, or the table alone.
    pub(super) fn name(&self, folders: &[String]) -> Option<TableName> {
        [Part::Catalog, Part::Schema, Part::Table].into_iter().find_map(|widest| {
            let segments: Vec<&Segment> =
                self.0.iter().filter(|segment| segment.part.is_none_or(|part| part >= widest)).collect();
            if segments.len() != folders.len() {
                return None;
            }
            let mut parts: [Option<Identifier>; 3] = [None, None, None];
            for (segment, folder) in segments.iter().zip(folders) {
                let text = segment.read(folder)?;
                if let Some(part) = segment.part {
                    parts[part as usize] = Some(Identifier::new(text));
                }
            }
            let [catalog, schema, table] = parts;
            Some(TableName { catalog, schema, table: table? })
        })
    }

    /// How many folders deep a table can be.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, name: &str, folders: &str) {
        let template: Template = template.parse().unwrap();
        let name: TableName = name.parse().unwrap();
        let expected: Vec<String> = folders.split('/').map(str::to_owned).collect();
        assert_eq!(template.folders(&name), expected);
        assert_eq!(template.name(&expected), Some(name));
    }

    #[test]
    fn names_and_folders_go_both_ways() {
        check("{catalog}/{schema}/{table}", "c.s.t", "c/s/t");
        check("{catalog}/{schema}/{table}", "s.t", "s/t");
        check("{catalog}/{schema}/{table}", "t", "t");
        check("warehouse/{schema}.db/{table}", "s.t", "warehouse/s.db/t");
    }

    #[test]
    fn folders_of_another_layout_have_no_name() {
        let template: Template = "{schema}.db/{table}".parse().unwrap();
        assert_eq!(template.name(&["s".to_owned(), "t".to_owned()]), None);
        assert_eq!(template.name(&[".db".to_owned(), "t".to_owned()]), None);
        assert_eq!(template.name(&["a".to_owned(), "b".to_owned(), "c".to_owned()]), None);
    }

    #[test]
    fn faulty_templates_are_refused() {
        let error = |text: &str| text.parse::<Template>().unwrap_err();
        assert_eq!(error("{schema}"), TemplateError::Parts);
        assert_eq!(error("{schema}/{name}"), TemplateError::Segment("{name}".to_owned()));
        assert_eq!(error("{schema}_{table}"), TemplateError::Segment("{schema}_{table}".to_owned()));
    }
}
