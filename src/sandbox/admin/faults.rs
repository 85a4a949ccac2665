//! `/sandbox/faults`: which faults are played, in the words of the grammar or as JSON.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::parameters::DoorBody;
use crate::sandbox::answer::Answer;
use crate::sandbox::faults::form::FaultForm;
use crate::sandbox::faults::{Fault, FaultStanding, parse};
use crate::sandbox::reading;
use crate::sandbox::state::SandboxState;
use crate::sandbox::tree::Tree;

/// How many faults are played at most.
const FAULTS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsAsked {
    faults: Vec<FaultAsked>,
}

/// A fault as it is asked for.
enum FaultAsked {
    Text(String),
    Form(Box<FaultForm>),
}

impl<'de> Deserialize<'de> for FaultAsked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        if let Tree::Text(text) = tree {
            return Ok(Self::Text(text));
        }
        FaultForm::deserialize(tree).map(|form| Self::Form(Box::new(form))).map_err(D::Error::custom)
    }
}

/// A fault, and what is left of it.
#[derive(Serialize)]
struct FaultShown {
    /// As the grammar has it.
    text: String,
    /// As JSON.
    form: FaultForm,
    /// How many requests it has struck.
    struck: u64,
    /// How many further ones it is for; null if all.
    left: Option<u64>,
}

#[derive(Serialize)]
struct FaultsShown {
    faults: Vec<FaultShown>,
}

fn shown(sandbox: &SandboxState) -> FaultsShown {
    let faults = sandbox.faults().into_iter().map(|FaultStanding { fault, struck, left }| FaultShown {
        text: fault.to_string(),
        form: FaultForm::from(&fault),
        struck,
        left,
    });
    FaultsShown { faults: faults.collect() }
}

/// Shows the faults that are played.
pub(super) async fn show(State(sandbox): State<SandboxState>) -> Response<Body> {
    Answer::ok(&shown(&sandbox)).into_response()
}

/// Reads the faults of a body.
///
/// # Errors
/// With what is wrong with them.
pub(super) fn read(body: &[u8]) -> Result<Vec<Fault>, String> {
    let asked: FaultsAsked = reading::json(body).map_err(|_| {
        r#"must be a list of faults, as in {"faults": ["429*2", {"fault": "500", "moment": "after"}]}"#.to_owned()
    })?;
    if asked.faults.len() > FAULTS_MAX {
        return Err(format!("must be at most {FAULTS_MAX} faults"));
    }
    let read = asked.faults.iter().map(|asked| match asked {
        FaultAsked::Text(text) => parse::fault(text).map_err(|error| error.to_string()),
        FaultAsked::Form(form) => form.read().map_err(|error| error.to_string()),
    });
    read.collect()
}

/// Plays these faults instead of those before, and shows them.
pub(super) async fn replace(State(sandbox): State<SandboxState>, DoorBody(body): DoorBody) -> Response<Body> {
    match read(&body) {
        Ok(faults) => {
            sandbox.set_faults(faults);
            Answer::ok(&shown(&sandbox)).into_response()
        }
        Err(violation) => Answer::violation("faults", &violation).into_response(),
    }
}

/// Plays none any more.
pub(super) async fn clear(State(sandbox): State<SandboxState>) -> Response<Body> {
    sandbox.set_faults(Vec::new());
    Answer::ok(&shown(&sandbox)).into_response()
}
