//! Reads small files that git and its ignore rules need, the way git does.

use std::io;
use std::path::Path;

use evident_regular::Links;

/// The beginning of a file, at most `bytes_max`. Like git with an ignore file, does not follow a symlink.
pub(crate) fn beginning(path: &Path, bytes_max: u64) -> io::Result<String> {
    let bytes = evident_regular::beginning(path, Links::Refused, bytes_max)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A file whole; a symlink is followed, as git does with its own files.
///
/// # Errors
/// `InvalidInput` where it is not a regular file, `InvalidData` where it has more than `bytes_max` bytes.
pub(crate) fn whole(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    Ok(evident_regular::whole(path, Links::Followed, bytes_max)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_where_git_follows_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "12345").expect("writes");
        std::os::unix::fs::symlink("file", &link).expect("links");
        assert_eq!(beginning(&file, 4).expect("is cut off"), "1234");
        assert_eq!(beginning(&link, 4).expect_err("is a link").kind(), io::ErrorKind::InvalidInput);
        assert_eq!(whole(&link, 5).expect("fits"), b"12345");
        assert_eq!(whole(&link, 4).expect_err("is larger").kind(), io::ErrorKind::InvalidData);
    }
}
