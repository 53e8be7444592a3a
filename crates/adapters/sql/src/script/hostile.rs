//! No name and no text can change what a statement says: plans of plain words and of hostile ones have the same tokens.

use delta_engine_schema::draft::{ColumnDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft};
use delta_engine_schema::model::{Column, DataType, Expression, Feature, Identifier, Layout};
use delta_engine_schema::{Change, Position};

use super::*;
use crate::lexer::{Grammar, Token, tokens};

/// Words of a plan, by number.
type Words<'w> = &'w dyn Fn(usize) -> String;

const WORDS: usize = 24;

fn quoted(name: &str) -> String {
    Identifier::new(name).quoted()
}

fn condition(column: &str, text: &str) -> Expression {
    let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
    Expression::parse(&format!("{} <> '{literal}'", quoted(column))).expect("a condition")
}

/// A key of a tag without what is refused in one, framed so that it is not empty and has no blank at its ends.
fn tag(word: &str) -> String {
    let kept: String = word.chars().filter(|letter| !".,-=/:".contains(*letter) && !letter.is_control()).collect();
    format!("k{}k", kept.trim())
}

/// The name of a table without what is refused in one, framed so that it is not empty.
fn table(word: &str) -> Identifier {
    let kept: String = word.chars().filter(|letter| !". /".contains(*letter) && !letter.is_control()).collect();
    Identifier::new(format!("t{kept}"))
}

fn new_table(word: Words<'_>) -> Vec<Action> {
    let column = |name: String, data_type: &str| ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()));
    let mut draft = TableDraft::new("t");
    draft.columns = vec![
        ColumnDraft { comment: Some(word(2)), tags: vec![(tag(&word(3)), word(4))], ..column(word(0), "string") },
        column(word(1), &format!("struct<{}: int comment 'x'>", quoted(&word(5)))),
    ];
    draft.comment = Some(word(6));
    draft.location = Some(word(7));
    draft.properties = vec![(word(8), Some(word(9)))];
    draft.tags = vec![(tag(&word(10)), word(11))];
    draft.partitioned_by = Some(vec![quoted(&word(0))]);
    draft.primary_key =
        Some(PrimaryKeyDraft { name: Some(word(12)), columns: vec![quoted(&word(0))], ..PrimaryKeyDraft::default() });
    draft.foreign_keys = vec![ForeignKeyDraft {
        name: Some(word(13)),
        columns: vec![quoted(&word(0))],
        references: format!("{}.{}", quoted(&word(14)), quoted(&word(15))),
        ..ForeignKeyDraft::default()
    }];
    let mut desired = draft.check().unwrap_or_else(|faults| panic!("{faults:?}"));
    desired.checks.insert(word(16).as_str().into(), condition(&word(0), &word(17)));
    vec![Action::CreateTable { table: Box::new(desired) }]
}

fn changes(word: Words<'_>) -> Vec<Action> {
    let text = |to: usize| Change::between(None, Some(word(to))).expect("a difference");
    let path = |at: usize| Path::column(word(at).as_str());
    let expression = || condition(&word(0), &word(17));
    let mut column =
        Column::new(word(18).as_str(), format!("array<struct<{}: int>>", quoted(&word(19))).parse().expect("a type"));
    column.field.comment = Some(word(2).into());
    vec![
        Action::EnableFeature { feature: Feature::Other(word(20)) },
        Action::SetProperty { key: word(8), change: text(9) },
        Action::UnsetProperty { key: word(21), from: String::new() },
        Action::SetTableTag { key: tag(&word(10)), change: text(11) },
        Action::UnsetTableTag { key: tag(&word(3)), from: String::new() },
        Action::DropCheck { name: word(16).as_str().into(), expression: expression() },
        Action::RenameColumn { path: path(0), to: word(1).as_str().into() },
        Action::MoveColumn { path: path(1), to: Position::After(word(22).as_str().into()) },
        Action::AddColumn {
            parent: path(5),
            column: Box::new(column),
            position: Position::After(word(4).as_str().into()),
        },
        Action::SetClustering {
            change: Change::between(Layout::Flat, Layout::Clustered(vec![path(23)])).expect("a difference"),
        },
        Action::UnsetColumnTag { path: path(1), key: tag(&word(3)), from: String::new() },
        Action::DropColumn { path: path(6), data_type: DataType::Integer },
        Action::DropColumn { path: path(7), data_type: DataType::Integer },
        Action::SetColumnDefault {
            path: path(1),
            change: Change::between(None, Some(expression())).expect("a difference"),
        },
        Action::SetColumnComment { path: path(12), change: text(2) },
        Action::SetTableComment { change: text(6) },
        Action::SetColumnTag { path: path(1), key: tag(&word(13)), change: text(14) },
        Action::AddCheck { name: word(16).as_str().into(), expression: expression() },
    ]
}

