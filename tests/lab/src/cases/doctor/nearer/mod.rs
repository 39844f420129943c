//! Failures that need what k3s runs beside the lab's own parts, each made by the real program.

pub(super) mod cloud;
pub(super) mod policies;
pub(in crate::cases) mod six;
