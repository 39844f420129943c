//! The judges of `ingress` on evidence, one thing broken at a time.
