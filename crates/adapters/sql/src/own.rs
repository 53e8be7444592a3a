//! A table's own spelling of its columns, for statements that find them by it alone.

use delta_engine_schema::model::{Column, DataType, Identifier, Layout, Path, Step};

/// The names as the columns spell them; none where one is missing.
pub(crate) fn own_names(columns: &[Column], names: &[Identifier]) -> Option<Vec<Identifier>> {
    names.iter().map(|name| columns.iter().map(Column::name).find(|own| *own == name).cloned()).collect()
}

/// The path as the columns and fields spell it; none where one is missing.
pub(crate) fn own_path(columns: &[Column], path: &Path) -> Option<Path> {
    let (first, below) = path.steps().split_first()?;
    let column = columns.iter().find(|column| Some(column.name()) == first.as_field())?;
    let mut steps = vec![Step::Field(column.name().clone())];
    let mut data_type: &DataType = column.data_type();
    for step in below {
        let own = step.as_field().and_then(|name| data_type.as_struct()?.iter().find(|field| field.name == *name));
        steps.push(own.map_or_else(|| step.clone(), |field| Step::Field(field.name.clone())));
        data_type = data_type.child(step)?;
    }
    Some(Path::from(steps))
}

/// The layout as the columns spell it: Spark finds the columns of CLUSTER BY and PARTITIONED BY by their exact spelling
/// (measured).
pub(crate) fn own_layout(columns: &[Column], layout: &Layout) -> Layout {
    let own = match layout {
        Layout::Flat | Layout::ClusteredAuto => None,
        Layout::Partitioned(names) => own_names(columns, names).map(Layout::Partitioned),
        Layout::Clustered(paths) => {
            paths.iter().map(|path| own_path(columns, path)).collect::<Option<_>>().map(Layout::Clustered)
        }
    };
    own.unwrap_or_else(|| layout.clone())
}
