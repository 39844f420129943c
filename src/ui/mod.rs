//! Everything that is printed: stdout is the answer, stderr the progress and the errors.

pub mod ask;
mod catalogue;
mod changes;
mod colors;
mod edited;
mod failure;
pub mod file;
mod house;
mod output;
mod page;
mod print;
mod progress;
mod qr;
mod report;
mod schema;
mod screen;
pub mod staged;
mod status;
pub mod tree;
mod upgrade;
pub mod zones;

pub use catalogue::{explanation, explanation_json, list, list_json, mentions};
pub use changes::{ChangedField, ChangedObject, Word, changes, note_warnings, removals};
pub use edited::edited;
pub use failure::failure;
pub use house::{Found, House};
pub use output::{Color, Mode, Output, Ui};
pub use page::note_of;
pub use print::{answer, document, exact, exact_answer, exact_document, note, print_error, print_warning};
pub use progress::Progress;
pub use qr::qr;
pub use report::{Form, Run, metrics, print_next, print_report};
#[cfg(test)]
pub(crate) use schema::assert_is;
pub use schema::schema;
pub use screen::Screen;
pub use status::{StatusLine, StatusStep, status, status_chain};
pub use upgrade::{UpgradeLine, upgrades};
