//! Ends the way a successful program does, without an answer.

evident_guests::guest!("exit-zero", |_, _| {
    evident_guests::wasi::wasi::cli::exit::exit(Ok(()));
    unreachable!("it has ended")
});
