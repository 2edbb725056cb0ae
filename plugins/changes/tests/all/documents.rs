//! What makes the host's document unbelievable.

use super::{
    ANYTHING, CONTRADICTION, Checked, LIMIT, MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, document, judged,
    one, row, text,
};

fn three() -> String {
    document(&[row("a", "added", &text(&["x", "y"], 0)), row("b", "modified", ""), row("c/d", "removed", "")])
}

#[test]
fn a_document_is_whole_or_malformed() {
    let whole = three();
    assert_eq!(one(ANYTHING, &whole).verdict(), Verdict::Pass);
    let lines: Vec<&str> = whole.lines().collect();
    let of = |order: &[usize]| order.iter().map(|at| format!("{}\n", lines[*at])).collect::<String>();
    for (text, verdict) in [
        (of(&[0, 1, 2, 3]), MALFORMED),
        (of(&[0, 1, 2, 4]), MALFORMED),
        (of(&[0, 1, 3, 2, 4]), MALFORMED),
        (of(&[0, 1, 1, 2, 4]), MALFORMED),
        (of(&[0, 1, 2, 3, 4, 4]), MALFORMED),
        (of(&[0, 1, 2, 3, 4, 1]), MALFORMED),
        (of(&[0, 0, 1, 2, 3, 4]), MALFORMED),
        (of(&[1, 2, 3, 4]), MALFORMED),
        (of(&[4]), MALFORMED),
        (format!("{whole}\n"), MALFORMED),
        (format!("\n{whole}"), MALFORMED),
        (whole.replacen('\n', "\n\n", 1), MALFORMED),
        (whole.replace("\"end\":true", "\"end\":false"), MALFORMED),
        (whole.replace("\"changes\":3", "\"changes\":4"), MALFORMED),
        (whole.replace("\"changes\":3", "\"changes\":3,\"changes\":3"), MALFORMED),
        (whole.replace("\"changes\":3", "\"changes\":3,\"more\":1"), MALFORMED),
        (whole.replace("\"compared\":10", "\"compared\":8"), MALFORMED),
        (whole.replace("\"compared\":10", "\"compared\":10,\"compared\":10"), MALFORMED),
        (whole.replace("\"compared\":10", "\"compared\":10,\"more\":1"), MALFORMED),
        (whole.replace("\"files\":9}", "\"files\":9,\"more\":1}"), MALFORMED),
        (whole.replace("\"version\":1", "\"version\":2"), UNSUPPORTED),
        (whole.replace("\"version\":1", "\"version\":2,\"more\":1"), UNSUPPORTED),
        (whole.replace("\"version\":1", "\"version\":\"1\""), MALFORMED),
        (whole.replace("evident-changes", "other"), UNSUPPORTED),
        (whole.replace("\"digest\":\"w\"", "\"digest\":\"s\""), CONTRADICTION),
        (document(&[]).replacen("\"digest\":\"s\"", "\"digest\":\"w\"", 1), CONTRADICTION),
        ("{}\n".into(), MALFORMED),
        ("[]\n".into(), UNSUPPORTED),
        ("\u{feff}".to_owned() + &whole, UNSUPPORTED),
    ] {
        let checked = one(ANYTHING, &text);
        let start: String = text.chars().take(300).collect();
        assert_eq!(checked.verdict(), verdict, "{start}: {}", checked.outcome.summary);
    }
}

/// A document with everything that the host writes: a zero byte, which hides no line; a file whose old side is
/// too large to compare, one whose new side is; a link; a change of mode; a move.
const AS_WRITTEN: &str = r#"{"format":"evident-changes","version":1,"from":{"name":"start","digest":"sha256:01","files":6},"to":{"name":"work","digest":"sha256:02","files":6},"compared":7}
{"path":"a","change":"modified","before":{"kind":"file","size":4,"digest":"sha256:0a"},"after":{"kind":"file","size":20,"digest":"sha256:0b"},"binary":true,"lines_added":null,"lines_removed":null,"added":["\u0000","fn evil() {}","\ufffd"],"unscanned":null,"moved_from":null}
{"path":"b","change":"modified","before":{"kind":"file","size":17000000,"digest":"sha256:0c"},"after":{"kind":"file","size":2,"digest":"sha256:0d"},"binary":false,"lines_added":null,"lines_removed":null,"added":["b"],"unscanned":null,"moved_from":null}
{"path":"c","change":"modified","before":{"kind":"file","size":2,"digest":"sha256:0e"},"after":{"kind":"file","size":17000000,"digest":"sha256:0f"},"binary":false,"lines_added":null,"lines_removed":null,"added":null,"unscanned":"larger than 16 MiB","moved_from":null}
{"path":"d","change":"modified","before":{"kind":"file","size":17000000,"digest":"sha256:0e"},"after":{"kind":"executable","size":17000000,"digest":"sha256:0e"},"binary":false,"lines_added":null,"lines_removed":null,"added":null,"unscanned":"larger than 16 MiB","moved_from":null}
{"path":"e","change":"modified","before":{"kind":"symlink","size":1,"digest":"sha256:10"},"after":{"kind":"symlink","size":1,"digest":"sha256:11"},"binary":false,"lines_added":1,"lines_removed":1,"added":["x"],"unscanned":null,"moved_from":null}
{"path":"f","change":"added","before":null,"after":{"kind":"file","size":2,"digest":"sha256:12"},"binary":false,"lines_added":1,"lines_removed":0,"added":["f"],"unscanned":null,"moved_from":"g"}
{"path":"g","change":"removed","before":{"kind":"file","size":2,"digest":"sha256:12"},"after":null,"binary":false,"lines_added":0,"lines_removed":1,"added":[],"unscanned":null,"moved_from":null}
{"end":true,"changes":7}
"#;

