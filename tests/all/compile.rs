//! Compilation in a child: the same checker as without, and a compile bomb ends the child alone.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use evident_core::contract::Wasi;
use evident_core::defence::{Defence, VARIABLE, without};
use evident_core::outcome::{FaultClass, Status};
use evident_sandbox::{CompileLimits, Compiler, Refusal, Sandbox, Settings};
use evident_tests::{Store, alone, beside_others, guest, hostile, limits};

/// A program that calls `compile_child` first.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_apart");

pub(crate) fn child() -> Compiler {
    Compiler::Child { program: PROGRAM.into() }
}

fn sandbox(compile_limits: CompileLimits) -> Sandbox {
    let settings = Settings { compiler: child(), compile_limits, ..Settings::default() };
    Sandbox::with(settings).unwrap()
}

/// Loads a component in a process of its own, with a defence off: what it said, and how it ended.
pub(crate) fn apart(component: &[u8], off: Option<Defence>) -> (Option<String>, ExitStatus) {
    let mut command = Command::new(PROGRAM);
    command.arg("load").env_clear();
    if let Some(off) = off {
        command.env(VARIABLE, off.name());
    }
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = piped.spawn().unwrap();
    process.stdin.take().unwrap().write_all(component).unwrap();
    let mut answer = String::new();
    process.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    let status = process.wait().unwrap();
    (status.success().then_some(answer), status)
}

fn refused(sandbox: &Sandbox, component: &[u8]) -> Refusal {
    sandbox.load(component, Wasi::None).err().expect("is refused")
}

#[test]
fn a_child_compiles_what_the_host_would() {
    let _beside_others = beside_others();
    let sandbox = sandbox(CompileLimits::default());
    let answer = |sandbox: &Sandbox| {
        let checker = sandbox.load(guest("read_whole"), Wasi::None).unwrap();
        let checked = Store::default().check(&checker, "{}", "file", "file.txt", b"evidence");
        assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
        (checked.outcome.summary, checked.usage.fuel)
    };
    assert_eq!(answer(&sandbox), answer(&evident_tests::SANDBOX));
    // Two at a time: one waits for the other.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| answer(&sandbox));
        }
    });
}

/// A component whose code is refused only by the compiler's own reading: the words are the child's, cut and
/// without control characters.
#[test]
fn what_the_child_says_is_text_from_outside() {
    let says = |script: &str, class: FaultClass| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("compiler");
        std::fs::write(&program, format!("#!/bin/sh\n{script}")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&program, mode).unwrap();
        let settings = Settings { compiler: Compiler::Child { program }, ..Settings::default() };
        let refused = refused(&Sandbox::with(settings).unwrap(), guest("spin"));
        assert_eq!(refused.class, class, "{}", refused.message);
        refused.message
    };
    let bad = FaultClass::BadArtifact;
    let message = says("printf '\\033[31mred' >&2; exit 3", bad);
    assert_eq!(message, "does not compile: \\u{1b}[31mred");
    let message = says(
        "while :; do echo 0123456789012345678901234567890123456789; done | head -c 9000000 >&2; exit 3",
        bad,
    );
    assert!(message.len() <= 8 * 1024 + 64, "{}", message.len());
    let message = says("kill -9 $$", bad);
    assert_eq!(message, "does not compile: the compiler ended with signal: 9 (SIGKILL): ");
    // Success without code is none, and other bytes than code are not loaded.
    assert!(says("exit 0", bad).starts_with("does not compile: the compiler ended with exit status: 0"));
    assert!(says("cat >/dev/null; echo no code", bad).starts_with("does not compile: "));
}

#[test]
fn a_compiler_that_is_not_there() {
    let settings =
        Settings { compiler: Compiler::Child { program: "/nowhere/evident".into() }, ..Settings::default() };
    let refused = refused(&Sandbox::with(settings).unwrap(), guest("spin"));
    assert_eq!(refused.class, FaultClass::WorkerCrash);
    assert!(refused.message.starts_with("the compiler does not start: "), "{}", refused.message);
}

/// The variables of the host are not for a process that works on hostile bytes.
#[test]
fn the_child_has_an_empty_environment() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("compiler");
    std::fs::write(&program, "#!/bin/sh\n/usr/bin/env >&2; pwd >&2; exit 3\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, mode).unwrap();
    let settings = Settings { compiler: Compiler::Child { program }, ..Settings::default() };
    let refused = refused(&Sandbox::with(settings).unwrap(), guest("spin"));
    // A shell sets these two by itself.
    let words = refused.message.trim_start_matches("does not compile: ").split_whitespace();
    let others: Vec<&str> = words
        .filter(|word| !["PWD=/", "_=/usr/bin/env", "/", "SHLVL=0", "SHLVL=1", "OLDPWD"].contains(word))
        .collect();
    assert_eq!(others, [""; 0], "{}", refused.message);
}

#[test]
fn a11_too_long() {
    let _beside_others = beside_others();
    let sandbox = sandbox(CompileLimits { wall: Duration::from_millis(1), ..CompileLimits::default() });
    let late = refused(&sandbox, guest("spin"));
    assert_eq!((late.class, late.message.as_str()), (FaultClass::Deadline, "was not compiled after 1 ms"));
    assert!(without(Defence::CompileLimits, || sandbox.load(guest("spin"), Wasi::None)).is_ok());
}

/// A function of megabytes: the child is ended by its own limit, and the host pays nothing.
#[test]
fn a11_large_function() {
    const MEMORY: u64 = 192 << 20;
    let sandbox = sandbox(CompileLimits { memory_bytes: MEMORY, wall: Duration::from_secs(50) });
    let bomb = hostile::large_function(5 << 20);
    let (refused, cost) = alone(|| refused(&sandbox, &bomb));
    let message = format!("needs more than {MEMORY} bytes of memory to compile");
    assert_eq!((refused.class, refused.message), (FaultClass::Memory, message));
    assert!(cost.peak_bytes < 64 << 20, "{cost:?}");
    let smaller = hostile::large_function(200 << 10);
    let _beside_others = beside_others();
    assert_eq!(self::refused(&sandbox, &smaller).class, FaultClass::Memory);
    assert!(without(Defence::CompileLimits, || sandbox.load(&smaller, Wasi::None)).is_ok());
}

/// Nothing large, but a million of it: refused, ended or compiled, with flat memory here.
#[test]
fn a11_many_small_things() {
    let sandbox = sandbox(CompileLimits { memory_bytes: 512 << 20, wall: Duration::from_secs(20) });
    for (what, bomb) in
        [("functions", hostile::many_functions(999_000)), ("data", hostile::many_data(99_000))]
    {
        let (loaded, cost) = alone(|| sandbox.load(&bomb, Wasi::None));
        if let Err(refused) = &loaded {
            let classes = [FaultClass::Memory, FaultClass::Deadline, FaultClass::BadArtifact];
            assert!(classes.contains(&refused.class), "{what}: {refused:?}");
        }
        assert!(cost.peak_bytes < 160 << 20, "{what}: {cost:?}");
        if let Ok(checker) = loaded {
            let checked = Store::default().check_bound(&checker, "{}", Vec::new(), limits(0));
            assert_eq!(checked.outcome.status, Status::Pass, "{what}: {:?}", checked.fault);
        }
    }
}
