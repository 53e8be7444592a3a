//! The words of an action: one line each, old value before new.

use delta_engine::schema::model::{Column, DataType, DesiredTable, ForeignKey, Identifier, Layout, Path, PrimaryKey};
use delta_engine::schema::{Action, Position};

use super::line::{Tone, quoted};

/// An action as a row: a symbol, what is done or changed, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) symbol: &'static str,
    pub(super) tone: Tone,
    pub(super) what: String,
    pub(super) rest: String,
}

/// The row of an action.
pub(super) fn row(action: &Action) -> Row {
    match action {
        Action::CreateTable { table } => add("create table", created(table)),
        Action::EnableFeature { feature } => add("enable feature", feature.name().to_owned()),
        Action::SetProperty { key, change } => entry("property", key, change.from(), change.to()),
        Action::UnsetProperty { key, from } => remove("property", format!("{key} = {}", value(from))),
        Action::SetTableTag { key, change } => entry("tag", key, change.from(), change.to()),
        Action::UnsetTableTag { key, from } => remove("tag", format!("{key} = {}", value(from))),
        Action::DropForeignKey { key } => remove("drop foreign key", foreign_key(key)),
        Action::DropPrimaryKey { key } => remove("drop primary key", primary_key(key)),
        Action::DropCheck { name, expression } => remove("drop check", check(name, expression.text())),
        Action::RenameColumn { path, to } => moved("rename column", format!("{path} → {}", sibling(path, to))),
        Action::MoveColumn { path, to } => moved("move column", format!("{path}  {}", position(to))),
        Action::AddColumn { parent, column, position: at } => {
            let path = parent.field(column.name());
            add("add column", format!("{path}  {}{}", definition(column), behind(at)))
        }
        Action::AlterColumnType { path, change } => {
            alter(path, format!("{} → {}", short(change.from()), short(change.to())))
        }
        Action::SetClustering { change } => {
            altered("clustering", format!("{} → {}", clustering(change.from()), clustering(change.to())))
        }
        Action::UnsetColumnTag { path, key, from } => alter(path, format!("tag {key}: {} → none", value(from))),
        Action::DropColumn { path, .. } => remove("drop column", path.to_string()),
        Action::DropColumnNotNull { path } => alter(path, "not null → nullable".to_owned()),
        Action::SetColumnNotNull { path } => alter(path, "nullable → not null".to_owned()),
        Action::SetColumnDefault { path, change } => {
            let text = |side: &Option<delta_engine::schema::model::Expression>| {
                side.as_ref().map_or("none", |expression| expression.text()).to_owned()
            };
            alter(path, format!("default: {} → {}", text(change.from()), text(change.to())))
        }
        Action::DropColumnDefault { path, from } => alter(path, format!("default: {} → none", from.text())),
        Action::SetColumnComment { path, change } => alter(path, comment(change.from(), change.to())),
        Action::SetTableComment { change } => {
            let side = |text: &Option<String>| text.as_deref().map_or("none".to_owned(), quoted);
            altered("table comment", format!("{} → {}", side(change.from()), side(change.to())))
        }
        Action::SetColumnTag { path, key, change } => {
            let from = change.from().as_deref().map_or("none".to_owned(), value);
            alter(path, format!("tag {key}: {from} → {}", change.to().as_deref().map_or("none".to_owned(), value)))
        }
        Action::AddCheck { name, expression } => add("add check", check(name, expression.text())),
        Action::AddPrimaryKey { key } => add("add primary key", primary_key(key)),
        Action::AddForeignKey { key } => add("add foreign key", foreign_key(key)),
    }
}

/// What a new table is, as in `9 columns, clustered by order_id`.
pub(super) fn created(table: &DesiredTable) -> String {
    let columns = match table.columns.len() {
        1 => "1 column".to_owned(),
        count => format!("{count} columns"),
    };
    if table.layout == Layout::Flat { columns } else { format!("{columns}, {}", table.layout) }
}

fn add(what: &str, rest: String) -> Row {
    Row { symbol: "+", tone: Tone::Add, what: what.to_owned(), rest }
}

fn remove(what: &str, rest: String) -> Row {
    Row { symbol: "-", tone: Tone::Remove, what: what.to_owned(), rest }
}

fn moved(what: &str, rest: String) -> Row {
    Row { symbol: ">", tone: Tone::Move, what: what.to_owned(), rest }
}

fn altered(what: &str, rest: String) -> Row {
    Row { symbol: "~", tone: Tone::Change, what: what.to_owned(), rest }
}

fn alter(path: &Path, rest: String) -> Row {
    altered(&path.to_string(), rest)
}

