//! A table of a server that describes no details: where it is by `DESCRIBE TABLE EXTENDED`, and the rest by its log.
//!
//! Sail's schema of a table leaves out comments and defaults, and it shows neither properties as they are nor features, so that
//! nothing but the log tells enough to plan by.

use delta_engine_application::port::Unreadable;
use delta_engine_schema::model::TableName;

use super::trouble::{Trouble, judge, not_delta, view};
use crate::client::{Failure, Rows};
use crate::log::{self, Logged};
use crate::server::Server;
use crate::statement;

/// One table as its log has it; an error is trouble with the server, not with the table.
pub(super) async fn describe(
    server: &Server,
    name: &TableName,
    place: Option<&str>,
) -> Result<Result<Logged, Trouble>, Failure> {
    let place = match place {
        Some(place) => place.to_owned(),
        None => match find(server, name).await? {
            Ok(place) => place,
            Err(trouble) => return Ok(Err(trouble)),
        },
    };
    Ok(log::read_one(server, &place).await?.ok_or_else(|| Trouble::Unreadable(unreadable(&place))))
}

async fn find(server: &Server, name: &TableName) -> Result<Result<String, Trouble>, Failure> {
    match server.show(&format!("DESCRIBE TABLE EXTENDED {}", statement::table(name))).await {
        Ok(rows) => Ok(place(&rows)),
        Err(failure) => Ok(Err(judge(failure)?)),
    }
}

/// What stands below the columns; a column may be called like one of the headings, and stands above them.
fn place(rows: &Rows) -> Result<String, Trouble> {
    let text = |row: crate::client::Row<'_>, column| row.text(column).ok().flatten().unwrap_or_default().to_owned();
    let rows: Vec<(String, String)> = rows.iter().map(|row| (text(row, "col_name"), text(row, "data_type"))).collect();
    let heading = rows.iter().rposition(|(name, _)| name == "# Detailed Table Information").unwrap_or(rows.len());
    let says = |wanted: &str| {
        let mut below = rows[heading..].iter().filter(|(name, _)| name == wanted);
        below.next().map(|(_, value)| value.as_str())
    };
    if says("Type") == Some("VIEW") {
        return Err(Trouble::Unreadable(view()));
    }
    match (says("Provider"), says("Location")) {
        (Some(format), Some(place)) if format.eq_ignore_ascii_case("delta") => Ok(place.to_owned()),
        (format, _) => Err(Trouble::Unreadable(not_delta(format.unwrap_or_default()))),
    }
}

fn unreadable(place: &str) -> Unreadable {
    Unreadable {
        reason: format!("the server can't read the whole log of the table, in `{place}`"),
        help: Some(
            "write `observe: native` on the target, where this place can be reached from here: that reads checkpoints too"
                .to_owned(),
        ),
    }
}
