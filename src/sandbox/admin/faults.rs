//! `/sandbox/faults`: which faults are played, in the words of the grammar or as JSON.

use std::fmt;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::parameters::{DoorBody, DoorText, Nothing};
use crate::sandbox::answer::Answer;
use crate::sandbox::faults::form::FaultForm;
use crate::sandbox::faults::{Fault, FaultStanding, parse};
use crate::sandbox::state::SandboxState;
use crate::wire::error::Violation;

/// How many faults are played at most.
const FAULTS_MAX: usize = 100;

/// The faults as they are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultsAsked {
    faults: Vec<FaultAsked>,
}

impl DoorText for FaultsAsked {
    const AS_IN: Option<&'static str> = Some(r#"{"faults": ["429*2", {"fault": "500", "moment": "after"}]}"#);
}

/// A fault as it is asked for.
#[derive(Debug)]
enum FaultAsked {
    Text(String),
    Form(Box<FaultForm>),
}

impl<'de> Deserialize<'de> for FaultAsked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FaultVisitor)
    }
}

/// Reads a fault, so that what is wrong inside of one is found there.
struct FaultVisitor;

impl<'de> Visitor<'de> for FaultVisitor {
    type Value = FaultAsked;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a mapping of names to values")
    }

    fn visit_str<E>(self, text: &str) -> Result<FaultAsked, E> {
        Ok(FaultAsked::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FaultAsked, A::Error> {
        FaultForm::deserialize(MapAccessDeserializer::new(map)).map(|form| FaultAsked::Form(Box::new(form)))
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

/// Plays these faults instead of those before.
///
/// # Errors
/// With what is wrong with them; then those before are played on.
pub(super) fn play(sandbox: &SandboxState, asked: &FaultsAsked) -> Result<(), Violation> {
    let wrong = |property: String, violation: String| Violation { property, violation };
    if asked.faults.len() > FAULTS_MAX {
        return Err(wrong("faults".to_owned(), format!("must be at most {FAULTS_MAX} faults")));
    }
    let read = asked.faults.iter().enumerate().map(|(index, asked)| {
        let read = match asked {
            FaultAsked::Text(text) => parse::fault(text),
            FaultAsked::Form(form) => form.read(),
        };
        read.map_err(|error| wrong(format!("faults[{index}]"), error.to_string()))
    });
    let faults: Vec<Fault> = read.collect::<Result<_, _>>()?;
    sandbox.set_faults(faults);
    Ok(())
}

/// Plays these faults instead of those before, and shows them.
pub(super) async fn replace(
    State(sandbox): State<SandboxState>,
    DoorBody(asked): DoorBody<FaultsAsked>,
) -> Response<Body> {
    match play(&sandbox, &asked) {
        Ok(()) => Answer::ok(&shown(&sandbox)).into_response(),
        Err(violation) => Answer::violated(&violation).into_response(),
    }
}

/// Plays none any more.
pub(super) async fn clear(State(sandbox): State<SandboxState>, _: DoorBody<Nothing>) -> Response<Body> {
    sandbox.set_faults(Vec::new());
    Answer::ok(&shown(&sandbox)).into_response()
}
