//! The judges of `k3s` on evidence, one thing broken at a time.
