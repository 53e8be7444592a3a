//! A catalog made of two: what is filled in, from whom, and when a log is not believed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panic")]

use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_application::layered;
use delta_engine_application::port::{
    Answer, Catalog, Effort, Observation, Question, Relation, Statement, TargetError, Unreadable,
};
use delta_engine_schema::model::{
    Aspect, Column, DataType, Expression, Feature, Identity, ObservedTable, Path, PrimaryKey, RelationKind, TableName,
    Unknown,
};

/// A catalog that says the same to everything.
struct Says {
    observation: Observation,
    answer: &'static str,
    /// Where it has every table registered that it can't read.
    place: Option<&'static str>,
}

#[async_trait]
impl Catalog for Says {
    async fn list(&self, _schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        Ok(Vec::new())
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        Ok(vec![self.observation.clone(); relations.len()])
    }

    fn place(&self, _relation: &Relation) -> Option<String> {
        self.place.map(str::to_owned)
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let answer = |question: &Question| {
            let location = question.relation.location.as_deref().unwrap_or("nowhere");
            Answer::Unknowable { why: format!("{} at {location}", self.answer) }
        };
        Ok(questions.iter().map(answer).collect())
    }
}

fn says(observation: Observation, answer: &'static str) -> Arc<Says> {
    Arc::new(Says { observation, answer, place: None })
}

/// What a plan says of how the table was observed.
fn remarks(catalog: &dyn Catalog) -> Vec<String> {
    catalog.remarks(&"s.t".parse().unwrap()).into_iter().map(|remark| remark.message).collect()
}

fn table() -> ObservedTable {
    let mut id = Column::new("id", DataType::Long);
    id.field.metadata.insert("team", "1");
    ObservedTable {
        name: "s.t".parse().unwrap(),
        columns: vec![id, Column::new("twice", DataType::Long)],
        comment: None,
        layout: Default::default(),
        primary_key: None,
        foreign_keys: Vec::new(),
        inbound_keys: Vec::new(),
        checks: Default::default(),
        properties: Default::default(),
        features: [Feature::GeneratedColumns].into(),
        tags: Default::default(),
        location: Some("file:/w/t".to_owned()),
        table_id: "7".to_owned(),
        version: 3,
        kind: RelationKind::Table,
        unknown: Unknown::default(),
    }
}

fn hiding(mut table: ObservedTable, aspects: &[Aspect]) -> ObservedTable {
    aspects.iter().for_each(|aspect| table.unknown.insert(*aspect, Path::table()));
    table
}

/// What a server tells: no generation, no identity, no ids, no keys.
fn by_server() -> ObservedTable {
    let mut table = hiding(table(), &[Aspect::Generated, Aspect::Identity, Aspect::Tags, Aspect::PrimaryKey]);
    table.properties.insert("delta.columnMapping.mode".to_owned(), "name".to_owned());
    table.version = 0;
    table
}

/// What the log tells: no keys, no tags, and everything else.
fn by_log() -> ObservedTable {
    let mut table = hiding(table(), &[Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey]);
    table.properties.insert("delta.columnMapping.mode".to_owned(), "name".to_owned());
    table.location = Some("file:///w/t".to_owned());
    table.columns[0].identity = Some(Identity { start: 1, increment: 1, always: true });
    table.columns[1].generated = Some(Expression::parse("id * 2").unwrap());
    for (id, column) in (1..).zip(&mut table.columns) {
        column.field.metadata.set_mapping(id, &format!("col-{id}"));
    }
    table
}

async fn observe(catalog: &dyn Catalog) -> Arc<ObservedTable> {
    let relation = Relation { name: "s.t".parse().unwrap(), location: None };
    match catalog.observe(&[relation]).await.unwrap().remove(0) {
        Observation::Present(table) => table,
        other @ (Observation::Absent | Observation::Unreadable(_)) => panic!("{other:?}"),
    }
}

fn present(table: ObservedTable) -> Observation {
    Observation::Present(Arc::new(table))
}

fn hidden(table: &ObservedTable) -> Vec<Aspect> {
    table.unknown.iter().map(|(aspect, _)| aspect).collect()
}

