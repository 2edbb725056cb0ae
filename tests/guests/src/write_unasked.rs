//! Prints 4 MiB in one piece, without asking how much is taken.

use evident_checker::Outcome;
use evident_guests::wasi::wasi::cli::stdout;

evident_guests::guest!("write-unasked", |_, _| {
    let output = stdout::get_stdout();
    output.write(&vec![b'x'; 4 << 20]).expect("it is open");
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
