//! delta-engine on the command line.
//!
//! Owns arguments, wiring, screens and exit codes. Decides nothing about schemas: what a plan holds and what it means is
//! said by the engine.

mod args;
mod error;
mod exit;
mod progress;
mod project;
mod run;
mod screen;
mod selection;
mod session;

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use crate::args::{Cli, Color, Format, Options};
use crate::error::Trouble;
use crate::exit::Exit;
use crate::screen::{Screen, json_error, show_trouble};
use crate::session::Session;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let typed = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match args::parse(arguments) {
        Ok(cli) => run_command(&cli, typed),
        Err(error) => {
            // A closed pipe ends quietly here too.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
        }
    }
}

fn run_command(cli: &Cli, typed: Vec<String>) -> ExitCode {
    start_log(&cli.options);
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let colors = [stdout.is_terminal(), stderr.is_terminal()].map(|terminal| has_color(cli.options.color, terminal));
    let (mut out, mut talk) = (BufWriter::new(stdout.lock()), stderr);
    let (exit, failure) = {
        let mut session = Session {
            options: &cli.options,
            typed,
            out: Screen::new(&mut out, colors[0]),
            talk: Screen::new(&mut talk as &mut dyn Write, colors[1]),
        };
        let exit = enter(&cli.options).and_then(|()| run::run(&cli.command, &mut session));
        let exit = exit.unwrap_or_else(|trouble| tell(&mut session, &trouble));
        (exit, session.out.finish())
    };
    if let Some(error) = failure {
        let _ = writeln!(std::io::stderr(), "error: failed to write the result: {error}");
        return if exit == Exit::Done { Exit::Error.into() } else { exit.into() };
    }
    exit.into()
}

/// Goes to the folder that was asked for.
fn enter(options: &Options) -> Result<(), Trouble> {
    let Some(folder) = &options.directory else { return Ok(()) };
    std::env::set_current_dir(folder).map_err(|error| {
        Trouble::usage(format!("failed to enter `{}`: {error}", folder.display()), "-C takes a folder that is there")
    })
}

fn tell(session: &mut Session<'_, '_>, trouble: &Trouble) -> Exit {
    session.out.flush();
    match session.options.format {
        Format::Text | Format::Sql => show_trouble(&mut session.talk, trouble),
        Format::Json => session.json(&json_error(trouble)),
    }
    trouble.exit
}

/// NO_COLOR (no-color.org), CLICOLOR_FORCE (bixense.com/clicolors) and TERM=dumb, the typed option first.
fn has_color(wanted: Color, terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match wanted {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") => {
            true
        }
        Color::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}

fn start_log(options: &Options) {
    let filter = match options.verbose {
        0 => return,
        1 => "delta_engine=info",
        2 => "info,delta_engine=debug",
        _ => "debug,delta_engine=trace",
    };
    let stderr = std::io::stderr;
    let color = has_color(options.color, stderr().is_terminal());
    // A span tells at its end how long it took: that is most of what there is to tell. A second subscriber is refused;
    // there is none before this one.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(color)
        .with_timer(tracing_subscriber::fmt::time::uptime())
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .try_init();
}
