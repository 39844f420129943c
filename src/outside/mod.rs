//! Text that others wrote: names, annotations, logs, DNS, certificates, API errors. Pure: text in, text out.

pub mod invisible;
pub mod shell;