/// A key of a map that is set: new, or old and new.
fn entry(what: &str, key: &str, from: &Option<String>, to: &Option<String>) -> Row {
    let to = to.as_deref().map_or("none".to_owned(), value);
    match from {
        None => add(what, format!("{key} = {to}")),
        Some(from) => altered(what, format!("{key}: {} → {to}", value(from))),
    }
}

/// A value of a property or tag: bare where it is one plain word.
fn value(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || "._-,:/".contains(letter));
    if plain { text.to_owned() } else { quoted(text) }
}

fn comment(from: &Option<String>, to: &Option<String>) -> String {
    let side = |text: &Option<String>| text.as_deref().map_or("none".to_owned(), quoted);
    format!("comment: {} → {}", side(from), side(to))
}

/// The new name; for a nested field the last part alone changes.
fn sibling(path: &Path, to: &Identifier) -> String {
    path.parent().unwrap_or_default().field(to).to_string()
}

fn definition(column: &Column) -> String {
    let mut text = short(column.data_type());
    if !column.field.nullable {
        text.push_str(" not null");
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" default {}", default.text()));
    }
    text
}

/// A type, cut where it is long.
fn short(data_type: &DataType) -> String {
    const LONGEST: usize = 60;
    let text = data_type.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}

fn position(position: &Position) -> String {
    match position {
        Position::First => "to the front".to_owned(),
        Position::After(sibling) => format!("after {}", sibling.quoted_if_needed()),
        Position::Last => "to the end".to_owned(),
    }
}

/// The place of a new column, where it is not the end.
fn behind(position: &Position) -> String {
    match position {
        Position::First => ", first".to_owned(),
        Position::After(sibling) => format!(", after {}", sibling.quoted_if_needed()),
        Position::Last => String::new(),
    }
}

fn clustering(layout: &Layout) -> String {
    match layout {
        Layout::Flat => "none".to_owned(),
        Layout::Clustered(paths) => paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Layout::ClusteredAuto => "automatic".to_owned(),
        Layout::Partitioned(_) => layout.to_string(),
    }
}

fn check(name: &Identifier, condition: &str) -> String {
    format!("{}: {condition}", name.quoted_if_needed())
}

fn names(columns: &[Identifier]) -> String {
    columns.iter().map(Identifier::quoted_if_needed).collect::<Vec<_>>().join(", ")
}

fn primary_key(key: &PrimaryKey) -> String {
    names(&key.columns)
}

fn foreign_key(key: &ForeignKey) -> String {
    format!("{} references {} ({})", names(&key.columns), key.references, names(&key.referenced_columns))
}

#[cfg(test)]
mod tests {
    use delta_engine::schema::Change;
    use delta_engine::schema::model::Expression;

    use super::*;

    fn check(action: Action, expected: &str) {
        let row = row(&action);
        assert_eq!(format!("{} {} | {}", row.symbol, row.what, row.rest), expected);
    }

    fn change<T: PartialEq>(from: T, to: T) -> Change<T> {
        Change::between(from, to).unwrap()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn old_stands_before_new() {
        let path = || Path::column("amount");
        let key = || "team.owner".to_owned();
        check(
            Action::AlterColumnType { path: path(), change: change(DataType::Integer, DataType::Long) },
            "~ amount | int → bigint",
        );
        check(
            Action::SetColumnComment { path: path(), change: change(some("a\nb"), None) },
            "~ amount | comment: \"a\nb\" → none",
        );
        check(
            Action::SetProperty { key: key(), change: change(None, some("sales")) },
            "+ property | team.owner = sales",
        );
        check(
            Action::SetProperty { key: key(), change: change(some("a b"), some("c")) },
            "~ property | team.owner: \"a b\" → c",
        );
        check(Action::UnsetProperty { key: key(), from: String::new() }, "- property | team.owner = \"\"");
        let clustered = Layout::Clustered(vec![Path::column("id")]);
        check(Action::SetClustering { change: change(clustered, Layout::Flat) }, "~ clustering | id → none");
        let from = Expression::parse("'new'").unwrap();
        check(Action::DropColumnDefault { path: path(), from }, "~ amount | default: 'new' → none");
        check(Action::SetColumnNotNull { path: path() }, "~ amount | nullable → not null");
    }

    #[test]
    fn nested_names_are_whole_paths() {
        let path = Path::column("address").field(&"zip".into());
        check(
            Action::RenameColumn { path: path.clone(), to: "postal code".into() },
            "> rename column | address.zip → address.`postal code`",
        );
        check(Action::MoveColumn { path, to: Position::First }, "> move column | address.zip  to the front");
        let mut column = Column::new("house", DataType::Integer);
        column.field.nullable = false;
        let (parent, position) = (Path::column("address"), Position::After("zip".into()));
        check(
            Action::AddColumn { parent, column: Box::new(column), position },
            "+ add column | address.house  int not null, after zip",
        );
    }
}
