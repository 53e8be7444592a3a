//! The columns that an expression names, as far as they can be told without the grammar of SQL.
//!
//! A declaration is refused for a name that is not there, so a word counts only where nothing but a column can stand, and an
//! expression with parameters of its own is not looked into.

use super::mention::{holds_subquery, is_symbol, is_word};
use crate::model::{Column, DataType, Expression, ExpressionToken, Identifier, TableName, nearest};

/// Words that SQL has a use for inside an expression; a column may have such a name and is not looked for then.
const WORDS: [&str; 101] = [
    "all",
    "and",
    "any",
    "array",
    "asc",
    "at",
    "between",
    "both",
    "by",
    "case",
    "cross",
    "curdate",
    "current",
    "current_catalog",
    "current_database",
    "current_date",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "date",
    "day",
    "dayofweek",
    "dayofyear",
    "days",
    "default",
    "desc",
    "distinct",
    "div",
    "else",
    "end",
    "escape",
    "exists",
    "false",
    "filter",
    "first",
    "following",
    "for",
    "from",
    "group",
    "having",
    "hour",
    "hours",
    "ignore",
    "ilike",
    "in",
    "interval",
    "is",
    "last",
    "leading",
    "like",
    "local",
    "localtime",
    "localtimestamp",
    "map",
    "microsecond",
    "microseconds",
    "millisecond",
    "milliseconds",
    "minute",
    "minutes",
    "month",
    "months",
    "nanosecond",
    "nanoseconds",
    "not",
    "null",
    "nulls",
    "or",
    "order",
    "over",
    "partition",
    "placing",
    "preceding",
    "quarter",
    "range",
    "regexp",
    "respect",
    "rlike",
    "rows",
    "second",
    "seconds",
    "session_user",
    "some",
    "struct",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "true",
    "unknown",
    "user",
    "using",
    "week",
    "weeks",
    "when",
    "within",
    "year",
    "years",
    "zone",
];

/// What an expression names and a table does not have.
pub(super) struct Unknown {
    /// As it stands there, as in `s.x`.
    pub(super) name: String,
    /// What is there by a similar name.
    pub(super) nearest: Option<String>,
}

/// The first name in the expression that is no column, or no field of its column, among these.
pub(super) fn unknown(expression: &Expression, table: &TableName, columns: &[Column]) -> Option<Unknown> {
    references(expression).iter().find_map(|chain| missing(chain, table, columns))
}

fn missing(chain: &[Identifier], table: &TableName, columns: &[Column]) -> Option<Unknown> {
    let (root, below) = chain.split_first()?;
    let Some(column) = columns.iter().find(|column| column.name() == root) else {
        let is_qualified = !below.is_empty()
            && [Some(&table.table), table.schema.as_ref(), table.catalog.as_ref()].contains(&Some(root));
        let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
        let nearest = nearest(root.as_str(), &names).map(str::to_owned);
        return (!is_qualified).then(|| Unknown { name: root.to_string(), nearest });
    };
    let mut data_type = column.data_type();
    for (depth, name) in below.iter().enumerate() {
        while let Some(array) = data_type.as_array() {
            data_type = &array.element;
        }
        let DataType::Struct(fields) = data_type else { return None };
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            let shown =
                |last: &str| chain[..=depth].iter().map(Identifier::as_str).chain([last]).collect::<Vec<_>>().join(".");
            let nearest = nearest(name.as_str(), &names).map(shown);
            return Some(Unknown { name: shown(name.as_str()), nearest });
        };
        data_type = &field.data_type;
    }
    None
}

/// Chains of names where a column stands, as in `a` and `s.x`; none where the expression has parameters of its own (`x -> …`,
/// `name => …`) or a query, whose names are other ones.
fn references(expression: &Expression) -> Vec<Vec<Identifier>> {
    let tokens = expression.tokens();
    let is_arrow = |pair: &[ExpressionToken]| is_symbol(pair.first(), "-") && is_symbol(pair.get(1), ">");
    let has_arrow = tokens.iter().any(|token| is_symbol(Some(token), "->") || is_symbol(Some(token), "=>"));
    if has_arrow || tokens.windows(2).any(is_arrow) || holds_subquery(expression) {
        return Vec::new();
    }
    let mut chains = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if is_word(Some(token), "as") {
            at = end_of_type(tokens, at);
            continue;
        }
        if is_symbol(Some(token), "::") && is_symbol(tokens.get(at + 2), "<") {
            // Where a type with parts ends is not told here.
            break;
        }
        if let Some(name) = name_of(token).filter(|_| is_column(tokens, at)) {
            let mut chain = vec![name];
            while let Some(below) = tokens.get(at + 2).filter(|_| is_symbol(tokens.get(at + 1), ".")).and_then(name_of)
            {
                chain.push(below);
                at += 2;
            }
            chains.push(chain);
        }
        at += 1;
    }
    chains
}

