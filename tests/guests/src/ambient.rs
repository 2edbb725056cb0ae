//! Prints and logs everything that could differ between two runs: clocks, randomness, environment.

use evident_checker::{Level, Outcome};
use evident_guests::wasi::wasi::cli::{environment, stdout};
use evident_guests::wasi::wasi::clocks::{monotonic_clock, wall_clock};
use evident_guests::wasi::wasi::random::random;

evident_guests::guest!("ambient", |_, sink| {
    let wall = wall_clock::now();
    let seen = format!(
        "environment {:?} arguments {:?} folder {:?} wall {}.{} monotonic {} {} random {} {:?}",
        environment::get_environment(),
        environment::get_arguments(),
        environment::initial_cwd(),
        wall.seconds,
        wall.nanoseconds,
        monotonic_clock::now(),
        monotonic_clock::now(),
        random::get_random_u64(),
        random::get_random_bytes(8),
    );
    sink.log(Level::Info, &seen);
    let printed = stdout::get_stdout().blocking_write_and_flush(format!("printed {seen}\n").as_bytes());
    Ok(Outcome::decide(printed.is_ok(), seen).examined(1, "runs"))
});
