//! Returns 1 GiB of text that is one region of 4 MiB named 256 times: cheap here, dear for a host that
//! copies.

use evident_guests::bindings::evident::checker::types::{Direction, Metric, Outcome};

const REGION_BYTES: usize = 4 << 20;

fn check() -> Outcome {
    let region: &'static mut [u8] = vec![b'x'; REGION_BYTES].leak();
    let start = region.as_mut_ptr();
    let mut outcome = evident_guests::pass("fine".into());
    for _ in 0..256 {
        // SAFETY: not safe at all; nothing frees the region before the host has refused it.
        let name = unsafe { String::from_raw_parts(start, REGION_BYTES, REGION_BYTES) };
        let unit = String::new();
        outcome.metrics.push(Metric {
            name,
            value: 1.0,
            unit,
            limit: None,
            direction: Direction::Neither,
            noise: None,
        });
    }
    outcome
}

evident_guests::raw_guest!(evident_guests::descriptor("return-huge"), check);
