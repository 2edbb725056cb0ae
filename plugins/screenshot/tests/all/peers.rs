//! Counts are those of pixelmatch 7.2.0 over pictures that were made by chance, and those of odiff 4.5.0 as far
//! as its arithmetic goes.
//!
//! The peers may be absent: `EVIDENT_PEERS` names a folder `node_modules` that holds them, as
//! `tests/benches/peers/install.sh` makes it. Without it the tests say so and hold.
#![allow(clippy::print_stderr, reason = "a skipped test must say so")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::make::{self, Rgba, noise};
use crate::one;

/// Pairs of pictures.
const PAIRS: u32 = 500;

/// What the peer runs: it reads pairs as width, height, threshold, options and pixels, and prints counts.
const SCRIPT: &str = r"
import fs from 'node:fs';
const {default: pixelmatch} = await import(process.argv.at(-1) + '/pixelmatch/index.js');
const input = fs.readFileSync(0);
for (let at = 0; at < input.length;) {
  const [width, height, permille, options] = [0, 4, 8, 12].map(next => input.readUInt32LE(at + next));
  at += 16;
  const length = width * height * 4;
  const [a, b] = [0, length].map(next => new Uint8Array(input.subarray(at + next, at + next + length)));
  at += 2 * length;
  console.log(pixelmatch(a, b, null, width, height, {
    threshold: permille / 1000, includeAA: (options & 1) === 1, checkerboard: (options & 2) === 0,
  }));
}
";

/// One pair and how it is compared.
struct Case {
    width: u32,
    height: u32,
    permille: u32,
    /// Bit 0: anti-aliasing counts. Bit 1: white instead of the checkerboard.
    options: u32,
    pictures: [Vec<Rgba>; 2],
}

