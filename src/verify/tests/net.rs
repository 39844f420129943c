//! The judges of `net` on evidence, one thing broken at a time.
