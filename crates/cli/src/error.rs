//! What ends a command before its result.

use delta_engine::port::with_causes;
use delta_engine::schema::model::nearest;
use delta_engine::{ConnectError, DeclarationFault, EngineError};

use crate::exit::Exit;

/// What a command ends with: a result of its own, or a trouble that is shown.
pub(crate) type Outcome = Result<Exit, Trouble>;

/// A trouble that ends a command.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// The faults of the files, where they are the trouble.
    pub(crate) faults: Vec<DeclarationFault>,
}

impl Trouble {
    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: Some(help.into()), faults: Vec::new() }
    }

    /// Something cannot be done.
    pub(crate) fn failed(message: impl Into<String>, help: Option<String>) -> Self {
        Self { exit: Exit::Error, message: message.into(), help, faults: Vec::new() }
    }

    /// The files are wrong; nothing was read from a target.
    pub(crate) fn faults(faults: Vec<DeclarationFault>) -> Self {
        let message = match faults.len() {
            1 => "nothing was read or changed, because of 1 fault".to_owned(),
            count => format!("nothing was read or changed, because of {count} faults"),
        };
        Self { exit: Exit::Configuration, message, help: None, faults }
    }

    /// There is no project where one is needed.
    pub(crate) fn no_project(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Configuration, message: message.into(), help: Some(help.into()), faults: Vec::new() }
    }

    /// The user stopped the command.
    pub(crate) fn interrupted() -> Self {
        Self {
            exit: Exit::Interrupted,
            message: "interrupted; nothing was changed".to_owned(),
            help: None,
            faults: Vec::new(),
        }
    }

    /// The same, where the reader has to know that nothing was changed before it.
    pub(crate) fn before_anything(mut self) -> Self {
        self.message.push_str("\nnothing was changed");
        self
    }

    /// The command writes to a place that refuses it.
    pub(crate) fn io(attempt: &str, error: &std::io::Error) -> Self {
        Self::failed(format!("failed to {attempt}: {error}"), None)
    }
}

impl From<Vec<DeclarationFault>> for Trouble {
    fn from(faults: Vec<DeclarationFault>) -> Self {
        Self::faults(faults)
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        let help = match &error {
            EngineError::Target(target) => target.help.clone(),
            EngineError::Rehearsal(_) => None,
        };
        Self::failed(with_causes(&error), help)
    }
}

impl From<ConnectError> for Trouble {
    fn from(error: ConnectError) -> Self {
        let help = error.help();
        Self::failed(with_causes(&error), Some(help))
    }
}

/// Words that end a message: the nearest of what there is.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}
