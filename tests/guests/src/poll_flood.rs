//! Polls a list that names one pollable three hundred thousand times.

use evident_checker::Outcome;
use evident_guests::wasi::wasi::cli::stdout;
use evident_guests::wasi::wasi::io::poll::poll;

evident_guests::guest!("poll-flood", |_, _| {
    let output = stdout::get_stdout();
    let ready = output.subscribe();
    let list = vec![&ready; 300_000];
    let answered = poll(&list).len();
    Ok(Outcome::decide(true, format!("{answered}")).examined(1, "units"))
});
