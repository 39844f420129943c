//! The judges of `config` on evidence, one thing broken at a time.
