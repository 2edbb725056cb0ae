//! Compiled code on the disk: taken back only as this host wrote it, for this component and this engine;
//! everything else is compiled again without a word.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Instant;

use evident_core::contract::Wasi;
use evident_core::defence::{Defence, without};
use evident_core::outcome::{FaultClass, Status};
use evident_sandbox::{CodeCache, Sandbox, Settings};
use evident_tests::{Store, beside_others, guest};
use tempfile::TempDir;

/// A cache with a key, and what is in it.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache/code")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("state/code-key")
    }

    /// As a process that has just started.
    fn sandbox(&self) -> Sandbox {
        let code_cache = Some(CodeCache { folder: self.cache(), key_file: self.key() });
        Sandbox::with(Settings { code_cache, ..Settings::default() }).unwrap()
    }

    /// What the checker of a name says, in a new sandbox.
    #[track_caller]
    fn says(&self, name: &str) -> String {
        let checker = self.sandbox().load(guest(name), Wasi::None).unwrap();
        assert_eq!(checker.interfaces().exports, [evident_sandbox::INTERFACE]);
        let checked = Store::default().check(&checker, "{}", "file", "file.txt", b"evidence");
        assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
        checked.outcome.summary
    }

    fn entries(&self) -> Vec<PathBuf> {
        let mut entries: Vec<_> =
            fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries
    }

    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].clone()
    }

    /// After something was done to the only entry or its key: the checker answers as ever, and the entry
    /// is there again and good.
    #[track_caller]
    fn is_made_again(&self, what: &str) {
        let damaged = fs::read(self.entries().first().unwrap_or(&PathBuf::new())).unwrap_or_default();
        assert_eq!(self.says("remembers"), "run 1", "{what}");
        let made = fs::symlink_metadata(self.entry()).unwrap();
        assert!(made.is_file() && made.permissions().mode() & 0o7777 == 0o600, "{what}: {made:?}");
        assert_ne!(fs::read(self.entry()).unwrap(), damaged, "{what}");
        assert!(self.is_taken(), "{what}: the new entry is good");
    }

    /// True if the entry is loaded as it is: then it is not written again.
    fn is_taken(&self) -> bool {
        let before = fs::metadata(self.entry()).unwrap();
        self.says("remembers");
        let after = fs::metadata(self.entry()).unwrap();
        let file = |metadata: &fs::Metadata| std::os::unix::fs::MetadataExt::ino(metadata);
        (file(&before), before.modified().unwrap()) == (file(&after), after.modified().unwrap())
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn code_is_kept_and_taken_back() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    assert_eq!(fixture.says("remembers"), "run 1");
    assert!(fixture.is_taken());
    assert_eq!((mode(&fixture.cache()), mode(&fixture.entry())), (0o700, 0o600));
    assert_eq!((mode(&fixture.key()), fs::read(fixture.key()).unwrap().len()), (0o600, 32));
    // Another component and another profile are other entries.
    fixture.says("asks_origin");
    assert_eq!(fixture.entries().len(), 2);
    fixture.sandbox().load(guest("remembers"), Wasi::Inert).unwrap();
    assert_eq!(fixture.entries().len(), 3);
    // The names of an entry are those of the component.
    let cached = fixture.sandbox().load(guest("remembers"), Wasi::None).unwrap();
    assert_eq!(cached.interfaces(), &evident_sandbox::reflect(guest("remembers")).unwrap());
}

#[test]
fn an_entry_that_was_changed_is_made_again() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    fixture.says("remembers");
    let good = fs::read(fixture.entry()).unwrap();
    let private = Permissions::from_mode(0o600);
    for (what, at) in [
        ("the first byte", 0),
        ("the seal", 20),
        ("the names", 60),
        ("the code", good.len() / 2),
        ("the last byte", good.len() - 1),
    ] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(fixture.entry(), bytes).unwrap();
        fixture.is_made_again(what);
    }
    for length in [0, 10, 47, 48, 51, 52, good.len() / 2, good.len() - 1] {
        fs::write(fixture.entry(), &good[..length]).unwrap();
        fixture.is_made_again("cut off");
    }
    fs::write(fixture.entry(), [good.as_slice(), b"more"].concat()).unwrap();
    fixture.is_made_again("longer");
    fs::set_permissions(fixture.entry(), Permissions::from_mode(0o644)).unwrap();
    assert!(!fixture.is_taken(), "others may read it, so others may have written it");
    fs::set_permissions(fixture.entry(), private).unwrap();
    assert!(fixture.is_taken());
    // A link to a good entry elsewhere, and a pipe that would hold the reader for ever.
    let elsewhere = fixture.folder.path().join("elsewhere");
    fs::rename(fixture.entry(), &elsewhere).unwrap();
    let place = fixture.cache().join(Path::new(&entry_name(&fixture, &elsewhere)));
    symlink(&elsewhere, &place).unwrap();
    assert_eq!(fixture.says("remembers"), "run 1");
    assert!(fs::symlink_metadata(&place).unwrap().is_file(), "the link is gone");
    fs::remove_file(&place).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
    assert_eq!(fixture.says("remembers"), "run 1");
    assert!(fs::symlink_metadata(&place).unwrap().is_file(), "the pipe is gone");
}

