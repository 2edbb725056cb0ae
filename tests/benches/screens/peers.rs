//! The peers, as processes: their processor time, less that of a run over pictures of one pixel.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::pairs::{self, Pair};

/// What `node` runs: both pictures decoded by pngjs, compared by pixelmatch.
const PIXELMATCH: &str = "
import fs from 'node:fs';
const [peers, ...files] = process.argv.slice(1);
const {default: {PNG}} = await import(peers + '/pngjs/lib/png.js');
const {default: pixelmatch} = await import(peers + '/pixelmatch/index.js');
const [a, b] = files.map(file => PNG.sync.read(fs.readFileSync(file)));
console.log(pixelmatch(a.data, b.data, null, a.width, a.height));
";

/// One peer, as it is called.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    command: Vec<String>,
    /// Arguments behind the two pictures.
    options: Vec<String>,
    empty: Duration,
}

/// The peers below `EVIDENT_PEERS`; none without it.
pub(crate) fn installed() -> Vec<Peer> {
    let Some(folder) = env::var_os("EVIDENT_PEERS").map(PathBuf::from) else { return Vec::new() };
    let folder = fs::canonicalize(folder).expect("`EVIDENT_PEERS` names a folder");
    let output = env!("CARGO_TARGET_TMPDIR").to_owned() + "/peer.png";
    let odiff = binary(&folder, "@odiff", "odiff");
    let blazediff = binary(&folder, "@blazediff", "blazediff");
    let script: Vec<String> = ["node", "--input-type=module", "--eval", PIXELMATCH, "--"]
        .into_iter()
        .map(str::to_owned)
        .chain([folder.display().to_string()])
        .collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let with_output = [words(&[&output]), words(&["--aa", "--parsable-stdout"])].concat();
    let peers = [
        ("odiff", vec![odiff.clone()], words(&["--aa", "--parsable-stdout"])),
        ("odiff with its picture", vec![odiff], with_output),
        ("blazediff", vec![blazediff], words(&["--antialiasing"])),
        ("pixelmatch", script, Vec::new()),
    ];
    peers.map(|(name, command, options)| Peer::new(name, command, options)).into()
}

/// The program of the package for this platform: the launchers beside it are JavaScript.
fn binary(folder: &Path, scope: &str, name: &str) -> String {
    let packages = fs::read_dir(folder.join(scope)).unwrap_or_else(|_| panic!("`{scope}` is not installed"));
    let mut programs = packages.map(|package| package.expect("is read").path().join(name));
    let program = programs.find(|program| program.is_file());
    program.unwrap_or_else(|| panic!("`{scope}` has no program `{name}`")).display().to_string()
}

impl Peer {
    fn new(name: &'static str, command: Vec<String>, options: Vec<String>) -> Self {
        let pixel = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pixel.png");
        pairs::make(&pixel, [1, 1], &|_, _| [0, 0, 0, 255]);
        let pair = Pair { name: "one pixel", expected: pixel.clone(), actual: pixel };
        let mut peer = Self { name, command, options, empty: Duration::ZERO };
        let mut times: Vec<Duration> = (0..crate::RUNS).map(|_| peer.time(&pair)).collect();
        times.sort();
        peer.empty = times[times.len() / 2];
        peer
    }

    /// Processor time over a pair, less that of the run over one pixel.
    pub(crate) fn time(&self, pair: &Pair) -> Duration {
        // The shell measures: the standard library does not tell what a child took.
        let output = Command::new("bash")
            .args(["-c", "TIMEFORMAT='%3U %3S'; time \"$@\" >/dev/null 2>&1; exit 0", "peer"])
            .args(&self.command)
            .args([&pair.expected, &pair.actual])
            .args(&self.options)
            .output()
            .expect("bash is there");
        let text = String::from_utf8(output.stderr).expect("figures");
        let seconds = text.split_whitespace().map(|word| word.parse::<f64>().expect("seconds"));
        Duration::from_secs_f64(seconds.sum()).saturating_sub(self.empty)
    }
}
