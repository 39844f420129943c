//! What is still being looked at, in one line of progress.

use std::sync::{Mutex, PoisonError};

use crate::ui::Progress;

/// The parts of a look that are under way.
pub(in crate::commands) struct Parts<'a> {
    progress: &'a Progress,
    line: &'a str,
    open: Mutex<Vec<&'static str>>,
}

impl<'a> Parts<'a> {
    /// Shows them in the line of that name.
    pub(in crate::commands) fn new(progress: &'a Progress, line: &'a str) -> Self {
        Self { progress, line, open: Mutex::new(Vec::new()) }
    }

    /// Waits for `work`, and names it as long as it takes.
    pub(in crate::commands) async fn during<T>(
        &self,
        name: &'static str,
        work: impl Future<Output = T>,
    ) -> T {
        self.change(|open| open.push(name));
        let done = work.await;
        self.change(|open| open.retain(|other| *other != name));
        done
    }

    fn change(&self, change: impl FnOnce(&mut Vec<&'static str>)) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut open);
        if !open.is_empty() {
            self.progress.update(self.line, &format!("looking at {}", open.join(", ")));
        }
    }
}
