//! The end of what an agent wrote to standard error, and the count of all that it wrote.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use evident_process::ChildStderr;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;

/// Bytes of standard error that are kept, the last ones: some hundred lines, enough for a stack trace.
pub const STDERR_TAIL_BYTES: usize = 64 * 1024;

/// Bytes of one read: what a pipe holds on Linux.
const READ_BYTES: usize = 64 * 1024;

/// What the reader of standard error and the reader of the lines share.
#[derive(Debug)]
pub(super) struct Written {
    bytes_max: u64,
    bytes: AtomicU64,
    tail: Mutex<VecDeque<u8>>,
    over: Notify,
    wrote: Arc<Notify>,
}

impl Written {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            bytes: AtomicU64::new(0),
            tail: Mutex::default(),
            over: Notify::new(),
            wrote: Arc::default(),
        }
    }

    /// Counts what was read; false once it is more than a turn may write.
    pub(super) fn count(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= self.bytes_max
    }

    /// Begins to count anew.
    pub(super) fn begin(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Returns when standard error alone made it too much.
    pub(super) async fn over(&self) {
        self.over.notified().await;
    }

    /// Told whenever standard error grew.
    pub(super) fn wrote(&self) -> Arc<Notify> {
        Arc::clone(&self.wrote)
    }

    /// What was kept.
    pub(super) fn text(&self) -> String {
        // A panic while bytes are moved leaves bytes.
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(tail.make_contiguous()).into_owned()
    }

    fn keep(&self, bytes: &[u8]) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend(bytes);
        let surplus = tail.len().saturating_sub(STDERR_TAIL_BYTES);
        tail.drain(..surplus);
    }

    /// Reads until everybody closed it, or it is too much.
    pub(super) async fn read(&self, mut stderr: ChildStderr) {
        let mut buffer = vec![0; READ_BYTES];
        // A pipe that cannot be read any more is one that ended.
        while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
            self.keep(&buffer[..read]);
            self.wrote.notify_one();
            if !self.count(read) {
                self.over.notify_one();
                return;
            }
        }
    }
}
