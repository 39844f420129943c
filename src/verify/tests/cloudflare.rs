//! The judges of `cloudflare` on evidence, one thing broken at a time.
