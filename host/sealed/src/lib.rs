//! A private folder of files under a seal: what this host wrote itself, or nothing.
//!
//! Each file carries a keyed hash (BLAKE3) over its purpose, its name and its bytes. The bytes are read into
//! memory first; the hash is taken of these bytes, and these are given out. A mapping of the file would be
//! faster, but another process of the same user could change it after the hash was taken.
//!
//! The seal keeps out who can write the folder and cannot read the key: a backup, a shared folder, a copied
//! home. A process of the same user reads the key as the host does.
//!
//! A file that is not as it should be is removed, as if it had never been there: whatever is kept here can
//! be made again. It knows nothing of what the bytes mean.

mod private;

use std::path::{Path, PathBuf};

use private::{Folder, Found, random};

/// Begins every file. Another number for another form.
const MAGIC: &[u8; 16] = b"evident seal 01\n";

const KEY_BYTES: usize = 32;
const SEAL_END: usize = MAGIC.len() + blake3::OUT_LEN;

/// Where sealed files lie, and what bounds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Made where it is not there, readable by its owner alone. May be removed at any time.
    pub folder: PathBuf,
    /// 32 bytes, made at the first use. Belongs with the state, not with a cache.
    pub key_file: PathBuf,
    /// What the files are for, with the version of their form: a file of one purpose is none of another.
    pub purpose: &'static str,
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Bytes of all files together; the oldest go.
    pub bytes_max: u64,
    /// Files; the oldest go.
    pub files_max: usize,
}

/// The bytes of a sealed file.
#[derive(Debug)]
pub struct Opened(Vec<u8>);

impl Opened {
    /// What was sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0[SEAL_END..]
    }
}

/// Whether the seal of a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Always, in a host that is not under test.
    Proven,
    /// For a test that shows what happens without.
    Ignored,
}

/// A folder of sealed files, opened.
#[derive(Debug)]
pub struct Sealed {
    folder: Folder,
    key: [u8; KEY_BYTES],
    places: Places,
}

impl Sealed {
    /// Opens the folder, or nothing where it or its key is not fit: then nothing is kept.
    #[must_use]
    pub fn open(places: Places) -> Option<Self> {
        let folder = Folder::open(&places.folder).ok()?;
        let key = key(&places.key_file)?;
        Some(Self { folder, key, places })
    }

    /// The file of that name, if it carries its seal.
    #[must_use]
    pub fn get(&self, name: &str, seal: Seal) -> Option<Opened> {
        let overhead = SEAL_END as u64;
        let found = match self.folder.read(name, self.places.file_bytes_max.saturating_add(overhead)) {
            Found::Nothing => return None,
            Found::Bytes(bytes) => self.unsealed(name, bytes, seal),
            Found::Unfit => None,
        };
        if found.is_none() {
            self.remove(name);
        }
        found
    }

    fn unsealed(&self, name: &str, bytes: Vec<u8>, seal: Seal) -> Option<Opened> {
        let stated: [u8; blake3::OUT_LEN] = bytes.get(MAGIC.len()..SEAL_END)?.try_into().ok()?;
        let found = self.seal(name, &[&bytes[SEAL_END..]]);
        // Compared in constant time.
        let is_proven = found == blake3::Hash::from_bytes(stated);
        (bytes.starts_with(MAGIC) && (is_proven || seal == Seal::Ignored)).then_some(Opened(bytes))
    }

    /// Keeps the parts as one file, and drops the oldest above the bounds. What cannot be kept is made
    /// again: that costs time and nothing else.
    pub fn put(&self, name: &str, parts: &[&[u8]]) {
        let seal = self.seal(name, parts);
        let mut whole: Vec<&[u8]> = vec![MAGIC, seal.as_bytes()];
        whole.extend(parts);
        let _not_kept = self.folder.replace(name, &whole);
        let _not_dropped = self.drop_oldest();
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        self.folder.remove(name);
    }

