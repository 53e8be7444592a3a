//! What a server's refusal to tell of a table means: there is none, or there is something that can't be read.

use delta_engine_application::port::Unreadable;
use delta_engine_schema::model::Identifier;

use crate::client::{Failure, Refusal};

/// Why nothing was learnt of a table.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no such table.
    Absent,
    /// There is something.
    Unreadable(Unreadable),
}

/// What a failure says of the table; given back where it says nothing of it but of the server.
pub(crate) fn judge(failure: Failure) -> Result<Trouble, Failure> {
    let Failure::Refused(refusal) = failure else { return Err(failure) };
    let is = |classes: &[&str]| classes.iter().any(|class| refusal.is(class));
    if is(&["TABLE_OR_VIEW_NOT_FOUND"]) {
        return Ok(Trouble::Absent);
    }
    // Delta is asked once a catalog has found the name: what is missing is the log (Delta `DeltaErrors`).
    if is(&["DELTA_TABLE_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE", "DELTA_PATH_DOES_NOT_EXIST"]) {
        return Ok(Trouble::Unreadable(without_log(None)));
    }
    let help = if is(&["EXPECT_TABLE_NOT_VIEW", "DELTA_OPERATION_ON_VIEW_NOT_ALLOWED"]) {
        return Ok(Trouble::Unreadable(view()));
    } else if is(&["DELTA_OPERATION_MISSING_PATH"]) {
        // What Delta says of a table in a catalog that knows nothing of Delta (measured).
        return Ok(Trouble::Unreadable(not_delta("")));
    } else if is(&["REQUIRES_SINGLE_PART_NAMESPACE", "DELTA_NON_SINGLE_PART_NAMESPACE_FOR_CATALOG"]) {
        "the server has no catalog of that name: name one of its own, or write schema.table"
    } else if is(&["CATALOG_NOT_FOUND", "NO_SUCH_CATALOG_EXCEPTION", "SCHEMA_NOT_FOUND"]) {
        "create it first, or name another one"
    } else if is_permission(&refusal) {
        "let the user of this session read the table: on Databricks, USE CATALOG, USE SCHEMA and SELECT"
    } else {
        "the server's log says more"
    };
    Ok(unreadable(format!("the server can't describe the table: {}", first_part(&refusal)), help))
}

/// No table at all.
pub(super) fn view() -> Unreadable {
    Unreadable {
        reason: "there is a view of that name".to_owned(),
        help: Some("choose another name, or drop the view".to_owned()),
    }
}

/// A table that is registered, and has no Delta log where its files should be.
pub(super) fn without_log(place: Option<&str>) -> Unreadable {
    let place = place.filter(|place| !place.is_empty()).map(|place| format!(" at `{place}`")).unwrap_or_default();
    Unreadable {
        reason: format!("the server has the table registered{place}, and finds no Delta log there"),
        help: Some("bring its folder back, or drop the table on the server, then plan again".to_owned()),
    }
}

/// There is such a table, and no statement that says the declared name would find it.
pub(super) fn spelled_otherwise(there: &Identifier) -> Unreadable {
    Unreadable {
        reason: format!("the server minds the case of names, and there is a table `{there}`"),
        help: Some(format!("declare it as {}", there.quoted_if_needed())),
    }
}

/// A view that is kept.
pub(super) fn materialized_view() -> Unreadable {
    Unreadable {
        reason: "there is a materialized view of that name".to_owned(),
        help: Some("choose another name, or change the view where its pipeline is".to_owned()),
    }
}

/// A table that another system keeps.
pub(super) fn foreign() -> Unreadable {
    Unreadable {
        reason: "there is a foreign table of that name, which another system keeps".to_owned(),
        help: Some("choose another name, or change it in the system that keeps it".to_owned()),
    }
}

/// A Delta table of a kind that nobody here knows how to change.
pub(super) fn of_unknown_kind(kind: &str) -> Unreadable {
    Unreadable {
        reason: format!("the server calls the table `{kind}`, which is no kind of table that is known here"),
        help: Some("choose another name, or report the kind".to_owned()),
    }
}

/// A catalog that is not there, or not for this user.
pub(super) fn no_catalog(catalog: &str, words: &str) -> Unreadable {
    Unreadable {
        reason: format!("there is no catalog `{catalog}`, or none that the user of this session may see: {words}"),
        help: Some("create it first, or let the user see it with USE CATALOG".to_owned()),
    }
}

/// A table of another make.
pub(super) fn not_delta(format: &str) -> Unreadable {
    let format = if format.is_empty() { "another format" } else { format };
    Unreadable {
        reason: format!("there is a table of that name, and it is no Delta table but {format}"),
        help: Some("choose another name, or convert it with CONVERT TO DELTA".to_owned()),
    }
}

/// Whether the server minds who asks.
pub(crate) fn is_permission(refusal: &Refusal) -> bool {
    refusal.sqlstate.as_deref() == Some("42501")
        || refusal.is("INSUFFICIENT_PERMISSIONS")
        || refusal.is("PERMISSION_DENIED")
}

/// A refusal without the plan and the statement that Spark puts behind it.
pub(crate) fn first_part(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let end =
        ["\n\n", "\n== SQL", "; line ", ";\n'", "\nJVM stacktrace"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_end().to_owned()
}

fn unreadable(reason: String, help: &str) -> Trouble {
    Trouble::Unreadable(Unreadable { reason, help: Some(help.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: &str, sqlstate: Option<&str>, expected: &str) {
        let mut refusal = Refusal::default();
        refusal.class = Some(class.to_owned());
        refusal.sqlstate = sqlstate.map(str::to_owned);
        refusal.message = format!("[{class}] no; line 1 pos 3;\n'Plan");
        let found = match judge(Failure::Refused(Box::new(refusal))).unwrap() {
            Trouble::Absent => "absent".to_owned(),
            Trouble::Unreadable(unreadable) => {
                format!("{unreadable} ({})", unreadable.help.clone().unwrap_or_default())
            }
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn absent_and_unreadable_are_told_apart() {
        check("TABLE_OR_VIEW_NOT_FOUND", Some("42P01"), "absent");
        check(
            "DELTA_TABLE_NOT_FOUND",
            Some("42P01"),
            "the server has the table registered, and finds no Delta log there (bring its folder back, or drop the table \
             on the server, then plan again)",
        );
        check(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            Some("42809"),
            "there is a view of that name (choose another name, or drop the view)",
        );
        check(
            "REQUIRES_SINGLE_PART_NAMESPACE",
            Some("42K05"),
            "the server can't describe the table: [REQUIRES_SINGLE_PART_NAMESPACE] no (the server has no catalog of that \
             name: name one of its own, or write schema.table)",
        );
        check(
            "INSUFFICIENT_PERMISSIONS",
            Some("42501"),
            "the server can't describe the table: [INSUFFICIENT_PERMISSIONS] no (let the user of this session read the \
             table: on Databricks, USE CATALOG, USE SCHEMA and SELECT)",
        );
    }
}
