//! What the data of a table proves: one query a table answers all that is asked of it.
//!
//! The metadata tells how much there is to read, and that an empty table breaks nothing. The rest is counted by the server,
//! at one version: every question of a table is a column of one aggregate. When a change is made the server proves its own
//! conditions again, in the commit; the answer here is for the plan.

use delta_engine_application::port::{Answer, Effort, Question};
use delta_engine_schema::Statement;
use delta_engine_schema::model::TableName;

use crate::catalog::{Trouble, detail, first_part};
use crate::client::{Failure, Rows};
use crate::server::Server;
use crate::statement;

/// One answer for each question about a table, in their order.
pub(crate) async fn answers(
    server: &Server,
    table: &TableName,
    questions: &[&Question],
) -> Result<Vec<Answer>, Failure> {
    let unknowable = |why: String| vec![Answer::Unknowable { why }; questions.len()];
    let detail = match detail(server, table).await? {
        Ok(detail) => detail,
        Err(Trouble::Absent) => return Ok(unknowable("the table is gone".to_owned())),
        Err(Trouble::Unreadable(unreadable)) => return Ok(unknowable(unreadable.to_string())),
    };
    if detail.files == 0 {
        return Ok(vec![Answer::Proven; questions.len()]);
    }
    let unread = Answer::NeedsScan { files: detail.files, bytes: detail.bytes };
    let scanned: Vec<usize> = (0..questions.len()).filter(|index| questions[*index].effort == Effort::Scan).collect();
    let mut answers = vec![unread; questions.len()];
    if scanned.is_empty() {
        return Ok(answers);
    }
    let statements: Vec<&Statement> = scanned.iter().map(|index| &questions[*index].statement).collect();
    let counted = match server.query(&query(table, &statements)).await {
        Ok(rows) => verdicts(&rows, statements.len()),
        Err(Failure::Refused(refusal)) => {
            let why = first_part(&refusal);
            vec![Answer::Unknowable { why }; statements.len()]
        }
        Err(failure) => return Err(failure),
    };
    scanned.into_iter().zip(counted).for_each(|(index, answer)| answers[index] = answer);
    Ok(answers)
}

/// Counts all rows, and for each statement the rows that break it.
fn query(table: &TableName, statements: &[&Statement]) -> String {
    let count =
        |(index, statement): (usize, &&Statement)| format!(", count_if({}) AS broken{index}", broken(statement));
    let counts: String = statements.iter().enumerate().map(count).collect();
    format!("SELECT count(*) AS total{counts} FROM {}", statement::table(table))
}

fn broken(statement: &Statement) -> String {
    match statement {
        Statement::NoNulls(path) => statement::null_at(path),
        // Delta takes a check that is null for a broken one (`CheckDeltaInvariant`).
        Statement::AllRows(condition) => format!("NOT coalesce(({}), FALSE)", condition.text()),
    }
}

fn verdicts(rows: &Rows, statements: usize) -> Vec<Answer> {
    let Some(row) = rows.first() else {
        let why = "the server counted nothing".to_owned();
        return vec![Answer::Unknowable { why }; statements];
    };
    let count = |name: &str| row.integer(name).map_err(|error| error.to_string()).map(Option::unwrap_or_default);
    let verdict = |index: usize| match (count(&format!("broken{index}")), count("total")) {
        (Ok(0), Ok(_)) => Answer::Proven,
        (Ok(broken), Ok(total)) => Answer::Refuted { example: format!("{broken} of {total} rows break it") },
        (Err(why), _) | (_, Err(why)) => Answer::Unknowable { why },
    };
    (0..statements).map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::{Expression, Path};

    use super::*;

    #[test]
    fn one_query_counts_the_rows_that_break_each_statement() {
        let statements = [
            Statement::NoNulls(Path::column("a")),
            Statement::AllRows(Expression::parse("a > 0 OR b IS NULL").unwrap()),
        ];
        let query = query(&"s.t".parse().unwrap(), &statements.iter().collect::<Vec<_>>());
        let expected = "SELECT count(*) AS total, count_if(coalesce(`a` IS NULL, FALSE)) AS broken0, \
                        count_if(NOT coalesce((a > 0 OR b IS NULL), FALSE)) AS broken1 FROM `s`.`t`";
        assert_eq!(query, expected);
    }
}
