//! The tests of the room.

use super::*;

fn store() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blobs = Blobs::open(folder.path().join("blobs")).expect("opens");
    (folder, blobs)
}

fn put(blobs: &Blobs, bytes: &[u8]) -> Digest {
    let mut writer = blobs.create().expect("creates");
    writer.write_all(bytes).expect("writes");
    let (digest, size) = writer.finish().expect("finishes");
    assert_eq!(size, bytes.len() as u64);
    digest
}

#[test]
fn a_blob_has_the_digest_of_its_bytes() {
    let (_folder, blobs) = store();
    let digest = put(&blobs, b"abc");
    // FIPS 180-2, appendix B.1.
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.hex(), known);
    let (mut file, size) = blobs.read(digest).expect("is there");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("reads");
    assert_eq!((bytes.as_slice(), size), (b"abc".as_slice(), 3));
    blobs.verify(&file, digest).expect("is sound");
    assert_eq!(put(&blobs, b"abc"), digest, "the same bytes again are the same blob");
}

#[test]
fn a_changed_blob_is_named() {
    let (_folder, blobs) = store();
    let digest = put(&blobs, b"the truth");
    let path = blobs.path(digest);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    OpenOptions::new().write(true).open(&path).expect("opens").write_all(b"a lie").expect("writes");
    let (file, _) = blobs.read(digest).expect("is there");
    assert!(
        matches!(blobs.verify(&file, digest), Err(Error::Damaged { digest: named, .. }) if named == digest)
    );
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let (_folder, blobs) = store();
    let mut writer = blobs.create().expect("creates");
    writer.write_all(b"half").expect("writes");
    drop(writer);
    assert!(entries(&blobs.folder.join("incoming")).expect("lists").is_empty());
}

#[test]
fn what_dead_processes_left_is_removed() {
    let (_folder, blobs) = store();
    let incoming = blobs.folder.join("incoming");
    for (name, hours) in [("dead", 25), ("young", 23)] {
        let file = File::create(incoming.join(name)).expect("creates");
        let then = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
        file.set_modified(then).expect("sets");
    }
    Blobs::open(blobs.folder.clone()).expect("opens");
    assert_eq!(entries(&incoming).expect("lists"), [incoming.join("young")]);
}

#[test]
fn retain_keeps_what_is_named_and_what_is_young() {
    let (_folder, blobs) = store();
    let (kept, dropped) = (put(&blobs, b"kept"), put(&blobs, b"dropped"));
    assert_eq!(retain(&blobs, |_| false, Duration::from_secs(3600)).expect("lists"), 0);
    assert_eq!(retain(&blobs, |digest| digest == kept, Duration::ZERO).expect("lists"), 1);
    assert!(blobs.read(kept).is_ok() && blobs.read(dropped).is_err());
}

/// A way to damage a file, by its name.
type Damage = (&'static str, fn(&Path));

/// Everything that can lie under the name of a blob and is not that blob.
fn damages() -> Vec<Damage> {
    fn gone(path: &Path) {
        fs::remove_file(path).expect("is ours");
    }
    vec![
        ("empty", |path| {
            gone(path);
            fs::write(path, "").expect("writes");
        }),
        ("cut", |path| {
            gone(path);
            fs::write(path, "the tru").expect("writes");
        }),
        ("of the same size", |path| {
            gone(path);
            fs::write(path, "the tooth").expect("writes");
        }),
        ("a link to the same bytes", |path| {
            let elsewhere = path.with_extension("elsewhere");
            fs::rename(path, &elsewhere).expect("moves");
            std::os::unix::fs::symlink(elsewhere, path).expect("links");
        }),
        ("a link to nothing", |path| {
            gone(path);
            std::os::unix::fs::symlink("nothing", path).expect("links");
        }),
        ("a folder that holds something", |path| {
            gone(path);
            fs::create_dir_all(path.join("inside")).expect("makes");
        }),
        // Nothing writes to it: a read that waited would wait for ever.
        ("a pipe", |path| {
            gone(path);
            let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
            assert!(made.success());
        }),
        ("gone", gone),
    ]
}

/// Catches a blob that is taken for sound because there is something under its name.
#[test]
fn what_is_kept_already_is_read_and_mended() {
    for (name, damage) in damages() {
        let (_folder, blobs) = store();
        let digest = blobs.keep(b"the truth").expect("keeps");
        damage(&blobs.path(digest));
        assert!(blobs.prove(digest).is_err(), "{name}: it is damaged");
        assert!(blobs.bytes(digest, 100).is_err(), "{name}: it is damaged");
        assert_eq!(blobs.keep(b"the truth").expect("keeps"), digest, "{name}");
        assert_eq!(blobs.bytes(digest, 100).expect("is mended"), b"the truth", "{name}");
        let left = entries(&blobs.folder.join("incoming")).expect("lists");
        assert!(left.is_empty(), "{name}: {left:?}");
    }
}

/// With the defence off, a damaged blob stays.
#[test]
fn without_the_proof_a_damaged_blob_stays() {
    let (_folder, blobs) = store();
    let digest = blobs.keep(b"the truth").expect("keeps");
    let path = blobs.path(digest);
    fs::remove_file(&path).expect("is ours");
    fs::write(&path, "").expect("writes");
    evident_core::defence::without(Defence::KeptBlobProof, || blobs.keep(b"the truth").expect("keeps"));
    assert!(matches!(blobs.prove(digest), Err(Error::Damaged { .. })));
}

#[test]
fn a_sync_names_what_is_not_there() {
    let (_folder, blobs) = store();
    let kept = blobs.keep(b"kept").expect("keeps");
    blobs.sync([kept, kept]).expect("is there");
    assert!(blobs.sync([kept, Blobs::digest(b"never")]).is_err());
    let many: Vec<Digest> =
        (0..=SYNCED_SINGLY_MAX).map(|number| put(&blobs, number.to_string().as_bytes())).collect();
    blobs.sync(many).expect("are there");
}
