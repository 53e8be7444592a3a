//! The command line: commands, options, and which option means something to which command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

/// Declare Delta tables, see exactly what a change would do, and apply it safely.
#[derive(Debug, Parser)]
#[command(name = "delta-engine", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Everything else.
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Begin a project: writes delta-engine.yml and an example table, and overwrites nothing
    Init,
    /// Check the project file and the definitions; reads no table
    #[command(
        after_help = "Reports every fault of every file. It runs no rule: rules judge what a plan would do to the \
                      tables that are there, so they speak at `plan`. To hear them without those tables, plan for a \
                      folder that is not there: delta-engine plan --target ./nowhere"
    )]
    Validate(Paths),
    /// Show what would be done to make the tables as they are declared; changes nothing
    Plan(Paths),
    /// Show the plan, ask, and do it
    Apply(ApplyArgs),
    /// Show what leads from one state of tables to another; changes nothing
    #[command(after_help = "A side is a file or folder of definitions, a snapshot, or a target by name or URL.")]
    Diff {
        /// The state to start from
        from: String,
        /// The state to reach
        to: String,
    },
    /// Write the tables of the target as YAML, as they are
    Snapshot {
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Explain a code or rule: what it says, why, and the way out
    Explain {
        /// A code or name, as DE305 or drop-column; all are listed where none is given
        code: Option<String>,
    },
    /// Print a JSON Schema: of definitions and the project file for editors, of the plan for programs
    Schema {
        /// Which one
        #[arg(value_enum, default_value_t = SchemaKind::Definitions)]
        of: SchemaKind,
    },
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct Paths {
    /// Files, folders or patterns of definitions; those of the project file where none is given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) paths: Paths,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show the plan and stop
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do nothing at all unless every table can be applied
    #[arg(long)]
    pub(crate) all_or_nothing: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The target: a name of the project file, a folder such as ./lake, or a URL
    #[arg(long, global = true, value_name = "NAME|URL", help_heading = "What to work on")]
    pub(crate) target: Option<String>,
    /// Give a variable of the definitions a value; repeatable
    #[arg(long = "var", global = true, value_name = "KEY=VALUE", value_parser = pair, help_heading = "What to work on")]
    pub(crate) variables: Vec<(String, String)>,
    /// Only tables whose name matches, as silver.*; repeatable
    #[arg(long, global = true, value_name = "GLOB", help_heading = "What to work on")]
    pub(crate) select: Vec<String>,
    /// No tables whose name matches; repeatable
    #[arg(long, global = true, value_name = "GLOB", help_heading = "What to work on")]
    pub(crate) exclude: Vec<String>,
    /// Let a dangerous change pass, as drop-column:silver.customers.note; repeatable
    #[arg(long, global = true, value_name = "RULE:OBJECT", help_heading = "How to run")]
    pub(crate) allow: Vec<String>,
    /// Exit with 2 where changes are pending
    #[arg(long, global = true, help_heading = "How to run")]
    pub(crate) detailed_exitcode: bool,
    /// How many tables are changed at once
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "How to run")]
    pub(crate) parallelism: Option<u16>,
    /// Work in this folder
    #[arg(short = 'C', global = true, value_name = "DIR", help_heading = "How to run")]
    pub(crate) directory: Option<PathBuf>,
    /// How to show results
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = "What to show")]
    pub(crate) format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = "What to show")]
    pub(crate) color: Color,
    /// Tell more of what is going on; -vv tells still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "What to show")]
    pub(crate) verbose: u8,
    /// Results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "What to show")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; see `delta-engine schema plan`
    Json,
    /// The statements of `plan`, as a script to run by hand
    Sql,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// Files of definitions
    Definitions,
    /// The project file
    Project,
    /// The JSON of plan, apply and diff
    Plan,
}

/// Options that only some commands know; the others are for every command.
const USED_BY: &[(&str, &[&str])] = &[
    ("target", &["validate", "plan", "apply", "diff", "snapshot"]),
    ("variables", &["validate", "plan", "apply", "diff", "snapshot"]),
    ("select", &["validate", "plan", "apply", "diff", "snapshot"]),
    ("exclude", &["validate", "plan", "apply", "diff", "snapshot"]),
    ("allow", &["plan", "apply", "diff"]),
    ("detailed_exitcode", &["plan", "apply", "diff"]),
    ("parallelism", &["apply"]),
    ("format", &["validate", "plan", "apply", "diff", "explain", "schema"]),
];

/// Reads the command line; options that mean nothing to the command are refused, not ignored.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    if let Some((name, inner)) = matches.subcommand() {
        for (id, _) in USED_BY.iter().filter(|(_, users)| !users.contains(&name)) {
            if inner.value_source(id) == Some(ValueSource::CommandLine) {
                let message = format!("--{} means nothing to `{name}`", flag(id));
                return Err(command.error(clap::error::ErrorKind::UnknownArgument, message));
            }
        }
    }
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    match matches.subcommand_name() {
        Some(name) if cli.options.format == Format::Sql && name != "plan" => {
            let message = format!("--format sql means nothing to `{name}`: only `plan` is a script");
            Err(command.error(clap::error::ErrorKind::InvalidValue, message))
        }
        _ => Ok(cli),
    }
}

/// The command, with help that lists what is of use to each of its commands.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let options: Vec<clap::Arg> = command.get_arguments().cloned().collect();
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let unused = |option: &&clap::Arg| {
            USED_BY.iter().any(|(id, users)| option.get_id() == id && !users.contains(&name.as_str()))
        };
        // An option that a command has already is not handed down to it.
        let hidden: Vec<clap::Arg> = options.iter().filter(unused).map(|option| option.clone().hide(true)).collect();
        command.mut_subcommand(&name, |inner| inner.args(hidden))
    })
}

fn flag(id: &str) -> String {
    if id == "variables" { "var".to_owned() } else { id.replace('_', "-") }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, as lake=./lake".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Cli, String> {
        parse(line.split(' ').map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_may_stand_before_and_after_the_command() {
        for line in ["delta-engine --target dev plan", "delta-engine plan --target dev"] {
            assert_eq!(check(line).unwrap().options.target.as_deref(), Some("dev"), "{line}");
        }
    }

    #[test]
    fn an_option_that_means_nothing_is_refused() {
        for line in ["delta-engine init --allow a:b", "delta-engine --allow a:b init"] {
            assert!(check(line).unwrap_err().contains("--allow means nothing to `init`"), "{line}");
        }
        assert!(check("delta-engine plan --var x").unwrap_err().contains("KEY=VALUE"));
        assert!(check("delta-engine apply --format sql").unwrap_err().contains("only `plan` is a script"));
        assert_eq!(check("delta-engine plan --format sql").unwrap().options.format, Format::Sql);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
        let cli = check("delta-engine explain DE301 --format json -C x").unwrap();
        assert_eq!((cli.options.format, cli.options.directory), (Format::Json, Some(PathBuf::from("x"))));
    }

    #[test]
    fn every_listed_option_and_command_is_there() {
        let command = command();
        for (id, users) in USED_BY {
            assert!(command.get_arguments().any(|argument| argument.get_id() == id), "{id}");
            for user in *users {
                assert!(command.find_subcommand(user).is_some(), "{user}");
            }
        }
    }
}
