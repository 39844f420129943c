//! The judges of `external-dns` on evidence, one thing broken at a time.