#[test]
fn what_the_host_writes_is_read() {
    for (config, verdict, errors) in [
        (ANYTHING, Verdict::Pass, &[][..]),
        (r#"{"allow":["a","b","c","d","e","f"]}"#, Verdict::Fail, &["outside-allowed:g"]),
        (r#"{"added":["evil"]}"#, Verdict::Fail, &["added-text:evil:a"]),
        (r#"{"added":["good"],"added_paths":["a","b","d","e","f","g"]}"#, Verdict::Pass, &[]),
        (r#"{"added":["good"],"added_paths":["c"]}"#, LIMIT, &[]),
        (r#"{"max_lines":100}"#, LIMIT, &[]),
        (r#"{"kinds_denied":["mode","moved"]}"#, Verdict::Fail, &["denied-kind:d", "denied-kind:f"]),
    ] {
        let checked = one(config, AS_WRITTEN);
        assert_eq!(checked.verdict(), verdict, "{config}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config}");
    }
    assert_eq!(one(ANYTHING, AS_WRITTEN).figures(), [7, 4]);
}

#[test]
fn a_refusal_names_the_line() {
    let text = three().replace("\"modified\"", "\"bent\"");
    let summary = one(ANYTHING, &text).outcome.summary;
    assert!(summary.starts_with("line 3: unknown variant `bent`"), "{summary}");
    let text = three().replace("\"path\":\"b\"", "\"path\":\"0\"");
    assert_eq!(one(ANYTHING, &text).outcome.summary, "line 3: `0` is not in order");
}

/// Bytes decide the order, whatever a path looks like; `path_bytes` of a path that is not UTF-8 too.
#[test]
fn order_is_that_of_bytes() {
    let raw = |path: &str, bytes: &str| {
        row(path, "added", "").replacen(r#","change""#, &format!(r#","path_bytes":"{bytes}","change""#), 1)
    };
    let good = document(&[
        row("a", "added", ""),
        raw("a\u{fffd}", "61fe"),
        raw("a\u{fffd}", "61ff"),
        row("b", "added", ""),
    ]);
    assert_eq!(one(ANYTHING, &good).verdict(), Verdict::Pass);
    let twice = document(&[raw("a\u{fffd}", "61ff"), raw("a\u{fffd}", "61ff")]);
    assert_eq!(one(ANYTHING, &twice).verdict(), MALFORMED);
    // A pattern is held against the bytes, not against what is shown.
    let shown = one(r#"{"allow":["a\ufffd"]}"#, &document(&[raw("a\u{fffd}", "61ff")]));
    assert_eq!(shown.verdict(), Verdict::Fail);
}

#[test]
fn no_cut_of_a_document_passes() {
    for config in [ANYTHING, r#"{"max_files":9}"#, r#"{"added":["zzz"]}"#] {
        let whole = three();
        assert_eq!(one(config, &whole).verdict(), Verdict::Pass);
        for cut in 0..whole.len() {
            let checked: Checked = judged(config, &whole.as_bytes()[..cut], &[], &[]);
            let expected = if cut == 0 { NOT_EXAMINED } else { MALFORMED };
            assert_eq!(checked.verdict(), expected, "cut at {cut}: {}", checked.outcome.summary);
        }
    }
}

#[test]
fn a_line_beyond_the_bound_is_a_limit() {
    let long = "x".repeat(64 * 1024 * 1024);
    let text = document(&[row("a", "added", &text(&[&long], 0))]);
    assert_eq!(one(ANYTHING, &text).verdict(), LIMIT);
}
