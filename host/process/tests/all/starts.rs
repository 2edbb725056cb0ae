//! Which session a program is in, what it sees, and why one did not start.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use evident_core::defence::{Defence, without};
use evident_core::evidence::Exit;
use evident_process::{Identity, Input, Launch, Started};
use tokio::io::AsyncWriteExt as _;

use crate::{about, launch, line, sh, text};

/// Waits until it is told to end, so that it can be looked at.
fn waiting() -> Launch {
    Launch { input: Input::Piped, ..sh("echo $$; read go; echo went") }
}

/// What the system says of a process that was started, and that it did as it was told.
async fn looked_at(mut started: Started) -> [i64; 4] {
    let number = line(&mut started.output).await;
    assert_eq!(number, started.group.number().to_string());
    let seen = about(&number);
    started.input.expect("is piped").write_all(b"go\n").await.expect("reads");
    assert_eq!(text(started.output).await, "went\n");
    assert_eq!(started.group.kill().await.expect("is watched"), Some(Exit::Code(0)));
    let Some((_, [group, session, terminal])) = seen else { return [0; 4] };
    [number.parse().expect("is a number"), group, session, terminal]
}

/// Catches a program that is in the session of the host, and so has its terminal. With the defence off it has
/// a group of its own and no more.
#[tokio::test]
async fn a_program_leads_a_session_without_a_terminal() {
    let Some((_, [_, own, _])) = about("self") else { return };
    let [number, group, session, terminal] = looked_at(waiting().start().expect("starts")).await;
    assert_eq!([group, session, terminal], [number, number, 0]);
    let undefended = without(Defence::Session, || waiting().start()).expect("starts");
    let [number, group, session, _] = looked_at(undefended).await;
    assert_eq!([group, session], [number, own]);
}

/// Only root can become somebody else; for others there is nothing to see.
#[tokio::test]
async fn another_user_has_a_session_too() {
    if !rustix::process::geteuid().is_root() || about("self").is_none() {
        return;
    }
    let user = Some(Identity { uid: 1, gid: 1 });
    let [number, group, session, terminal] =
        looked_at(Launch { user, ..waiting() }.start().expect("starts")).await;
    assert_eq!([group, session, terminal], [number, number, 0]);
    let who = Launch { user, ..sh("id -u; id -G") }.start().expect("starts");
    assert_eq!(text(who.output).await, "1\n1\n");
}

#[tokio::test]
async fn it_sees_what_it_is_given_and_no_more() {
    let mut launch = sh("pwd; echo $EXTRA; env | cut -d= -f1 | grep -vx -e PWD -e _ -e SHLVL | sort; cat");
    launch.folder = "/usr".into();
    // The later of two counts.
    for value in ["first", "second"] {
        launch.environment.push(("EXTRA".into(), value.into()));
    }
    let started = launch.start().expect("starts");
    assert!(started.input.is_none());
    assert_eq!(text(started.output).await, "/usr\nsecond\nEXTRA\nPATH\n");
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("is written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("is ours");
    };
    put("plain", "text", 0o644);
    put("script", "#!/no/such/interpreter\n", 0o755);
    let why = |argv: &[&str], path: &Path| {
        let mut launch = launch(argv);
        launch.folder = folder.path().into();
        launch.environment.push(("PATH".into(), path.into()));
        launch.start().expect_err("does not start").to_string()
    };
    let nowhere = Path::new("/no/such/folder");
    assert_eq!(why(&[], nowhere), "the command is empty");
    assert_eq!(why(&["sh"], nowhere), "`sh` was not found on PATH");
    assert_eq!(why(&["plain"], folder.path()), "`plain` is not executable");
    assert_eq!(why(&["./plain"], nowhere), "`./plain` is not executable");
    let absent = format!("`./absent` does not exist, seen from `{}`", folder.path().display());
    assert_eq!(why(&["./absent"], nowhere), absent);
    let named = "is there, but not the interpreter or loader that it names";
    assert_eq!(why(&["./script"], nowhere), format!("`./script` {named}"));
    assert_eq!(why(&["script"], folder.path()), format!("`script` {named}"));
    let zero = why(&["a\0b"], nowhere);
    assert!(zero.starts_with("`a\0b` did not start: "), "{zero}");
}

/// A file that names no interpreter is run by `sh`, however it is found.
#[tokio::test]
async fn a_file_without_an_interpreter_is_a_script_of_the_shell() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tool");
    std::fs::write(&path, "echo ran\n").expect("is written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("is ours");
    let started = launch(&[path.to_str().expect("is text")]).start().expect("starts");
    assert_eq!(text(started.output).await, "ran\n");
}