#[tokio::test]
async fn comments_inside_a_column_are_filled_where_they_are_hidden() {
    let with_struct = |mut table: ObservedTable, comment: Option<&str>| {
        let data_type = "struct<note: string>".parse::<DataType>().unwrap();
        let mut column = Column::new("inner", data_type);
        column.field.comment = Some("own".into());
        if let DataType::Struct(fields) = &mut column.field.data_type {
            fields[0].comment = comment.map(Into::into);
        }
        table.columns.push(column);
        table
    };
    let note = Path::column("inner").field(&"note".into());
    let mut first = with_struct(by_server(), None);
    first.unknown.insert(Aspect::Comment, note.clone());
    let second = with_struct(by_log(), Some("on the invoice"));
    let table = observe(&layered(says(present(first), "server"), says(present(second), "log"))).await;
    assert!(!hidden(&table).contains(&Aspect::Comment));
    let Some(fields) = table.columns.last().and_then(|column| column.data_type().as_struct()) else { panic!() };
    assert_eq!(fields[0].comment.as_deref(), Some("on the invoice"));
}

#[tokio::test]
async fn what_the_catalog_hides_is_filled_from_the_log() {
    let catalog = layered(says(present(by_server()), "server"), says(present(by_log()), "log"));
    let table = observe(&catalog).await;
    assert_eq!(hidden(&table), [Aspect::Tags, Aspect::PrimaryKey]);
    assert_eq!(table.columns[0].identity, Some(Identity { start: 1, increment: 1, always: true }));
    assert_eq!(table.columns[1].generated.as_ref().map(Expression::text), Some("id * 2"));
    let metadata = &table.columns[0].field.metadata;
    assert_eq!((metadata.column_id(), metadata.get("team")), (Some(1), Some("1")));
    assert_eq!(table.location.as_deref(), Some("file:/w/t"));
    assert_eq!(catalog.reached(&table.name), Ok(()));
}

#[tokio::test]
async fn comments_are_filled_at_every_depth() {
    let mut log = by_log();
    let nested = "struct<a: bigint comment 'inner'>".parse().unwrap();
    log.columns.push(Column::new("s", nested));
    log.columns[0].field.comment = Some("outer".into());
    log.comment = Some("of the table".to_owned());
    let mut server = hiding(by_server(), &[Aspect::Comment]);
    server.columns.push(Column::new("s", "struct<a: bigint>".parse().unwrap()));
    let table = observe(&layered(says(present(server), "server"), says(present(log), "log"))).await;
    assert_eq!(table.comment.as_deref(), Some("of the table"));
    assert_eq!(table.columns[0].field.comment.as_deref(), Some("outer"));
    let inner = &table.columns[2].data_type().as_struct().unwrap()[0];
    assert_eq!(inner.comment.as_deref(), Some("inner"));
}

#[tokio::test]
async fn a_log_is_believed_only_as_the_tables_own() {
    let check = async |server: ObservedTable, log: Observation, expected: &str| {
        let catalog = layered(says(present(server.clone()), "server"), says(log, "log"));
        assert_eq!(*observe(&catalog).await, server, "{expected}");
        let why = catalog.reached(&server.name).unwrap_err();
        assert!(why.contains(expected), "{why}");
    };
    check(by_server(), Observation::Absent, "no Delta log at `file:/w/t`").await;
    let broken = Unreadable { reason: "a commit is missing".to_owned(), help: None };
    check(by_server(), Observation::Unreadable(broken), "a commit is missing").await;
    check(by_server(), present(ObservedTable { table_id: "8".to_owned(), ..by_log() }), "another table").await;
    check(ObservedTable { version: 2, ..by_server() }, present(by_log()), "changed while it was read").await;
    let mut wider = by_log();
    wider.columns.push(Column::new("new", DataType::Long));
    check(by_server(), present(wider), "changed while it was read").await;
    check(ObservedTable { table_id: String::new(), ..by_server() }, present(by_log()), "does not tell").await;
    for feature in ["catalogManaged", "catalogOwned-preview", "coordinatedCommits-preview"] {
        let mut managed = by_server();
        managed.features.insert(Feature::from_name(feature));
        check(managed, present(by_log()), feature).await;
    }
}

#[tokio::test]
async fn a_table_of_which_all_is_known_needs_no_log() {
    let server = ObservedTable { unknown: Unknown::default(), properties: Default::default(), ..by_server() };
    let log = Observation::Unreadable(Unreadable { reason: "never asked".to_owned(), help: None });
    let catalog = layered(says(present(server.clone()), "server"), says(log, "log"));
    assert_eq!(*observe(&catalog).await, server);
    assert_eq!(catalog.reached(&server.name), Err("its log was not read".to_owned()));
}

