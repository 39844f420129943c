//! A question before a command goes on.

use crate::commands::interruption::or_interrupted;
use crate::error::Result;
use crate::ui::ask;

/// Asks for a yes, on a thread of its own: Ctrl-C ends the program while it waits for the answer. No answer is a no.
///
/// # Errors
/// The interruption.
pub(super) async fn is_confirmed(about: &'static str) -> Result<bool> {
    let asked = async {
        let answer = tokio::task::spawn_blocking(move || ask::is_confirmed(about)).await;
        Ok(answer.is_ok_and(|answer| answer.unwrap_or(false)))
    };
    or_interrupted(asked, None).await
}
