//! Measures how long it takes to price carts, and writes the samples as JSON to the file that is named.

use std::hint::black_box;
use std::time::Instant;
use std::{env, fs, process};

use checkout::{Line, price};

const SAMPLES: usize = 200;
const CARTS_PER_SAMPLE: usize = 200;
const LINES_PER_CART: u64 = 500;

fn main() {
    let Some(file) = env::args().nth(1) else {
        eprintln!("usage: checkout-bench FILE");
        process::exit(2);
    };
    let cart: Vec<Line> =
        (0..LINES_PER_CART).map(|number| Line { unit_price: 100 + number, quantity: 1 + number % 5 }).collect();
    let samples: Vec<String> = (0..SAMPLES)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..CARTS_PER_SAMPLE {
                black_box(price(black_box(&cart)));
            }
            format!("{:.4}", started.elapsed().as_secs_f64() * 1000.0)
        })
        .collect();
    let json = format!("{{ \"name\": \"checkout\", \"unit\": \"ms\", \"samples\": [{}] }}\n", samples.join(", "));
    fs::write(&file, json).unwrap_or_else(|error| {
        eprintln!("cannot write {file}: {error}");
        process::exit(1);
    });
}
