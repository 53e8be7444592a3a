//! Steps that do not end well: what is done next, and what the report says of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panic")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use delta_engine_application::port::{
    Answer, Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Question, Receipt, Relation,
    Step, TargetError,
};
use delta_engine_application::{
    Column, Engine, Event, Events, Execution, MemoryLake, Registry, Report, Silent, Status, SyncFailed, Table,
};
use delta_engine_schema::Action;
use delta_engine_schema::model::{DesiredTable, ObservedTable, TableName};

/// How a step ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Well,
    /// Nothing happens, and this is said.
    Instead(ErrorKind),
    /// It happens, and then this is said.
    After(ErrorKind),
}

/// A lake where each action is a step, and steps and looks end as they are told.
#[derive(Clone)]
struct Troubled {
    lake: MemoryLake,
    ends: Arc<Mutex<VecDeque<End>>>,
    /// How many looks are left before the target is gone.
    looks: Arc<Mutex<usize>>,
}

#[async_trait]
impl Catalog for Troubled {
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        self.lake.list(schema).await
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let left = {
            let mut looks = self.looks.lock().unwrap();
            let left = *looks;
            *looks = left.saturating_sub(1);
            left
        };
        if left == 0 {
            let source = std::io::Error::other("the line is dead").into();
            return Err(TargetError { attempt: "read the lake".to_owned(), help: None, source });
        }
        self.lake.observe(relations).await
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        self.lake.probe(questions).await
    }
}

#[async_trait]
impl Executor for Troubled {
    fn compile(&self, _: &DesiredTable, _: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let step = |action: &Action| Step { preview: action.kind().to_owned(), actions: vec![action.clone()] };
        Compiled { steps: actions.iter().map(step).collect(), ..Compiled::default() }
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let end = self.ends.lock().unwrap().pop_front().unwrap_or(End::Well);
        let said =
            |kind| ExecutionError { kind, message: format!("{} failed", step.preview), help: None, source: None };
        if let End::Instead(kind) = end {
            return Err(said(kind));
        }
        // Our own steps before this one are none of a stranger's.
        let context = Context { observed: self.lake.get(&context.relation.name), ..context.clone() };
        let done = self.lake.execute(step, &context).await;
        if let End::After(kind) = end { Err(said(kind)) } else { done }
    }
}

fn table() -> Table {
    Table::new("s.t").column(Column::new("a", "bigint"))
}

/// Gives a table three properties, one a step, with steps that end so.
async fn sync(ends: &[End], looks: usize) -> (Report, MemoryLake) {
    sync_heard(ends, looks, Arc::new(Silent)).await
}

async fn sync_heard(ends: &[End], looks: usize, events: Arc<dyn Events>) -> (Report, MemoryLake) {
    let lake = MemoryLake::new();
    let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake.clone()));
    engine.sync(&Registry::new().table(table()).build().unwrap()).await.unwrap();
    let ends = Arc::new(Mutex::new(ends.iter().copied().collect()));
    let troubled = Troubled { lake: lake.clone(), ends, looks: Arc::new(Mutex::new(looks)) };
    let engine = Engine::new(Arc::new(troubled.clone()), Arc::new(troubled)).with_events(events);
    let three = table().property("p.a", 1).property("p.b", 2).property("p.c", 3);
    let report = match engine.sync(&Registry::new().table(three).build().unwrap()).await {
        Ok(report) => report,
        Err(SyncFailed::Tables(report)) => *report,
        Err(SyncFailed::Run(error)) => panic!("{error}"),
    };
    (report, lake)
}

/// Hears why tables are looked at again.
#[derive(Default)]
struct Reasons(Mutex<Vec<String>>);

impl Events for Reasons {
    fn event(&self, event: &Event) {
        let reason = if let Event::Conflict { next_try, .. } = event {
            format!("changed by others, try {next_try}")
        } else if let Event::Unclear { next_try, .. } = event {
            format!("unclear, try {next_try}")
        } else {
            return;
        };
        self.0.lock().unwrap().push(reason);
    }
}