/// The name that the entry of `remembers` has: it is made once more.
fn entry_name(fixture: &Fixture, _moved: &Path) -> String {
    fixture.says("remembers");
    let name = fixture.entry().file_name().unwrap().to_str().unwrap().to_owned();
    fs::remove_file(fixture.entry()).unwrap();
    name
}

#[test]
fn another_key_opens_nothing() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    fixture.says("remembers");
    fs::write(fixture.key(), [7; 32]).unwrap();
    fixture.is_made_again("another key");
    fs::remove_file(fixture.key()).unwrap();
    fixture.is_made_again("no key");
    // A key that others may read seals nothing; one that is not a key is none.
    for (what, bytes, mode_bits) in
        [("readable", [8; 32].as_slice(), 0o644), ("short", &[8; 31], 0o600), ("long", &[8; 33], 0o600)]
    {
        fs::write(fixture.key(), bytes).unwrap();
        fs::set_permissions(fixture.key(), Permissions::from_mode(mode_bits)).unwrap();
        fixture.is_made_again(what);
        assert_eq!((mode(&fixture.key()), fs::read(fixture.key()).unwrap().len()), (0o600, 32), "{what}");
        assert_ne!(fs::read(fixture.key()).unwrap(), bytes, "{what}");
    }
    let elsewhere = fixture.folder.path().join("key");
    fs::rename(fixture.key(), &elsewhere).unwrap();
    symlink(&elsewhere, fixture.key()).unwrap();
    fixture.is_made_again("a key behind a link");
}

/// The whole entry of another checker, under this one's name. Sealed by the same host, and still not taken:
/// the name is under the seal. Without the seal, the other checker runs.
#[test]
fn a_swapped_entry_is_made_again() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    fixture.says("remembers");
    let ours = fixture.entry();
    fixture.says("asks_origin");
    let theirs = fixture.entries().into_iter().find(|entry| *entry != ours).unwrap();
    let swap = || fs::copy(&theirs, &ours).unwrap();
    swap();
    assert_eq!(fixture.says("remembers"), "run 1");
    swap();
    let other = without(Defence::CodeSeal, || fixture.says("remembers"));
    assert_eq!(other, "1 artifacts of 8 bytes", "another component answers in its name");
}

/// D07: machine code in the clothes of a component. The cache is the only way for code, and nobody's bytes
/// get there but the compiler's.
#[test]
fn d07_code_given_as_a_component() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    let compiled = wasmtime::Engine::default().precompile_component(guest("spin")).unwrap();
    assert_eq!(&compiled[..4], b"\x7fELF");
    fixture.says("remembers");
    let entry = fs::read(fixture.entry()).unwrap();
    let program = fs::read("/proc/self/exe").unwrap();
    for bytes in [compiled.as_slice(), &entry, &program[..program.len().min(1 << 20)]] {
        let refused = fixture.sandbox().load(bytes, Wasi::None).err().expect("is refused");
        let message = "not WebAssembly: it does not begin with the magic bytes `\\0asm`";
        assert_eq!((refused.class, refused.message.as_str()), (FaultClass::BadArtifact, message));
    }
    // Foreign code in the place of an entry, with or without the head of one.
    let place = fixture.entry();
    for foreign in [compiled.clone(), [&entry[..48], &compiled].concat()] {
        fs::write(&place, &foreign).unwrap();
        fixture.is_made_again("foreign code");
    }
}

/// No folder, no key, no room: everything works, only slower.
#[test]
fn a_cache_that_is_not_fit_is_left_out() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    fs::write(fixture.folder.path().join("cache"), "a file").unwrap();
    assert_eq!(fixture.says("remembers"), "run 1");
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.folder.path().join("other")).unwrap();
    fs::create_dir_all(fixture.folder.path().join("cache")).unwrap();
    symlink(fixture.folder.path().join("other"), fixture.cache()).unwrap();
    assert_eq!(fixture.says("remembers"), "run 1");
    let other = fs::read_dir(fixture.folder.path().join("other")).unwrap().count();
    assert_eq!(other, 0, "nothing is written through a link");
    // A folder that others could write is taken back.
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.cache()).unwrap();
    fs::set_permissions(fixture.cache(), Permissions::from_mode(0o777)).unwrap();
    fixture.says("remembers");
    assert_eq!(mode(&fixture.cache()), 0o700);
}

/// Many processes at once, with nothing there yet: one key, whole entries.
#[test]
fn many_at_once() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(fixture.says("remembers"), "run 1"));
        }
    });
    assert!(fixture.is_taken());
    assert_eq!(fs::read_dir(fixture.key().parent().unwrap()).unwrap().count(), 1, "one key, no left-overs");
}

/// A cached load is far from a compilation, or the cache is of no use.
#[test]
fn a_cached_load_is_fast() {
    let _beside_others = beside_others();
    let fixture = Fixture::new();
    let built = evident_builtin::BUILTINS.iter().max_by_key(|builtin| builtin.bytes.len()).unwrap();
    let timed = || {
        let started = Instant::now();
        fixture.sandbox().load(built.bytes, Wasi::None).unwrap();
        started.elapsed()
    };
    let cold = timed();
    let warm = timed().min(timed()).min(timed());
    assert!(warm * 4 < cold, "{warm:?} against {cold:?}");
}
