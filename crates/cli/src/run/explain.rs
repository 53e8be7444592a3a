//! `explain`: what a code means, why, and the way out.

use delta_engine::schema::Explanation;
use delta_engine::schema::rules::{RULES, Rule, find_rule};
use serde_json::{Value, json};

use super::faults::faults;
use crate::error::{Outcome, Trouble, did_you_mean};
use crate::exit::Exit;
use crate::screen::{Line, Tone, wrapped};
use crate::session::Session;

const WIDTH: usize = 100;

pub(super) fn run(session: &mut Session<'_, '_>, code: Option<&str>) -> Outcome {
    let Some(code) = code else {
        list(session);
        return Ok(Exit::Done);
    };
    if let Some(rule) = find_rule(code).or_else(|| find_rule(&code.to_lowercase())) {
        explain_rule(session, rule);
        return Ok(Exit::Done);
    }
    let all = faults();
    if let Some(fault) = all.iter().find(|fault| fault.code.eq_ignore_ascii_case(code) || fault.name == code) {
        explain_fault(session, fault);
        return Ok(Exit::Done);
    }
    let words = RULES.iter().flat_map(|rule| [rule.code, rule.name]);
    let words: Vec<&str> = words.chain(all.iter().flat_map(|fault| [fault.code, fault.name])).collect();
    // Codes are near each other by nature, so that the nearest one is no guess.
    let guess = if is_code(code) { String::new() } else { did_you_mean(&code.to_lowercase(), &words) };
    let message = format!("there is no code or rule `{code}`{guess}");
    Err(Trouble::usage(message, "`delta-engine explain` lists all of them"))
}

fn is_code(text: &str) -> bool {
    text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("de"))
        && text[2..].chars().all(|letter| letter.is_ascii_digit())
}

fn severity(rule: &Rule) -> &'static str {
    rule.severity.map_or("off", |severity| severity.as_str())
}

fn rule_json(rule: &Rule) -> Value {
    json!({
        "code": rule.code, "name": rule.name, "severity": severity(rule),
        "summary": rule.summary, "why": rule.why, "way_out": rule.way_out,
    })
}

fn fault_json(fault: &Explanation) -> Value {
    json!({
        "code": fault.code, "name": fault.name, "severity": null,
        "summary": fault.summary, "why": null, "way_out": sentence(fault.way_out),
    })
}

fn explain_rule(session: &mut Session<'_, '_>, rule: &Rule) {
    if session.is_json() {
        return session.json(&rule_json(rule));
    }
    let what = match severity(rule) {
        "hazard" => "hazard: possible and dangerous; it waits for a permission".to_owned(),
        "rejection" => "rejection: refused, and no permission lets it pass".to_owned(),
        "off" => format!("off, unless delta-engine.yml turns it on: rules: {{ {}: warning }}", rule.name),
        other => format!("{other}: holds nothing up"),
    };
    title(session, rule.code, rule.name, rule.summary);
    paragraph(session, "Kind", &what);
    paragraph(session, "Why", rule.why);
    paragraph(session, "Way out", rule.way_out);
    if severity(rule) == "hazard" {
        let example = format!("delta-engine apply --allow {}:OBJECT", rule.name);
        session
            .out
            .line(Line::new().pad_to(9).toned(Tone::Strong, example).plain("   the plan shows the exact object"));
    }
}

fn explain_fault(session: &mut Session<'_, '_>, fault: &Explanation) {
    if session.is_json() {
        return session.json(&fault_json(fault));
    }
    title(session, fault.code, fault.name, fault.summary);
    paragraph(session, "Way out", &sentence(fault.way_out));
}

/// What stands behind `help:` in an error, as a sentence of its own.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn title(session: &mut Session<'_, '_>, code: &str, name: &str, summary: &str) {
    session.out.line(Line::new().toned(Tone::Strong, code).plain(" ").toned(Tone::Strong, name));
    session.out.say(summary);
    session.out.blank();
}

fn paragraph(session: &mut Session<'_, '_>, head: &str, text: &str) {
    for (index, line) in wrapped(text, WIDTH - 9).into_iter().enumerate() {
        let start = Line::new().toned(Tone::Quiet, if index == 0 { head } else { "" }).pad_to(9);
        session.out.line(start.plain(line));
    }
}

fn list(session: &mut Session<'_, '_>) {
    let faults = faults();
    if session.is_json() {
        let all: Vec<Value> =
            RULES.iter().map(|rule| rule_json(rule)).chain(faults.iter().map(|fault| fault_json(fault))).collect();
        return session.json(&all.into());
    }
    let rules = RULES.iter().map(|rule| (rule.code, rule.name, rule.summary));
    let mut all: Vec<_> = rules.chain(faults.iter().map(|fault| (fault.code, fault.name, fault.summary))).collect();
    all.sort_unstable();
    let width = all.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
    let mut series = "";
    for (code, name, summary) in all {
        if &code[..3] != series {
            if !series.is_empty() {
                session.out.blank();
            }
            series = &code[..3];
            session.out.line(Line::new().toned(Tone::Quiet, about_series(series)));
        }
        session
            .out
            .line(Line::new().toned(Tone::Strong, code).plain("  ").plain(name).pad_to(7 + width + 2).plain(summary));
    }
}

fn about_series(series: &str) -> &'static str {
    match series {
        "DE1" => "Faults of files and declarations: nothing is read before they are mended",
        "DE2" => "Rejections: a plan that goes against one is refused, and no permission lets it pass",
        "DE3" => "Hazards: possible and dangerous; --allow lets them pass by name",
        "DE4" => "What a target or backend says",
        _ => "Warnings: hold nothing up",
    }
}
