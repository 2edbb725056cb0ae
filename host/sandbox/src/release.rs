//! The release of wasmtime that this build is made of: advisories come monthly, so its age matters.

/// A release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// As the lock file says it; a test holds the two together.
    pub version: &'static str,
    /// The day of the release, in Unix seconds.
    pub released: u64,
    /// Seconds after which a newer patch of the line is likely.
    pub fresh: u64,
}

/// The release of this build. Whoever raises it in `Cargo.lock` raises it here.
pub const RELEASE: Release =
    // 2026-10-29.
    Release { version: "48.0.8", released: 1_793_232_000, fresh: 90 * 24 * 3600 };

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a doctor that praises a release which is not the one that is linked.
    #[test]
    fn it_is_the_one_of_the_lock_file() {
        let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
        let lock = lock.expect("is committed");
        let entry = format!("name = \"wasmtime\"\nversion = \"{}\"\n", RELEASE.version);
        assert!(lock.contains(&entry), "Cargo.lock has another wasmtime than {}", RELEASE.version);
    }
}
