//! Small servers on 127.0.0.1 for the tests of this room and of `verify`.

pub(crate) mod dns;
pub(crate) mod http;
pub(crate) mod tls;