/// Behind the type that follows `AS`: the parenthesis that closes the cast.
fn end_of_type(tokens: &[ExpressionToken], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        if is_symbol(Some(token), "(") {
            depth += 1;
        } else if is_symbol(Some(token), ")") {
            match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return at,
            }
        }
    }
    tokens.len()
}

/// Whether the name at this place begins one of a column: it is no function (`f(…)`), no field of what stands before it (`s.x`,
/// `v:x`), no type (`::int`), no collation, no kind of literal (`date '…'`), no unit (`1 day`) and no word of SQL.
fn is_column(tokens: &[ExpressionToken], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let after = tokens.get(at + 1);
    let is_word_of_sql = matches!(&tokens[at], ExpressionToken::Word(word) if WORDS.contains(&word.as_str()));
    let is_below = [".", ":", "::"].into_iter().any(|symbol| is_symbol(before, symbol)) || is_word(before, "collate");
    let is_beside_literal = matches!(before, Some(ExpressionToken::Number(_) | ExpressionToken::Text(_)))
        || matches!(after, Some(ExpressionToken::Text(_)));
    let is_collate = is_word(tokens.get(at), "collate") && after.is_some_and(|after| name_of(after).is_some());
    // `extract(dow FROM a)`.
    let is_part = is_word(after, "from");
    !(is_word_of_sql || is_below || is_beside_literal || is_collate || is_part || is_symbol(after, "("))
}

fn name_of(token: &ExpressionToken) -> Option<Identifier> {
    match token {
        ExpressionToken::Word(word) => Some(Identifier::new(word.as_str())),
        ExpressionToken::Quoted(name) => Some(name.clone()),
        ExpressionToken::Text(_) | ExpressionToken::Number(_) | ExpressionToken::Symbol(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::table;
    use super::*;

    fn check(expression: &str, expected: &[&str]) {
        let chains = references(&Expression::parse(expression).unwrap());
        let shown: Vec<String> =
            chains.iter().map(|chain| chain.iter().map(Identifier::as_str).collect::<Vec<_>>().join(".")).collect();
        assert_eq!(shown, expected, "{expression}");
    }

    #[test]
    fn words_count_where_only_a_column_can_stand() {
        check("a > 0 AND NOT `B c` IS NULL", &["a", "B c"]);
        check("s.x.y = t.`z`", &["s.x.y", "t.z"]);
        check("coalesce(upper(a), 'x') LIKE 'y%' ESCAPE '/'", &["a"]);
        check("CASE WHEN a THEN TRUE ELSE b END", &["a", "b"]);
        check("CAST(a AS STRUCT<x: DECIMAL(3, 1), y: INT>).x > 1 AND b", &["a", "b"]);
        check("CAST(a AS DATE) >= date '2026-01-01' AND b <> timestamp '2026-01-01'", &["a", "b"]);
        check("a::decimal(3, 1) > 1.5BD", &["a"]);
        check("a + INTERVAL 1 DAY < now() - INTERVAL '1' fortnight", &["a"]);
        check("extract(YEAR FROM a) = 2026 AND v:field.below = 'x'", &["a", "v"]);
        check("extract(DOW FROM a) = 1 AND b", &["a", "b"]);
        check("a = NULL::ARRAY<INT>", &["a"]);
        check("a COLLATE utf8_lcase = 'x' AND collate = 1", &["a", "collate"]);
        check("(a > 1) IS NOT UNKNOWN AND LOCALTIME > b", &["a", "b"]);
        check("a[0] > m['k'] AND a IS DISTINCT FROM b", &["a", "m", "a", "b"]);
    }

    #[test]
    fn an_expression_with_names_of_its_own_is_not_looked_into() {
        for expression in ["exists(a, x -> x > 0)", "f(name => 1)", "a IN (SELECT b FROM c)"] {
            check(expression, &[]);
        }
    }

    #[test]
    fn what_is_not_there_is_found_at_any_depth() {
        let there =
            table("amount: int, s: struct<zip: string, list: array<struct<x: int>>>, m: map<string, int>").there();
        let check = |expression: &str, expected: Option<(&str, Option<&str>)>| {
            let found = unknown(&Expression::parse(expression).unwrap(), &there.name, &there.columns);
            let shown = found.as_ref().map(|found| (found.name.as_str(), found.nearest.as_deref()));
            assert_eq!(shown, expected, "{expression}");
        };
        check("amuont > 0", Some(("amuont", Some("amount"))));
        check("amount > 0 AND `no such` > 1", Some(("no such", None)));
        check("s.zpi = '1'", Some(("s.zpi", Some("s.zip"))));
        check("s.list.y > 0", Some(("s.list.y", Some("s.list.x"))));
        check("nosuch.x > 0", Some(("nosuch", None)));
        check("t > 0", Some(("t", Some("m"))));
        for fine in
            ["AMOUNT > 0", "s.Zip = 'x'", "s.list.x > 0", "m.any > 1", "t.amount > 0", "silver.t.amount > 0", "s"]
        {
            check(fine, None);
        }
    }
}