#[tokio::test]
async fn with_logs_first_the_catalog_adds_what_a_log_has_no_place_for() {
    let mut server = by_server();
    server.unknown = Unknown::default();
    server.unknown.insert(Aspect::Rely, Path::table());
    server.primary_key = Some(PrimaryKey { name: None, columns: vec!["id".into()], rely: false });
    server.comment = Some("of yesterday".to_owned());
    // The log is read later, and may be ahead.
    let log = ObservedTable { version: 9, comment: Some("of today".to_owned()), ..by_log() };
    let catalog = layered(says(present(server), "server"), says(present(log.clone()), "log")).logs_first();
    let table = observe(&catalog).await;
    assert_eq!((table.version, table.comment.as_deref()), (9, Some("of today")));
    // Who tells the keys does not tell whether they are relied on.
    assert!(table.primary_key.is_some() && hidden(&table) == [Aspect::Rely], "{table:?}");
    assert_eq!(table.location.as_deref(), Some("file:/w/t"));
    assert_eq!(table.columns, log.columns);

    let old = ObservedTable { version: 9, ..by_server() };
    let catalog = layered(says(present(old.clone()), "server"), says(present(by_log()), "log")).logs_first();
    assert_eq!(*observe(&catalog).await, old);
    assert!(catalog.reached(&old.name).unwrap_err().contains("older"));
}

#[tokio::test]
async fn a_log_that_was_to_come_first_and_is_not_read_is_told() {
    let both = |server: ObservedTable, log: Observation| layered(says(present(server), "server"), says(log, "log"));
    let check = async |catalog: &dyn Catalog, expected: &[&str]| {
        observe(catalog).await;
        let expected: Vec<String> = expected
            .iter()
            .map(|why| format!("the table's log is not read, only what the catalog tells of it: {why}"))
            .collect();
        assert_eq!(remarks(catalog), expected);
    };
    let first = |server, log| both(server, log).logs_first();
    check(&first(by_server(), present(by_log())), &[]).await;
    check(&first(by_server(), Observation::Absent), &["there is no Delta log at `file:/w/t`, seen from here"]).await;
    let placeless = ObservedTable { location: None, ..by_server() };
    check(&first(placeless, present(by_log())), &["the catalog does not tell where its files are"]).await;
    // Unless logs are to come first, they only fill in.
    check(&both(by_server(), Observation::Absent), &[]).await;
}

#[tokio::test]
async fn a_table_that_only_its_log_can_tell_is_read_there_and_not_committed_to() {
    let unreadable = || Unreadable { reason: "a checkpoint".to_owned(), help: None };
    let server = |place| Says { observation: Observation::Unreadable(unreadable()), answer: "server", place };
    let catalog = |place, log| layered(Arc::new(server(place)), says(log, "log"));
    let first = catalog(Some("file:/w/t"), present(by_log())).logs_first();
    let table = observe(&first).await;
    assert_eq!((table.version, table.location.as_deref()), (3, Some("file:/w/t")));
    assert_eq!(
        remarks(&first),
        ["the catalog can't read the table; what is known of it is the log at `file:/w/t`, as seen from here"]
    );
    assert!(first.reached(&table.name).unwrap_err().contains("nothing shows"));

    let relation = || Relation { name: "s.t".parse().unwrap(), location: None };
    let managed = ObservedTable { features: [Feature::from_name("catalogManaged")].into(), ..by_log() };
    for left_alone in [
        catalog(Some("file:/w/t"), present(by_log())),
        catalog(None, present(by_log())).logs_first(),
        catalog(Some("file:/w/t"), Observation::Absent).logs_first(),
        catalog(Some("file:/w/t"), present(managed)).logs_first(),
    ] {
        assert_eq!(left_alone.observe(&[relation()]).await.unwrap(), [Observation::Unreadable(unreadable())]);
    }
}

#[tokio::test]
async fn statements_are_proved_where_the_table_is_read() {
    let question = || Question {
        relation: Relation { name: "s.t".parse().unwrap(), location: None },
        version: 3,
        statement: Statement::NoNulls(Path::column("id")),
        effort: Effort::Statistics,
        proven_at: None,
    };
    let check = async |catalog: &dyn Catalog, expected: &str| {
        let answer = catalog.probe(&[question()]).await.unwrap().remove(0);
        assert_eq!(answer, Answer::Unknowable { why: expected.to_owned() });
    };
    let both = || layered(says(present(by_server()), "server"), says(present(by_log()), "log"));
    check(&both(), "server at nowhere").await;
    let first = both().logs_first();
    // Nothing is known of the log yet.
    check(&first, "server at nowhere").await;
    observe(&first).await;
    check(&first, "log at file:/w/t").await;
}
