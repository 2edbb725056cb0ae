//! Prints 64 MiB.

use evident_checker::Outcome;
use evident_guests::wasi::wasi::cli::stdout;

evident_guests::guest!("print-flood", |_, _| {
    let output = stdout::get_stdout();
    let piece = [b'x'; 4096];
    for _ in 0..16 * 1024 {
        output.blocking_write_and_flush(&piece).expect("it is open");
    }
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
