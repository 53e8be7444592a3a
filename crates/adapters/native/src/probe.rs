//! What file statistics and data prove of a table version.

use delta_engine_application::port::{Answer, Question};

use crate::lake::Lake;

/// Answers one question.
pub(crate) async fn answer(_lake: &Lake, _question: &Question) -> Answer {
    Answer::Unknowable { why: "not implemented yet".to_owned() }
}
