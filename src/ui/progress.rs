//! One line for each component: a bar that changes in place on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::outside::Shown;
use crate::ui::colors::{GREEN, RED, YELLOW};
use crate::ui::output::Mode;
use crate::ui::page::{hung, seen_width};
use crate::ui::print::{note, width_of_stderr};

/// Without a terminal, a line that only counts on says so at most this often.
const PATIENCE: Duration = Duration::from_secs(15);

/// How a line ends: the colour and the word.
type End = (anstyle::Style, &'static str);
const WELL: End = (GREEN, "ok  ");
const BADLY: End = (RED, "FAIL");
const OPEN: End = (YELLOW, "?   ");

/// The progress of one command.
pub struct Progress {
    mode: Mode,
    bars: MultiProgress,
    width: usize,
    lines: Mutex<BTreeMap<String, Line>>,
}

struct Line {
    bar: Option<ProgressBar>,
    began: Instant,
    said: Option<(Instant, Shown)>,
    ended: bool,
}

impl Progress {
    /// Begins; `names` are the lines that may come, for the width of their column.
    pub fn new(mode: Mode, names: &[&str]) -> Self {
        let width = names.iter().map(|n| n.len()).max().unwrap_or(0);
        Self { mode, bars: MultiProgress::new(), width, lines: Mutex::new(BTreeMap::new()) }
    }

    /// Says what the line `name` does now or waits for.
    pub fn update(&self, name: &str, text: &str) {
        let text = Shown::line(text);
        let mut lines = self.lines();
        let line = lines.entry(name.to_owned()).or_insert_with(|| self.begin(name));
        if line.ended {
            return;
        }
        match &line.bar {
            Some(bar) => bar.set_message(text.to_string()),
            None if self.mode == Mode::Lines => {
                let fresh = line
                    .said
                    .as_ref()
                    .is_none_or(|(at, said)| *said != text && at.elapsed() > Duration::from_secs(1));
                let again = line.said.as_ref().is_some_and(|(at, _)| at.elapsed() > PATIENCE);
                if fresh || again {
                    let width = self.width;
                    note(&shown!("{:<width$}  {}", Shown::line(name), text));
                    line.said = Some((Instant::now(), text));
                }
            }
            None => {}
        }
    }

    /// Ends the line `name` well.
    pub fn done(&self, name: &str, text: &str) {
        self.end(name, text, &WELL);
    }

    /// Ends the line `name` badly.
    pub fn fail(&self, name: &str, text: &str) {
        self.end(name, text, &BADLY);
    }

    /// Ends the line `name` without a verdict: nothing is wrong in what could be seen.
    pub fn open_end(&self, name: &str, text: &str) {
        self.end(name, text, &OPEN);
    }

    /// Takes the line `name` away: the answer says it all.
    pub fn close(&self, name: &str) {
        if let Some(line) = self.lines().get_mut(name) {
            line.ended = true;
            if let Some(bar) = line.bar.take() {
                bar.finish_and_clear();
            }
        }
    }

    /// Ends every line that is still open, badly: nothing may look as if it went on.
    pub fn abandon(&self, text: &str) {
        let open: Vec<String> =
            self.lines().iter().filter(|(_, l)| !l.ended).map(|(name, _)| name.clone()).collect();
        for name in open {
            self.end(&name, text, &BADLY);
        }
    }

    fn end(&self, name: &str, text: &str, (color, mark): &End) {
        if self.mode == Mode::Quiet {
            return;
        }
        let text = Shown::line(text);
        let mut lines = self.lines();
        let line = lines.entry(name.to_owned()).or_insert_with(|| self.begin(name));
        if std::mem::replace(&mut line.ended, true) {
            return;
        }
        let took = line.began.elapsed().as_secs_f64();
        let width = self.width;
        let name = Shown::line(name);
        let lead = shown!("{}{}{:#} {:<width$}  ", color, mark, color, name);
        let said = shown!("{}  {:.1}s", text, took);
        let whole = shown!("{}{}", lead, said);
        let text = match line.bar.as_ref().and_then(|_| width_of_stderr()) {
            Some(columns) if seen_width(whole.as_str()) > columns => hung(columns, lead, said),
            _ => whole,
        };
        match line.bar.take() {
            Some(bar) => {
                bar.finish_and_clear();
                self.bars.suspend(|| note(&text));
            }
            None => note(&text),
        }
    }

    fn begin(&self, name: &str) -> Line {
        let bar = (self.mode == Mode::Bars).then(|| {
            let style = ProgressStyle::with_template("{spinner}    {prefix}  {wide_msg}  {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = self.bars.add(ProgressBar::new_spinner().with_style(style));
            bar.set_prefix(format!("{:<width$}", Shown::line(name), width = self.width));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Line { bar, began: Instant::now(), said: None, ended: false }
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
