//! Streams what a command writes into a blob, up to a bound.
//!
//! It holds one buffer, however much is written, and never blocks an async worker: it reads without
//! blocking, and writes full buffers elsewhere.

use std::io::Write;

use evident_blobs::{Blobs, Writer};
use evident_core::digest::Digest;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, watch};

use crate::Error;
use crate::offload::offload;

/// Bytes of one buffer: what a pipe holds on Linux.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;

/// What a command wrote to one stream.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) end: End,
}

/// Why capturing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Everybody closed the stream.
    Closed,
    /// More bytes came than the bound.
    Overflow,
    /// Somebody held it open and was given up.
    Held,
}

/// Reads `stream` until it is closed, holds more than `bytes_max`, or `stop` becomes true. `overflow` is
/// told at once, so that the command can be killed while it floods.
pub(crate) async fn capture(
    mut stream: impl AsyncRead + Unpin,
    blobs: &Blobs,
    bytes_max: u64,
    overflow: &Notify,
    mut stop: watch::Receiver<bool>,
) -> Result<Captured, Error> {
    let blobs = blobs.clone();
    let mut writer = offload(move |_| blobs.create()).await?;
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let end = loop {
        // Fills what is free in the buffer and never makes it larger.
        let mut free = (&mut stream).take((BUFFER_BYTES - buffer.len()) as u64);
        let read = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break End::Held,
            read = free.read_buf(&mut buffer) => read,
        };
        if read.map_err(Error::Pipe)? == 0 {
            break End::Closed;
        }
        let room = bytes_max - writer.size();
        if buffer.len() as u64 > room {
            buffer.truncate(usize::try_from(room).expect("less than the length of a buffer"));
            overflow.notify_one();
            break End::Overflow;
        }
        if buffer.len() == BUFFER_BYTES {
            (writer, buffer) = write(writer, buffer).await?;
        }
    };
    drop(stream);
    (writer, _) = write(writer, buffer).await?;
    let (digest, size) = offload(move |_| writer.finish()).await?;
    Ok(Captured { digest, size, end })
}

/// Hands writer and buffer to another thread and takes them back, the buffer empty.
async fn write(mut writer: Writer, mut buffer: Vec<u8>) -> Result<(Writer, Vec<u8>), Error> {
    offload(move |_| {
        writer.write_all(&buffer).map_err(Error::Write)?;
        buffer.clear();
        Ok((writer, buffer))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn captured(input: &[u8], bytes_max: u64) -> (Captured, Vec<u8>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path()).expect("opens");
        let (_sender, stop) = watch::channel(false);
        let captured = capture(input, &blobs, bytes_max, &Notify::new(), stop).await.expect("captures");
        let bytes = std::fs::read(blobs.path(captured.digest)).expect("is there");
        (captured, bytes)
    }

    #[tokio::test]
    async fn the_bound_itself_fits_and_one_byte_more_does_not() {
        for length in [0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 3 * BUFFER_BYTES] {
            let input = vec![b'x'; length];
            let (whole, bytes) = captured(&input, length as u64).await;
            assert_eq!((whole.end, whole.size, &bytes), (End::Closed, length as u64, &input));
            if length > 0 {
                let (cut, bytes) = captured(&input, length as u64 - 1).await;
                assert_eq!((cut.end, bytes.len()), (End::Overflow, length - 1));
            }
        }
    }
}
