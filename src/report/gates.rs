//! Gates, and how many rows end at them, as documents have them.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Serializer;
use serde_json::{Map, Value};

use crate::plan::{Counts, Ends, Gate};

/// Where somebody ends whom an audience has no row of any more.
pub(super) const NOT_IN_AUDIENCE: &str = "notInAudience";

pub(super) fn write_gate<S: Serializer>(gate: &Gate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(gate.name())
}

pub(super) fn gate_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Gate::ALL.map(Gate::name) })
}

pub(super) fn write_ends<S: Serializer>(ends: &Ends, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match ends {
        Ends::At(gate) => gate.name(),
        Ends::Nowhere => NOT_IN_AUDIENCE,
    })
}

pub(super) fn ends_schema(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Gate::ALL.into_iter().map(Gate::name).chain([NOT_IN_AUDIENCE]).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// All gates, also those at which nothing ends.
pub(super) fn write_counts<S: Serializer>(counts: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Gate::ALL.into_iter().map(|gate| (gate.name(), counts.get(gate))))
}

pub(super) fn counts_schema(_: &mut SchemaGenerator) -> Schema {
    let rows = |gate: Gate| json_schema!({ "type": "integer", "minimum": 0, "description": gate.words() }).to_value();
    let properties: Map<String, Value> =
        Gate::ALL.into_iter().map(|gate| (gate.name().to_owned(), rows(gate))).collect();
    json_schema!({ "type": "object", "properties": properties, "required": Gate::ALL.map(Gate::name) })
}