async fn check(ends: &[End], expected: &str) {
    let (report, lake) = sync(ends, usize::MAX).await;
    let execution = &report.executions[0];
    let said = execution.failure().map(|failure| failure.message.as_str()).unwrap_or_default();
    let (end, changed) = if let Execution::PartlyApplied { done, steps, .. } = execution {
        (format!("{done} of {steps}: {said}"), *done)
    } else if matches!(execution, Execution::Applied { .. }) {
        ("applied".to_owned(), 3)
    } else if matches!(execution, Execution::Unclear(_)) {
        assert_eq!(report.status(), Status::PartlyApplied);
        (format!("unclear: {said}"), 0)
    } else {
        assert!(matches!(execution, Execution::Failed(_)), "{execution:?}");
        (format!("failed: {said}"), 0)
    };
    assert_eq!(end, expected, "{ends:?}");
    assert_eq!(lake.get(&"s.t".parse().unwrap()).unwrap().properties.len(), changed, "{ends:?}");
}

#[tokio::test]
async fn what_happened_without_a_word_is_not_done_again() {
    use End::{After, Instead, Well};
    use ErrorKind::{Ambiguous, Broken};
    for kind in [Ambiguous, Broken] {
        check(&[After(kind)], "applied").await;
        check(&[Well, After(kind)], "applied").await;
        check(&[Well, Well, After(kind)], "applied").await;
        check(&[After(kind), After(kind), After(kind)], "applied").await;
    }
    check(&[Instead(Ambiguous), Well, Instead(Ambiguous)], "applied").await;
}

#[tokio::test]
async fn a_lost_answer_is_not_called_a_change_of_others() {
    use End::{After, Instead};
    use ErrorKind::{Ambiguous, Broken, Conflict};
    for (end, expected) in [
        (After(Ambiguous), "unclear, try 2"),
        (Instead(Broken), "unclear, try 2"),
        (Instead(Conflict), "changed by others, try 2"),
    ] {
        let reasons = Arc::new(Reasons::default());
        sync_heard(&[end], usize::MAX, reasons.clone()).await;
        assert_eq!(*reasons.0.lock().unwrap(), [expected], "{end:?}");
    }
}

#[tokio::test]
async fn an_error_of_the_targets_own_is_not_tried_again() {
    use End::{After, Instead, Well};
    use ErrorKind::Broken;
    check(&[Instead(Broken)], "failed: set_property failed").await;
    check(&[Well, Instead(Broken)], "1 of 3: set_property failed").await;
    check(&[After(Broken), Well, Instead(Broken)], "2 of 3: set_property failed").await;
}

#[tokio::test]
async fn steps_before_a_new_plan_count() {
    use End::{After, Instead, Well};
    use ErrorKind::{Ambiguous, Conflict, Refused};
    check(&[Well, Instead(Conflict), Instead(Refused)], "1 of 3: set_property failed").await;
    check(&[Well, Instead(Ambiguous), Well, Instead(Refused)], "2 of 3: set_property failed").await;
    check(&[Well, After(Ambiguous), Instead(Refused)], "2 of 3: set_property failed").await;
    check(&[Instead(Conflict), Instead(Refused)], "failed: set_property failed").await;
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_not_called_undone() {
    use End::{After, Instead, Well};
    use ErrorKind::{Ambiguous, Conflict, Interrupted, Refused, Unavailable};
    // It is not to be seen, and the next attempt does not end well either: the first may still come.
    for kind in [Refused, Unavailable, Interrupted] {
        check(&[Instead(Ambiguous), Instead(kind)], "unclear: set_property failed").await;
    }
    // It came after all, which is why the next attempt is refused.
    for kind in [Refused, Conflict] {
        check(&[Instead(Ambiguous), After(kind)], "applied").await;
        check(&[Instead(Ambiguous), After(kind), Instead(Refused)], "1 of 3: set_property failed").await;
    }
    check(&[Instead(Ambiguous), Well, Instead(Refused)], "1 of 3: set_property failed").await;
}

#[tokio::test]
async fn a_target_that_is_gone_after_the_steps_leaves_a_report() {
    let (report, lake) = sync(&[], 1).await;
    assert_eq!(lake.get(&"s.t".parse().unwrap()).unwrap().properties.len(), 3);
    assert_eq!(report.status(), Status::PartlyApplied);
    let said = report.to_string();
    assert!(said.contains("all steps ran") && said.contains("the line is dead"), "{said}");
}
