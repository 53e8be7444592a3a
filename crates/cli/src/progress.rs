//! What a run tells while it goes on: a bar on a terminal, lines elsewhere, nothing when quiet.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use delta_engine::{Event, Events, Silent};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Options;

/// Fewer tables are read before anybody wonders.
const MANY: usize = 100;

/// Who hears of the progress of this run.
pub(crate) fn events(options: &Options) -> Arc<dyn Events> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if options.quiet {
        Arc::new(Silent)
    } else if std::io::stderr().is_terminal() && !dumb && options.verbose == 0 {
        Arc::new(Bar::over(ProgressBar::new_spinner()))
    } else {
        Arc::new(Lines)
    }
}

/// A bar that is gone when the run is over; a turning sign where nobody knows how much there is to do.
struct Bar {
    bar: ProgressBar,
    /// A table that was changed by others is read again while the bar of the whole run goes on.
    is_applying: AtomicBool,
}

const SPINNER: &str = "{spinner} {msg}";
const BAR: &str = "{bar:24} {pos}/{len} {wide_msg}";
const TICK: Duration = Duration::from_millis(120);

impl Bar {
    fn over(bar: ProgressBar) -> Self {
        Self { bar, is_applying: AtomicBool::new(false) }
    }

    fn show(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(TICK);
    }
}

impl Events for Bar {
    fn event(&self, event: &Event) {
        let bar = &self.bar;
        let is_applying = self.is_applying.load(Ordering::Relaxed);
        match event {
            Event::Observing { .. } | Event::Probing { .. } if !is_applying => {
                self.show(SPINNER);
                bar.set_message(words(event));
            }
            Event::Observed { .. } if !is_applying => bar.finish_and_clear(),
            Event::Observing { .. } | Event::Probing { .. } | Event::Observed { .. } => (),
            Event::ApplyStarted { units } => {
                self.is_applying.store(true, Ordering::Relaxed);
                // The turning sign was finished when the tables had been read.
                bar.reset();
                bar.set_length(u64::try_from(*units).unwrap_or(u64::MAX));
                self.show(BAR);
            }
            Event::Applying { .. } | Event::Conflict { .. } | Event::Unclear { .. } => bar.set_message(words(event)),
            Event::UnitEnded { .. } => bar.inc(1),
            Event::Finished { .. } => bar.finish_and_clear(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line for each thing worth one.
struct Lines;

impl Events for Lines {
    fn event(&self, event: &Event) {
        let worth = match event {
            Event::Observing { tables } => *tables >= MANY,
            Event::Probing { .. } | Event::Applying { .. } | Event::Conflict { .. } | Event::Unclear { .. } => true,
            Event::Observed { .. } | Event::ApplyStarted { .. } | Event::UnitEnded { .. } | Event::Finished { .. } => {
                false
            }
        };
        if worth {
            // Nobody is there to be told that nobody listens.
            let _ = writeln!(std::io::stderr(), "{}", words(event));
        }
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Observing { tables: 1 } | Event::Observed { tables: 1 } => "reading 1 table".to_owned(),
        Event::Observing { tables } | Event::Observed { tables } => format!("reading {tables} tables"),
        Event::Probing { statements: 1 } => "checking that the rows there allow 1 NOT NULL or check".to_owned(),
        Event::Probing { statements } => {
            format!("checking that the rows there allow {statements} NOT NULLs and checks")
        }
        Event::ApplyStarted { units: 1 } => "applying 1 change".to_owned(),
        Event::ApplyStarted { units } => format!("applying {units} changes"),
        Event::Applying { table } => format!("applying {table}"),
        Event::UnitEnded { table } => format!("{table} is done"),
        Event::Finished { table, applied: true } => format!("applied {table}"),
        Event::Finished { table, applied: false } => format!("not applied {table}"),
        Event::Conflict { table, next_try } => {
            format!("{table} was changed by somebody else; looking again (try {next_try})")
        }
        Event::Unclear { table, next_try } => {
            format!("no clear answer for {table}; looking whether it was changed (try {next_try})")
        }
    }
}

#[cfg(test)]
mod tests {
    use delta_engine::schema::model::TableName;
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    fn check(events: &[Event], expected: &str) {
        let terminal = InMemoryTerm::new(4, 60);
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        let bar = Bar::over(bar);
        for event in events {
            bar.event(event);
        }
        bar.bar.disable_steady_tick();
        bar.bar.tick();
        let shown = terminal.contents();
        // The turning sign is in any of its places.
        let shown = shown.trim_start_matches(|letter: char| ('\u{2800}'..='\u{28ff}').contains(&letter));
        assert_eq!(shown.trim(), expected, "{events:?}");
    }

    #[test]
    fn the_bar_counts_units_and_outlives_a_race() {
        let table = || TableName::bare("orders");
        let started = Event::ApplyStarted { units: 4 };
        let race = Event::Conflict { table: table(), next_try: 2 };
        let applying = Event::Applying { table: table() };
        let ended = Event::UnitEnded { table: table() };
        let again = [Event::Observing { tables: 1 }, Event::Observed { tables: 1 }];
        check(&[Event::Observing { tables: 12 }], "reading 12 tables");
        check(&[Event::Observing { tables: 12 }, Event::Observed { tables: 12 }], "");
        check(&[started.clone(), applying.clone(), ended.clone()], "██████░░░░░░░░░░░░░░░░░░ 1/4 applying orders");
        check(
            &[started.clone(), applying.clone(), ended.clone(), race, again[0].clone(), again[1].clone()],
            "██████░░░░░░░░░░░░░░░░░░ 1/4 orders was changed by somebody",
        );
        check(&[started, applying, ended, Event::Finished { table: table(), applied: true }], "");
    }
}
