//! The JSON Schema of what is printed with `--output json`.

use serde_json::Value;

/// By hand, as the documents are made by hand; tests hold every document against it.
const WRITTEN: &str = include_str!("report.schema.json");

/// The whole schema, of the draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    serde_json::from_str(WRITTEN).unwrap_or_default()
}

/// Fails when a document is not as the schema's definition of that name says, or has a key that is not in it.
#[cfg(test)]
pub(crate) fn assert_is(definition: &str, document: &Value) {
    let faults = crate::config::testing::Checker::strict(&schema()).faults_of(definition, document);
    assert_eq!(faults, None, "not a `{definition}`: {document:#}");
}
