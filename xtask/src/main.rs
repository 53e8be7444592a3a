//! `cargo xtask`: the chores of this repository, each a command that anybody can run on a clean checkout.
//!
//! Light on purpose: no async, no backend, few dependencies, so that it starts at once. Builds and runs other crates by
//! calling cargo; the only crate it is linked to is the pure schema crate, whose rules the docs list.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks on both")]

mod bench;
mod demo;
mod docs;
mod example;
mod mutants;
mod prove;
mod python;
mod run;
mod sail;
mod server;
mod spark;
mod stores;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--quick | --live]          all tests, doc tests and the embedding example
                                   --quick: nothing to install, no example; --live: on live servers only
  demo                             a lake is created, changed and brought in sync, step by step
  tidy                             house rules that neither clippy nor cargo checks
  docs [--check | --update]        API docs, links, generated pages, transcripts
                                   --check: fail where a page is stale; --update: write transcripts anew
  prove [PAIRS]                    the full proofs, in release; 1,000,000 pairs unless said otherwise
  mutants [PATTERN…]               which changes of the planner no test sees; those that a pattern names
  stores                           the tests on object stores, with servers that stand in for them
  spark up [4.2|4.0] [--conf KEY=VALUE]… | run … -- COMMAND… | down | status
                                   a Spark Connect server with Delta, for the live tests
  sail up | run -- COMMAND… | down | status
                                   a Sail server
  bench [TABLES…]                  plan times and memory of the release build, into docs/benchmarks.md
  bench spark [TABLES]             reading and changing tables on Spark beside PySpark, into docs/benchmarks-spark.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["test"] => test::run(test::Tier::Full),
        ["test", "--quick"] => test::run(test::Tier::Quick),
        ["test", "--live"] => test::run(test::Tier::Live),
        ["demo"] => demo::run(),
        ["tidy"] => tidy::run(),
        ["docs"] => docs::run(docs::Mode::Write),
        ["docs", "--check"] => docs::run(docs::Mode::Check),
        ["docs", "--update"] => docs::run(docs::Mode::Update),
        ["prove"] => prove::run(prove::PAIRS),
        ["prove", pairs] if pairs.parse::<usize>().is_ok() => prove::run(pairs),
        ["mutants", patterns @ ..] => mutants::run(patterns),
        ["bench", "floor", folders @ ..] => bench::floor(folders),
        ["bench", "floor-of-log", table] => bench::floor_of_log(table),
        ["bench", "spark", tables @ ..] => bench::on_spark(tables),
        ["bench", sizes @ ..] => bench::run(sizes),
        ["stores"] => stores::run(),
        ["spark", rest @ ..] => spark::run(rest),
        ["sail", rest @ ..] => sail::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("unknown command `{}`\n\n{USAGE}", other.join(" "));
            return ExitCode::from(64);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
