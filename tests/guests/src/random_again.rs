//! Asks for 1 MiB of randomness, a thousand times: the host makes it up byte by byte.

use evident_checker::Outcome;
use evident_guests::wasi::wasi::random::random::get_random_bytes;

evident_guests::guest!("random-again", |_, _| {
    let bytes: usize = (0..1000).map(|_| get_random_bytes(1 << 20).len()).sum();
    Ok(Outcome::decide(true, format!("{bytes}")).examined(1, "units"))
});