impl Case {
    /// Sizes from 1 x 1 on, flat areas, edges like those of text, noise, and alpha.
    fn new(seed: u32) -> Self {
        let chance = |what: u32, below: u32| noise(seed, what, 77) % below;
        let (width, height) = (1 + chance(1, 47), 1 + chance(2, 37));
        let (width, height) =
            if seed.is_multiple_of(10) { (1 + chance(1, 3), 1 + chance(2, 3)) } else { (width, height) };
        let style = chance(3, 5);
        let rows = || (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
        let pixel = |x: u32, y: u32| base(style, x, y, seed);
        let expected: Vec<Rgba> = rows().map(|(x, y)| pixel(x, y)).collect();
        let strength = [1, 8, 30, 90, 255][chance(4, 5) as usize];
        let shift = chance(5, 3);
        let share = 1 + chance(6, 12);
        let alpha = chance(7, 3) == 0;
        let actual = rows().map(|(x, y)| {
            let mut pixel = pixel(x + if y % 5 == 0 { shift } else { 0 }, y);
            if noise(x, y, seed + 1).is_multiple_of(share) {
                for (at, channel) in pixel.iter_mut().enumerate().take(if alpha { 4 } else { 3 }) {
                    let by = noise(x, y + at as u32 * 1000, seed + 2) % (2 * strength + 1);
                    *channel =
                        (i64::from(*channel) + i64::from(by) - i64::from(strength)).clamp(0, 255) as u8;
                }
            }
            pixel
        });
        let permille = [0, 10, 50, 100, 200, 333][chance(8, 6) as usize];
        Self { width, height, permille, options: chance(9, 4), pictures: [expected, actual.collect()] }
    }

    /// Both pictures as PNG.
    fn files(&self) -> [Vec<u8>; 2] {
        let pixel = |picture: &[Rgba], x, y| picture[(y * self.width + x) as usize];
        self.pictures
            .each_ref()
            .map(|picture| make::png(self.width, self.height, |x, y| pixel(picture, x, y)))
    }
}

/// The folder of the peers.
fn peers() -> Option<PathBuf> {
    let peers = std::env::var_os("EVIDENT_PEERS").map(PathBuf::from);
    if peers.is_none() {
        eprintln!("skipped: EVIDENT_PEERS names no folder with the peers");
    }
    peers
}

fn base(style: u32, x: u32, y: u32, seed: u32) -> Rgba {
    let shade = |value: u32| (value % 256) as u8;
    match style {
        0 => [255, 255, 255, 255],
        1 => [shade(x * 5), shade(y * 7), shade((x + y) * 3), 255],
        // A slanted edge with anti-aliasing.
        2 => {
            let cover = (i64::from(x) * 60 - i64::from(y) * 37 - i64::from(seed % 500)).clamp(0, 255) as u8;
            [cover, cover, cover, 255]
        }
        3 => noise(x, y, seed).to_le_bytes(),
        // Alpha in steps.
        _ => [shade(x * 40), 90, shade(y * 40), shade(255 - (x / 3 + y / 3) % 4 * 64)],
    }
}

#[test]
fn counts_are_those_of_pixelmatch_over_chance_pictures() {
    let Some(peers) = peers() else { return };
    let cases: Vec<Case> = (0..PAIRS).map(Case::new).collect();
    let mut input = Vec::new();
    for case in &cases {
        for number in [case.width, case.height, case.permille, case.options] {
            input.extend(number.to_le_bytes());
        }
        case.pictures.iter().for_each(|picture| input.extend(picture.as_flattened()));
    }
    let mut peer = Command::new("node")
        .args(["--input-type=module", "--eval", SCRIPT, "--"])
        .arg(&peers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there");
    peer.stdin.take().unwrap().write_all(&input).unwrap();
    let output = peer.wait_with_output().unwrap();
    let counts: Vec<f64> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(counts.len(), cases.len());
    let mut differing = 0;
    for (at, (case, count)) in cases.iter().zip(counts).enumerate() {
        let [expected, actual] = case.files();
        let antialias = if case.options & 1 == 1 { "count" } else { "ignore" };
        let blend = if case.options & 2 == 0 { "checkerboard" } else { "white" };
        let threshold = f64::from(case.permille) / 1000.0;
        let config = format!(
            r#"{{"threshold":{threshold},"antialias":"{antialias}","blend":"{blend}","blank":"allow","pictures":"none"}}"#
        );
        assert_eq!(one(&config, &expected, &actual).figure("differing_pixels"), count, "pair {at}: {config}");
        differing += u32::from(count > 0.0);
    }
    assert!(differing > PAIRS / 2, "only {differing} pairs differ, so that little was held against the peer");
    eprintln!("{differing} of {PAIRS} pairs differ, all by the same counts");
}

/// How far, in its own scale, the threshold of odiff may be from where it says: its coefficients have 12 bits and are
/// cut off, which moves a distance by at most 0.36 of its root, and a root is 188 times a threshold.
const ODIFF_ROUNDING: f64 = 0.002;

/// What odiff counts: it compares over white, and prints `COUNT;PERCENT`.
fn odiff(program: &Path, files: &[Vec<u8>; 2], permille: u32, ignores_antialias: bool) -> f64 {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let paths = ["odiff-expected.png", "odiff-actual.png"].map(|name| folder.join(name));
    paths.iter().zip(files).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let mut command = Command::new(program);
    command.args(&paths).arg("--parsable-stdout");
    command.arg(format!("--threshold={}", f64::from(permille) / 1000.0));
    command.args(ignores_antialias.then_some("--aa"));
    let output = String::from_utf8(command.output().expect("odiff runs").stdout).unwrap();
    let count = output.trim().split(';').next().unwrap();
    count.parse().unwrap_or_else(|_| panic!("odiff says `{output}`"))
}

/// Where anti-aliasing counts, odiff counts what we count, but for pixels whose distance lies at the threshold: no
/// more than we do with a threshold that is smaller by its rounding, no less than with a larger one. What it takes
/// for anti-aliasing is its own: of a pixel's two extremes each may be even in another picture, and of two equal ones
/// it takes another. So there it is only told how often both count the same.
#[test]
fn counts_are_those_of_odiff_over_chance_pictures() {
    let Some(peers) = peers() else { return };
    let mut packages = fs::read_dir(peers.join("@odiff")).expect("odiff is installed");
    let program =
        packages.find_map(|package| Some(package.ok()?.path().join("odiff")).filter(|it| it.is_file()));
    let program = program.expect("odiff has a program for this platform");
    let (mut differing, mut same, mut same_antialias) = (0, 0, 0);
    for case in (0..PAIRS).map(Case::new) {
        let files = case.files();
        let ours = |threshold: f64, antialias: &str| {
            let threshold = threshold.max(0.0);
            let config = format!(
                r#"{{"threshold":{threshold},"antialias":"{antialias}","blend":"white","blank":"allow","pictures":"none"}}"#
            );
            one(&config, &files[0], &files[1]).figure("differing_pixels")
        };
        let threshold = f64::from(case.permille) / 1000.0;
        let theirs = odiff(&program, &files, case.permille, false);
        let most = ours(threshold - ODIFF_ROUNDING, "count");
        let least = ours(threshold + ODIFF_ROUNDING, "count");
        assert!((least..=most).contains(&theirs), "{theirs} is not from {least} to {most} at {threshold}");
        differing += u32::from(theirs > 0.0);
        same += u32::from(ours(threshold, "count") == theirs);
        let theirs = odiff(&program, &files, case.permille, true);
        same_antialias += u32::from(ours(threshold, "ignore") == theirs);
    }
    assert!(differing > PAIRS / 2, "only {differing} pairs differ, so that little was held against the peer");
    eprintln!(
        "{differing} of {PAIRS} pairs differ; {same} by the same counts, {same_antialias} where anti-aliasing is ignored"
    );
}