    /// Files and bytes that are kept.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn usage(&self) -> std::io::Result<(usize, u64)> {
        let files = self.folder.list()?;
        Ok((files.len(), files.iter().map(|(_, size, _)| size).sum()))
    }

    fn seal(&self, name: &str, parts: &[&[u8]]) -> blake3::Hash {
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        for text in [self.places.purpose, name] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        for part in parts {
            hash.update(part);
        }
        hash.finalize()
    }

    fn drop_oldest(&self) -> std::io::Result<()> {
        let mut files = self.folder.list()?;
        files.sort_by_key(|(_, _, time)| std::cmp::Reverse(*time));
        let (mut bytes, mut kept) = (0_u64, 0);
        for (name, size, _) in &files {
            bytes = bytes.saturating_add(*size);
            kept += 1;
            if bytes > self.places.bytes_max || kept > self.places.files_max {
                self.folder.remove(name);
            }
        }
        Ok(())
    }
}

/// Reads the key, or makes one. Two processes that make one at the same time agree on the first.
fn key(path: &Path) -> Option<[u8; KEY_BYTES]> {
    const ATTEMPTS: u32 = 3;
    let folder = Folder::open(path.parent()?).ok()?;
    let name = path.file_name()?.to_str()?;
    for _ in 0..ATTEMPTS {
        match folder.read(name, KEY_BYTES as u64) {
            Found::Bytes(bytes) => match bytes.try_into() {
                Ok(key) => return Some(key),
                Err(_) => folder.remove(name),
            },
            // Others could read or write it, so it seals nothing.
            Found::Unfit => folder.remove(name),
            Found::Nothing => {}
        }
        // Read in the next go, whoever was first.
        let _exists = folder.create(name, &[&random::<KEY_BYTES>().ok()?]);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn places(folder: &Path, purpose: &'static str) -> Places {
        Places {
            folder: folder.join("files"),
            key_file: folder.join("state/key"),
            purpose,
            file_bytes_max: 100,
            bytes_max: 1000,
            files_max: 3,
        }
    }

    fn get(sealed: &Sealed, name: &str) -> Option<Vec<u8>> {
        sealed.get(name, Seal::Proven).map(|opened| opened.bytes().to_vec())
    }

    #[test]
    fn what_was_kept_is_given_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Sealed::open(places(folder.path(), "a 1")).expect("opens");
        sealed.put("one", &[b"he", b"llo"]);
        assert_eq!(get(&sealed, "one").as_deref(), Some(&b"hello"[..]));
        assert_eq!(get(&sealed, "two"), None);
        let again = Sealed::open(places(folder.path(), "a 1")).expect("opens");
        assert_eq!(get(&again, "one").as_deref(), Some(&b"hello"[..]), "the key stays");
    }

    /// Catches a byte that no hash covers, a file that stands for another, and a purpose that does.
    #[test]
    fn whatever_is_not_as_it_was_written_is_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Sealed::open(places(folder.path(), "a 1")).expect("opens");
        let path = folder.path().join("files/one");
        sealed.put("one", &[b"hello"]);
        let bytes = fs::read(&path).expect("is there");
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            fs::write(&path, &wrong).expect("writes");
            assert_eq!(get(&sealed, "one"), None, "byte {at}");
            assert!(!path.exists(), "is removed");
            sealed.put("one", &[b"hello"]);
            fs::write(&path, &bytes[..at]).expect("writes");
            assert_eq!(get(&sealed, "one"), None, "cut at {at}");
            sealed.put("one", &[b"hello"]);
        }
        fs::copy(&path, folder.path().join("files/two")).expect("copies");
        assert_eq!(get(&sealed, "two"), None, "another name");
        let other = Sealed::open(places(folder.path(), "a 2")).expect("opens");
        assert_eq!(get(&other, "one"), None, "another purpose");
    }

    #[test]
    fn what_others_could_have_touched_is_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Sealed::open(places(folder.path(), "a 1")).expect("opens");
        let path = folder.path().join("files/one");
        sealed.put("one", &[b"hello"]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("is ours");
        assert_eq!(get(&sealed, "one"), None, "readable by others");
        sealed.put("real", &[b"hello"]);
        symlink(folder.path().join("files/real"), &path).expect("links");
        assert_eq!(get(&sealed, "one"), None, "a link");
        sealed.put("one", &[&[0; 101]]);
        assert_eq!(get(&sealed, "one"), None, "too large");
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Sealed::open(places(folder.path(), "a 1")).expect("opens");
        for name in ["one", "two", "three", "four", "five"] {
            sealed.put(name, &[b"x"]);
        }
        assert_eq!(sealed.usage().expect("lists").0, 3);
        assert!(get(&sealed, "five").is_some() && get(&sealed, "one").is_none());
    }
}
