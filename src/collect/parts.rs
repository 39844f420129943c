//! What is still being looked at, in one line of progress.

use std::sync::{Mutex, PoisonError};

/// The parts of a look that are under way.
pub struct Parts<'a> {
    show: &'a dyn Fn(&str),
    open: Mutex<Vec<&'static str>>,
}

impl<'a> Parts<'a> {
    /// Shows them by `show`, each time one begins or ends.
    pub fn new(show: &'a dyn Fn(&str)) -> Self {
        Self { show, open: Mutex::new(Vec::new()) }
    }

    /// Waits for `work`, and names it as long as it takes.
    pub async fn during<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        self.change(|open| open.push(name));
        let done = work.await;
        self.change(|open| open.retain(|other| *other != name));
        done
    }

    fn change(&self, change: impl FnOnce(&mut Vec<&'static str>)) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut open);
        if !open.is_empty() {
            (self.show)(&format!("looking at {}", open.join(", ")));
        }
    }
}
