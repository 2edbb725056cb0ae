//! Names the formats that this checker does not read, so that a person knows what to convert.
//!
//! A name is a guess for the message alone. It never makes anything readable.

use super::shape::Shape;

/// Bytes from the beginning in which a text shows what it is.
const TEXT_BYTES: usize = 64 * 1024;

/// The name of a JSON format that is known not to be read.
pub(super) fn json(shape: &Shape) -> Option<&'static str> {
    let first = shape.first();
    let first_has = |key: &str| first.is_some_and(|first| first.has(key));
    let has = |key: &str| shape.has(key);
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    Some(match () {
        () if all(&["context", "benchmarks"]) => "google-benchmark JSON",
        () if all(&["machine_info", "benchmarks"]) => "pytest-benchmark JSON",
        () if first_has("jmhVersion") || first_has("primaryMetric") => "JMH JSON",
        () if all(&["Mean", "Median"]) || (all(&["mean", "median"]) && has("median_abs_dev")) => {
            "criterion estimates"
        }
        () if all(&["iters", "times"]) || first.is_some_and(|first| matches!(first, Shape::List(_))) => {
            "criterion samples"
        }
        () if has("root_group") || (all(&["metrics"]) && has("state")) => "a k6 summary",
        () if all(&["latencies", "rate", "throughput"]) => "a vegeta report",
        () if all(&["Action", "Package"]) => "go test JSON events",
        () if all(&["HostEnvironmentInfo", "Benchmarks"]) => "BenchmarkDotNet JSON",
        () => return None,
    })
}

/// The name of a text format.
pub(super) fn text(bytes: &[u8]) -> &'static str {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_BYTES)]);
    match head {
        _ if head.contains('\0') => "binary data or UTF-16 text",
        _ if head.contains("ns/op") && head.contains("Benchmark") => "go bench text",
        _ if head.contains("... bench:") => "libtest bench text",
        _ if head.contains("time:   [") => "criterion text",
        _ if head.starts_with("command,mean,") => "hyperfine CSV (use `--export-json`)",
        _ if head.contains("sec/op") => "benchstat output",
        _ if head.starts_with('<') => "XML or HTML",
        _ => "text that is not JSON",
    }
}
