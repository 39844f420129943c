//! The judges of `lab` on evidence, one thing broken at a time.
