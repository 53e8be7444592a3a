//! A change of one value: no change without a difference.

/// From one value to another, different one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    from: T,
    to: T,
}

impl<T: PartialEq> Change<T> {
    /// The change between two values; `None` where there is none.
    pub fn between(from: T, to: T) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }
}

impl<T> Change<T> {
    /// What is there.
    pub fn from(&self) -> &T {
        &self.from
    }

    /// What shall be there.
    pub fn to(&self) -> &T {
        &self.to
    }
}
