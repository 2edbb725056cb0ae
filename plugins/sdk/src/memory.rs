//! A faster `memcmp` for WebAssembly builds.
//!
//! Comparing strings and keys ends here. The one that the compiler brings looks at one byte at a time,
//! which took half of the time of a JUnit check; this one looks at sixteen. Nothing calls it by hand.
#![allow(unsafe_code, reason = "the C interface of `memcmp` is made of pointers")]

use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, v128, v128_load};

/// Bytes of a vector.
const LANES: usize = 16;

/// Compares two ranges byte by byte, as C's `memcmp`: the sign of the first difference, or 0.
///
/// # Safety
/// Both pointers are valid for reads of `count` bytes: what every caller of `memcmp` promises.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at + LANES <= count {
        // SAFETY: `at + LANES` is at most `count`, so both vectors lie inside the ranges that the caller
        // vouches for; a WebAssembly load needs no alignment.
        let (ours, theirs) =
            unsafe { (v128_load(left.add(at).cast::<v128>()), v128_load(right.add(at).cast::<v128>())) };
        let equal = i8x16_bitmask(i8x16_eq(ours, theirs));
        if equal != u16::MAX {
            // SAFETY: the first lane that differs is one of the vector just read.
            return unsafe { difference(left, right, at + equal.trailing_ones() as usize) };
        }
        at += LANES;
    }
    while at < count {
        // SAFETY: `at` is below `count`.
        let difference = unsafe { difference(left, right, at) };
        if difference != 0 {
            return difference;
        }
        at += 1;
    }
    0
}

/// # Safety
/// Both pointers are valid for a read at `at`.
unsafe fn difference(left: *const u8, right: *const u8, at: usize) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { i32::from(*left.add(at)) - i32::from(*right.add(at)) }
}
