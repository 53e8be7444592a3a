//! Troubles: faults of files, errors, and their JSON.

use delta_engine::{DeclarationFault, wire};
use serde_json::{Value, json};

use super::Screen;
use super::line::{Line, Tone};
use crate::error::Trouble;

/// Shows a trouble: every fault with its place, then what it comes to.
pub(crate) fn show_trouble(screen: &mut Screen<'_>, trouble: &Trouble) {
    for fault in &trouble.faults {
        show_fault(screen, fault);
        screen.blank();
    }
    let message = Line::new().toned(Tone::Remove, "error:").plain(" ");
    let mut lines = trouble.message.split('\n');
    screen.line(message.toned(Tone::Strong, lines.next().unwrap_or_default()));
    lines.for_each(|line| screen.say(line));
    if let Some(help) = &trouble.help {
        screen.line(Line::new().plain("  help: ").plain(help));
    }
}

/// A fault as it displays itself, its first line toned.
fn show_fault(screen: &mut Screen<'_>, fault: &DeclarationFault) {
    let text = fault.to_string();
    let head = format!("error[{}]", fault.code);
    // A message may hold line breaks, so lines are taken from the text as a whole.
    for (index, line) in text.split('\n').enumerate() {
        match line.strip_prefix(&head).filter(|_| index == 0) {
            Some(rest) => screen.line(Line::new().toned(Tone::Remove, &head).toned(Tone::Strong, rest)),
            None => screen.line(Line::new().plain(line)),
        }
    }
}

/// The JSON of a trouble.
pub(crate) fn json_error(trouble: &Trouble) -> Value {
    let fault = |fault: &DeclarationFault| {
        let location = fault
            .location
            .as_ref()
            .map(|location| json!({ "file": location.file, "line": location.line, "column": location.column }));
        json!({ "code": fault.code, "message": fault.message, "help": fault.help, "location": location })
    };
    json!({
        "format_version": wire::FORMAT_VERSION,
        "error": {
            "code": trouble.faults.first().map(|fault| fault.code),
            "message": trouble.message,
            "help": trouble.help,
            "faults": trouble.faults.iter().map(fault).collect::<Vec<_>>(),
        },
    })
}
