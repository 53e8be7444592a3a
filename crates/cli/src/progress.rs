//! What a run tells while it goes on: a bar on a terminal, lines elsewhere, nothing when quiet.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
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
        Arc::new(Bar(ProgressBar::new_spinner()))
    } else {
        Arc::new(Lines)
    }
}

/// A bar that is gone when the run is over.
struct Bar(ProgressBar);

impl Events for Bar {
    fn event(&self, event: &Event) {
        let Self(bar) = self;
        match event {
            Event::Observing { .. } | Event::Probing { .. } => {
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                    bar.set_style(style);
                }
                bar.set_message(words(event));
                bar.enable_steady_tick(Duration::from_millis(120));
            }
            Event::Observed { .. } => bar.finish_and_clear(),
            Event::Applying { .. } | Event::Conflict { .. } => {
                bar.set_message(words(event));
                bar.enable_steady_tick(Duration::from_millis(120));
            }
            Event::Finished { .. } => bar.finish_and_clear(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line for each thing worth one.
struct Lines;

impl Events for Lines {
    fn event(&self, event: &Event) {
        let worth = match event {
            Event::Observing { tables } => *tables >= MANY,
            Event::Probing { .. } | Event::Applying { .. } | Event::Conflict { .. } => true,
            Event::Observed { .. } | Event::Finished { .. } => false,
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
        Event::Probing { statements: 1 } => "looking at the data to prove 1 statement".to_owned(),
        Event::Probing { statements } => format!("looking at the data to prove {statements} statements"),
        Event::Applying { table } => format!("applying {table}"),
        Event::Finished { table, applied: true } => format!("applied {table}"),
        Event::Finished { table, applied: false } => format!("not applied {table}"),
        Event::Conflict { table, next_try } => {
            format!("{table} was changed by somebody else; looking again (try {next_try})")
        }
    }
}
