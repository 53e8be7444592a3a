//! Changes of `delta.columnMapping.mode`.

use crate::action::Action;
use crate::model::MappingMode;

const MODE: &str = "delta.columnMapping.mode";

/// The mode before and after an action that changes it.
pub(super) fn mode_change(action: &Action) -> Option<(MappingMode, MappingMode)> {
    let mode = |value: Option<&str>| value.and_then(MappingMode::parse).unwrap_or(MappingMode::None);
    let (from, to) = if let Action::SetProperty { key, change } = action {
        (key == MODE).then(|| (mode(change.from().as_deref()), mode(change.to().as_deref())))?
    } else if let Action::UnsetProperty { key, from } = action {
        (key == MODE).then(|| (mode(Some(from)), MappingMode::None))?
    } else {
        return None;
    };
    (from != to).then_some((from, to))
}

/// The value of the property that means this mode.
pub(super) fn mode_name(mode: MappingMode) -> &'static str {
    match mode {
        MappingMode::None => "none",
        MappingMode::Name => "name",
        MappingMode::Id => "id",
    }
}
