//! The judges of `names` on evidence, one thing broken at a time.
