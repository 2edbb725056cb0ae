//! What somebody does to the file behind the store's back is found, named by goal and place.

use rusqlite::Connection;

use super::*;

/// A store with two goals: the first has five events and a command that the fourth answers.
fn written() -> OnDisk {
    let place = OnDisk::new();
    let store = place.open();
    let lease = owned(&store, 1);
    owned(&store, 2);
    store.send(goal_id(1), &new_command(1)).expect("sends");
    let answer = NewEvent { answers: Some(command_id(1)), blobs: vec![digest(1)], ..event("fourth") };
    append(&store, lease, 1, &[event("second"), event("third"), answer, event("fifth")]).expect("appends");
    place
}

/// Edits the file as somebody would who knows SQLite and not the chain.
fn edit(place: &OnDisk, sql: &str) {
    let connection = Connection::open(place.database()).expect("opens");
    let triggers = "DROP TRIGGER events_are_not_edited; DROP TRIGGER events_stay; DROP TRIGGER goals_stay;
        DROP TRIGGER inbox_is_answered_once; DROP TRIGGER inbox_stays; PRAGMA foreign_keys = OFF;
        PRAGMA ignore_check_constraints = ON;";
    connection.execute_batch(triggers).expect("drops");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn found(sql: &str) -> Vec<(Option<u64>, Flaw)> {
    let place = written();
    edit(&place, sql);
    let store = place.open();
    let all = store.verify(None).expect("reads");
    assert_eq!(all.more, 0);
    assert_eq!(all.is_sound(), all.damages.is_empty());
    assert!(all.damages.iter().all(|damage| damage.goal == goal_id(1)), "{all:?}");
    if let Ok(one) = store.verify(Some(goal_id(1))) {
        assert_eq!(one.damages, all.damages, "one goal is read as all are");
    }
    all.damages.into_iter().map(|damage| (damage.seq, damage.flaw)).collect()
}

const ONE: &str = "goal = x'01010101010101010101010101010101'";

#[test]
fn what_is_untouched_is_sound() {
    assert_eq!(found("SELECT 1"), []);
}

#[test]
fn an_edited_event_is_found_at_its_place() {
    let edits = [
        "body = CAST('{}' AS BLOB)",
        "actor = 'owner'",
        "at = 5",
        "version = 2",
        "hash = zeroblob(32)",
        "blobs = zeroblob(32)",
        "answers = zeroblob(16)",
        "epoch = 2",
    ];
    for edit in edits {
        let found = found(&format!("UPDATE events SET {edit} WHERE {ONE} AND seq = 3"));
        assert_eq!(found.first().map(|(seq, _)| *seq), Some(Some(3)), "{edit}: {found:?}");
    }
    let link = |edit: &str| found(&format!("UPDATE events SET {edit} WHERE {ONE} AND seq = 3"));
    assert_eq!(link("body = CAST('{}' AS BLOB)"), [(Some(3), Flaw::Link)], "told once");
    let epoch = Flaw::Epoch { epoch: 1, before: 2 };
    assert_eq!(link("epoch = 2"), [(Some(3), Flaw::Link), (Some(4), epoch)]);
}

#[test]
fn a_missing_event_is_found() {
    let middle = found(&format!("DELETE FROM events WHERE {ONE} AND seq = 3"));
    assert_eq!(middle, [(Some(4), Flaw::Gap { after: 2 })]);
    let first = found(&format!("DELETE FROM events WHERE {ONE} AND seq = 1"));
    assert_eq!(first, [(Some(2), Flaw::Gap { after: 0 })]);
    let tail = found(&format!("DELETE FROM events WHERE {ONE} AND seq = 5"));
    assert_eq!(tail, [(None, Flaw::HeadSeq { head: 5, found: 4 })]);
    let answer = found(&format!("DELETE FROM events WHERE {ONE} AND seq >= 4"));
    let expected = [(None, Flaw::HeadSeq { head: 5, found: 3 }), (Some(4), Flaw::Answer(command_id(1)))];
    assert_eq!(answer, expected);
    let every = found(&format!("DELETE FROM events WHERE {ONE}"));
    assert_eq!(every[0], (None, Flaw::HeadSeq { head: 5, found: 0 }));
}

#[test]
fn swapped_events_are_found() {
    let swapped = found(&format!(
        "UPDATE events SET seq = 99 WHERE {ONE} AND seq = 2; UPDATE events SET seq = 2 WHERE {ONE} AND seq = 3;
         UPDATE events SET seq = 3 WHERE {ONE} AND seq = 99;"
    ));
    assert_eq!(swapped, [(Some(2), Flaw::Link), (Some(3), Flaw::Link), (Some(4), Flaw::Link)]);
}

#[test]
fn a_head_that_disagrees_is_found() {
    let change = |set: &str| found(&format!("UPDATE goals SET {set} WHERE {ONE}"));
    let seal = || (None, Flaw::HeadSeal);
    assert_eq!(change("body = CAST('{\"state\":\"complete\"}' AS BLOB)"), [seal()]);
    assert_eq!(change("seq = 4"), [(None, Flaw::HeadSeq { head: 4, found: 5 }), seal()]);
    assert_eq!(change("hash = zeroblob(32)"), [(None, Flaw::HeadLink), seal()]);
    // What never changes about a goal is part of its first link.
    for set in
        ["workspace = '/elsewhere'", "contract = '/other.toml'", "thread = zeroblob(16)", "created = 1"]
    {
        assert_eq!(change(set), [(Some(1), Flaw::Link)], "{set}");
    }
    let orphaned = found(&format!("DELETE FROM goals WHERE {ONE}"));
    assert_eq!(orphaned, [(None, Flaw::NoGoal)]);
}

#[test]
fn an_answer_that_nobody_gave_is_found() {
    let forged = found("UPDATE inbox SET answered = 2");
    assert_eq!(forged, [(Some(2), Flaw::Answer(command_id(1)))]);
}

/// A goal that is folded meets the damage before anything is decided on it.
#[test]
fn a_damaged_log_is_not_read_past_its_damage() {
    let place = written();
    edit(&place, &format!("UPDATE events SET body = CAST('{{}}' AS BLOB) WHERE {ONE} AND seq = 3"));
    let store = place.open();
    assert_eq!(store.events(goal_id(1), 0, 2).expect("is sound so far").len(), 2);
    for after in [0, 2] {
        let refused = store.events(goal_id(1), after, 10);
        let damage = Damage { goal: goal_id(1), seq: Some(3), flaw: Flaw::Link };
        assert!(matches!(&refused, Err(Error::Damaged(found)) if *found == damage), "{refused:?}");
    }
    let text = store.events(goal_id(1), 0, 10).expect_err("is damaged").to_string();
    let expected = format!(
        "the store is damaged: goal `{}`, event 3: the event does not fit its link of the chain",
        "01".repeat(16)
    );
    assert_eq!(text, expected);
}

#[test]
fn a_damaged_snapshot_is_none() {
    let place = written();
    let store = place.open();
    let end = store.head(goal_id(1)).expect("is there");
    let snapshot = Snapshot { seq: 5, hash: end.hash, version: 1, body: b"{\"turns\":5}".to_vec() };
    for set in ["body = CAST('{\"turns\":0}' AS BLOB)", "seq = 4", "version = 2", "hash = zeroblob(32)"] {
        store.put_snapshot(goal_id(1), &snapshot).expect("stores");
        assert_eq!(store.snapshot(goal_id(1)).expect("reads"), Some(snapshot.clone()));
        let connection = Connection::open(place.database()).expect("opens");
        assert_eq!(connection.execute(&format!("UPDATE snapshots SET {set}"), []), Ok(1));
        assert_eq!(store.snapshot(goal_id(1)).expect("reads"), None, "{set}");
    }
    assert_eq!(store.events(goal_id(1), 0, 10).expect("falls back to them").len(), 5);
}

/// The triggers stop whoever does not mean it.
#[test]
fn accidents_are_stopped() {
    let place = written();
    let connection = Connection::open(place.database()).expect("opens");
    let accidents = [
        ("UPDATE events SET at = 0", "an event is never edited"),
        ("DELETE FROM events", "an event is never deleted"),
        ("DELETE FROM goals", "a goal keeps its history"),
        ("UPDATE inbox SET answered = NULL", "a command is answered once"),
        ("DELETE FROM inbox", "a command stays"),
    ];
    for (sql, why) in accidents {
        let refused = connection.execute(sql, []).expect_err("is stopped").to_string();
        assert_eq!(refused, why, "{sql}");
    }
}

/// A report has an end, whatever somebody did.
#[test]
fn a_report_has_an_end() {
    let place = OnDisk::new();
    let store = place.open();
    let lease = owned(&store, 1);
    for step in 0..5 {
        append(&store, lease, 1 + step * 256, &vec![event("x"); 256]).expect("appends");
    }
    edit(&place, "UPDATE events SET body = CAST('[]' AS BLOB)");
    let report = store.verify(None).expect("reads");
    assert_eq!((report.events, report.damages.len(), report.more), (1281, limits::DAMAGES_MAX, 281));
}
