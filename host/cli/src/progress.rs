//! Shows on a terminal's stderr what is being done. Silent where nobody watches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evident_engine::{Event, Listener};
use indicatif::{ProgressBar, ProgressStyle};

use crate::ui;

/// A line that moves while something takes time.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        if !ui::watched() {
            return Self { bar: ProgressBar::hidden() };
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}").expect("a fixed template");
        let bar = ProgressBar::new_spinner().with_style(style);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Hears the engine.
    pub(crate) fn listener(&self) -> Listener {
        let bar = self.bar.clone();
        let busy: Arc<Mutex<Vec<String>>> = Arc::default();
        Arc::new(move |event| {
            let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
            follow(&mut busy, &event);
            bar.set_message(busy.join(", "));
        })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Keeps what is being done.
pub(crate) fn follow(busy: &mut Vec<String>, event: &Event) {
    let collecting = |name: &str| format!("collecting {name}");
    let judging = |name: &str| format!("judging {name}");
    match event {
        Event::Loading(name) => *busy = vec![format!("loading checker {name}")],
        Event::Collecting(name) => {
            busy.retain(|doing| !doing.starts_with("loading"));
            busy.push(collecting(name));
        }
        Event::Collected(name, _) => busy.retain(|doing| *doing != collecting(name)),
        Event::Judging(name) => {
            busy.retain(|doing| !doing.starts_with("loading"));
            busy.push(judging(name));
        }
        Event::Progress(name, done, Some(total)) if *total > 0 => {
            let percent = done.saturating_mul(100) / total;
            for doing in busy.iter_mut().filter(|doing| doing.starts_with(&judging(name))) {
                *doing = format!("{} {percent} %", judging(name));
            }
        }
        Event::Progress(..) => {}
        Event::Judged(name, _) => busy.retain(|doing| !doing.starts_with(&judging(name))),
    }
}
