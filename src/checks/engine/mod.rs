//! What every group of checks is made of: the words of a check, its definition, and a report of all outcomes with what
//! blocks what. It knows no check by name.

mod definition;
mod finding;
mod group;
mod model;
mod report;
mod settle;
mod shown;
pub mod words;

pub use definition::{Cause, Def, Explain, Needs};
pub use finding::{Finding, Fix, Heals};
pub use group::Group;
pub use model::{Check, CheckId, Judged, Outcome, Severity, Subject, Vantage};
pub use report::{Counts, Report};
pub use settle::{next_try, settled, waiting};

pub(in crate::checks) use definition::cause;
pub(in crate::checks) use model::judged;
