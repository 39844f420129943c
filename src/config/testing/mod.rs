//! JSON Schema for the tests: whether a document is as a schema says, asked of a validator that is not homelab's own.

use std::collections::HashMap;

use serde_json::{Value, json};

/// A schema that documents are held against.
pub(crate) struct Checker {
    schemas: boon::Schemas,
    schema: Value,
    compiled: HashMap<String, boon::SchemaIndex>,
}

impl Checker {
    /// Reads a schema of the draft 2020-12, which itself must be as the draft says.
    pub(crate) fn new(schema: &Value) -> Self {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let mut checker =
            Self { schemas: boon::Schemas::new(), schema: schema.clone(), compiled: HashMap::new() };
        checker.compile("");
        checker
    }

    /// The same, and a key that the schema does not name is a fault: readers may ignore such keys, homelab may not write them.
    pub(crate) fn strict(schema: &Value) -> Self {
        let mut schema = schema.clone();
        close(&mut schema);
        Self::new(&schema)
    }

    /// What is wrong with a document, in words.
    pub(crate) fn faults(&self, document: &Value) -> Option<String> {
        self.faults_by("", document)
    }

    /// What is wrong with a document by the definition of that name.
    pub(crate) fn faults_of(&mut self, definition: &str, document: &Value) -> Option<String> {
        let place = format!("/$defs/{definition}");
        assert!(self.schema.pointer(&place).is_some(), "the schema has no `{definition}`");
        self.compile(&place);
        self.faults_by(&place, document)
    }

    fn faults_by(&self, place: &str, document: &Value) -> Option<String> {
        self.schemas.validate(document, self.compiled[place]).err().map(|error| format!("{error:#}"))
    }

    fn compile(&mut self, place: &str) {
        if self.compiled.contains_key(place) {
            return;
        }
        let mut compiler = boon::Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource("urn:homelab", self.schema.clone()).unwrap();
        let index = compiler.compile(&format!("urn:homelab#{place}"), &mut self.schemas).unwrap();
        self.compiled.insert(place.to_owned(), index);
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            let is_open = fields.get("type") == Some(&json!("object"))
                && fields.contains_key("properties")
                && !fields.contains_key("additionalProperties");
            if is_open {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
