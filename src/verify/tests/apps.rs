//! The judges of `apps` on evidence, one thing broken at a time.
