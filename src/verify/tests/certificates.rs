//! The judges of `certificates` on evidence, one thing broken at a time.
