//! Calls itself without end, with nothing on the stack of its own memory: what runs over is the host's.

use evident_checker::Outcome;

#[inline(never)]
fn dive(depth: u64) -> u64 {
    if depth == 0 {
        return 1;
    }
    dive(depth - 1).wrapping_mul(31).rotate_left(5) ^ depth
}

evident_guests::guest!("recursion", |_, _| {
    let sum = dive(std::hint::black_box(100_000_000));
    Ok(Outcome::decide(true, format!("{sum}")).examined(1, "units"))
});
