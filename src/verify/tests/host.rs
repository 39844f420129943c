//! The judges of `host` on evidence, one thing broken at a time.