fn read(grammar: Grammar, word: Words<'_>) -> Vec<Vec<Token>> {
    let name = TableName { catalog: None, schema: Some(table(&word(14))), table: table(&word(15)) };
    let plans = [new_table(word), changes(word)];
    let scripts = plans.iter().map(|actions| script(Dialect::Databricks, &name, None, actions));
    let statements = scripts.flat_map(|script| {
        assert_eq!(script.refusals, []);
        script.statements
    });
    statements.map(|statement| tokens(grammar, statement.sql())).collect()
}

/// Random pieces of what ends names, literals and statements, begins comments and is replaced.
fn hostile(seed: u64) -> impl Fn(usize) -> String {
    const PIECES: [&str; 24] = [
        "'",
        "''",
        "\\",
        "\\'",
        "`",
        "``",
        "\"",
        "--",
        "/*",
        "*/",
        ";",
        "${",
        "${env:HOME}",
        "}",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\\u0027",
        "\\047",
        " DROP TABLE t",
        "😀",
        "\u{202e}",
        "r'",
    ];
    move |word| {
        let mut state = seed.wrapping_mul(31).wrapping_add(word as u64).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 40).unwrap_or(0)
        };
        let pieces = (0..1 + next() % 4).map(|_| PIECES[next() % PIECES.len()]).collect::<String>();
        format!("{pieces}{word}")
    }
}

#[test]
fn hostile_words_stay_inside_names_and_literals() {
    let plain = |word: usize| format!("w{word}");
    for grammar in [Grammar::Spark, Grammar::Delta] {
        let expected = read(grammar, &plain);
        assert_eq!(expected.len(), 21, "6 of the new table, 15 of 18 changes");
        for seed in 0..300 {
            let word = hostile(seed);
            let renamed = |text: &String| {
                let of_tag = (0..WORDS).find(|at| *text == tag(&plain(*at))).map(|at| tag(&word(at)));
                let is_table = |at: &usize| text.as_str() == table(&plain(*at)).as_str();
                let of_table = || (0..WORDS).find(is_table).map(|at| table(&word(at)).as_str().to_owned());
                let as_is = || (0..WORDS).find(|at| *text == plain(*at)).map(&word);
                of_tag.or_else(of_table).or_else(as_is).unwrap_or_else(|| text.clone())
            };
            let meant = |token: &Token| match token {
                Token::Name(text) => Token::Name(renamed(text)),
                // The feature's word is a part of its key.
                Token::Text(text) => match text.strip_prefix("delta.feature.w") {
                    Some(_) => Token::Text(format!("delta.feature.{}", word(20))),
                    None => Token::Text(renamed(text)),
                },
                Token::Word(_) | Token::Symbol(_) => token.clone(),
            };
            let meant: Vec<Vec<Token>> =
                expected.iter().map(|statement| statement.iter().map(meant).collect()).collect();
            for (read, meant) in read(grammar, &word).into_iter().zip(meant) {
                assert_eq!(read, meant, "seed {seed}");
            }
        }
    }
}
