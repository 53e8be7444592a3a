//! Words that several rules share.

use crate::action::Action;
use crate::model::{Identifier, Layout, Path};

/// What an action does, as in "adding column `note`".
pub(super) fn doing(action: &Action) -> String {
    match action {
        Action::CreateTable { .. } => "creating the table".to_owned(),
        Action::EnableFeature { feature } => format!("enabling feature `{feature}`"),
        Action::SetProperty { key, .. } => format!("setting property `{key}`"),
        Action::UnsetProperty { key, .. } => format!("unsetting property `{key}`"),
        Action::SetTableTag { key, .. } => format!("setting tag `{key}`"),
        Action::UnsetTableTag { key, .. } => format!("removing tag `{key}`"),
        Action::DropForeignKey { key } => format!("dropping foreign key `{}`", key.label()),
        Action::DropPrimaryKey { .. } => "dropping the primary key".to_owned(),
        Action::DropCheck { name, .. } => format!("dropping check `{name}`"),
        Action::RenameColumn { path, to } => format!("renaming `{path}` to `{to}`"),
        Action::MoveColumn { path, .. } => format!("moving column `{path}`"),
        Action::AddColumn { parent, column, .. } => format!("adding column `{}`", parent.field(column.name())),
        Action::AlterColumnType { path, change } => format!("changing the type of `{path}` to {}", change.to()),
        Action::SetClustering { .. } => "changing the clustering".to_owned(),
        Action::UnsetColumnTag { path, key, .. } => format!("removing tag `{key}` of `{path}`"),
        Action::DropColumn { path, .. } => format!("dropping column `{path}`"),
        Action::DropColumnNotNull { path } => format!("allowing null in `{path}`"),
        Action::SetColumnNotNull { path } => format!("forbidding null in `{path}`"),
        Action::SetColumnDefault { path, .. } => format!("setting the default of `{path}`"),
        Action::DropColumnDefault { path, .. } => format!("removing the default of `{path}`"),
        Action::SetColumnComment { path, .. } => format!("changing the comment of `{path}`"),
        Action::SetTableComment { .. } => "changing the table's comment".to_owned(),
        Action::SetColumnTag { path, key, .. } => format!("setting tag `{key}` of `{path}`"),
        Action::AddCheck { name, .. } => format!("adding check `{name}`"),
        Action::AddPrimaryKey { .. } => "adding the primary key".to_owned(),
        Action::AddForeignKey { key } => format!("adding foreign key `{}`", key.label()),
    }
}

/// The line of a declaration that says this layout; none for a flat table.
pub(super) fn layout_line(layout: &Layout) -> Option<String> {
    match layout {
        Layout::Flat => None,
        Layout::Partitioned(columns) => Some(format!("partitioned_by: [{}]", names(columns))),
        Layout::Clustered(paths) => Some(format!("clustered_by: [{}]", paths_list(paths))),
        Layout::ClusteredAuto => Some("clustered_by: auto".to_owned()),
    }
}

/// The clause of a statement that says this layout; empty for a flat table.
pub(super) fn layout_clause(layout: &Layout) -> String {
    match layout {
        Layout::Flat => String::new(),
        Layout::Partitioned(columns) => format!(" PARTITIONED BY ({})", names(columns)),
        Layout::Clustered(paths) => format!(" CLUSTER BY ({})", paths_list(paths)),
        Layout::ClusteredAuto => " CLUSTER BY AUTO".to_owned(),
    }
}

fn names(columns: &[Identifier]) -> String {
    columns.iter().map(Identifier::quoted_if_needed).collect::<Vec<_>>().join(", ")
}

fn paths_list(paths: &[Path]) -> String {
    paths.iter().map(Path::to_string).collect::<Vec<_>>().join(", ")
}

/// A number of bytes for people: three digits and a unit.
pub(super) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let Some(power) = (1..=UNITS.len()).rev().find(|power| bytes >> (10 * power) > 0) else {
        return format!("{bytes} B");
    };
    let unit = 1_u128 << (10 * power);
    let tenths = (u128::from(bytes) * 10 + unit / 2) / unit;
    let shown =
        if tenths < 1000 { format!("{}.{}", tenths / 10, tenths % 10) } else { ((tenths + 5) / 10).to_string() };
    format!("{shown} {}", UNITS[power - 1])
}

/// A number with its noun, in the plural where there is not exactly one.
pub(super) fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 5 << 30, 200 << 20, u64::MAX].map(human_bytes).into();
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 GiB", "200 MiB", "16.0 EiB"]);
    }

    #[test]
    fn bytes_are_rounded_to_the_nearest() {
        let kib = |tenths: u64| (tenths * 1024).div_ceil(10);
        let shown: Vec<String> = [1096, kib(128), kib(999), kib(1000), kib(1504), kib(1505)].map(human_bytes).into();
        assert_eq!(shown, ["1.1 KiB", "12.8 KiB", "99.9 KiB", "100 KiB", "150 KiB", "151 KiB"]);
    }

    #[test]
    fn a_noun_is_plural_unless_there_is_one() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "file")), ["0 files", "1 file", "2 files"]);
    }
}
