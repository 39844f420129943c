//! One question to one server.

use std::net::SocketAddr;

use crate::collect::network::limit::Limit;
use crate::collect::network::pace::Pace;
use crate::evidence::dns::{AskError, Reply};
use crate::net::dns::{self, Question};

/// At its pace, and within the limit: `None` when there is no time left for it.
pub(super) async fn asked(
    limit: &Limit,
    pace: &Pace,
    server: SocketAddr,
    question: &Question,
) -> Option<Result<Reply, AskError>> {
    let probe = || limit.run(|within| dns::ask(server, question, within));
    limit.until(pace.ask(1, probe)).await
}
