//! Tells a story: gives its inputs to a goal and writes down what follows.
//!
//! A story has a head of comments, a line `contract` with the terms, and lines that begin with `> `, one input
//! each. Lines that begin with two blanks are what follows, and are written by `BLESS=1`: the rule that
//! decided, events with who caused them, `do` before an action, `=` before the goal where it changed.
//!
//! - `tick` with what is known beside the goal: `idle= silent= probe= look= wall=`, `lost busy impatient`
//! - `begin`, `taken`, `used`, `ended tree= calls= interrupted failed=CLASS -- CLAIM`, `not-begun`, `looked-up`
//! - `assessed CLAUSE=pass|fail|undecided|asserted f=FINGERPRINT,...` for what the last tick asked
//! - `asked ID -- COMMAND`, `withdrawn`, `planning`, `looked`, `probed`, `storage`, and the owner's commands
//! - `report` shows the report; `repeat N: INPUT; INPUT` gives the inputs N times and tells the last round

use evident_core::agent::{Act, Ask, Capabilities, Ending, Failure, FailureClass, Usage};
use evident_core::evidence::Timestamp;
use evident_core::goal::claim::Wait;
use evident_core::goal::continuation::Facts;
use evident_core::goal::event::{Event, Recorded, Scope, TurnKind, Why};
use evident_core::goal::prompt::{PROMPT_BYTES_MAX, prompt};
use evident_core::goal::report::report;
use evident_core::goal::state::{Actor, State};
use evident_core::goal::step::{Action, Command, Input, step};
use evident_core::goal::{Goal, replay};

use crate::built::{self, Before, digest, milliseconds};
use crate::read::Words;
use crate::show;

/// Begins every line that is not of the story but of what follows.
pub(crate) const TOLD: &str = "  ";

/// A goal in the middle of its story.
pub(crate) struct Player {
    pub(crate) goal: Goal,
    log: Vec<Recorded>,
    begin: Option<TurnKind>,
    assess: Option<(Why, Scope)>,
    shown: String,
}

/// The story with what follows under each of its inputs.
pub(crate) fn tell(story: &str) -> Result<String, String> {
    let mut told = String::new();
    let mut player: Option<Player> = None;
    for line in story.lines().filter(|line| !line.starts_with(TOLD)) {
        told += line;
        told.push('\n');
        if let Some(contract) = line.strip_prefix("contract ") {
            let mut words = Words::of(contract);
            player = Some(Player::new(&mut words));
            words.end()?;
        } else if let Some(input) = line.strip_prefix("> ") {
            let player = player.as_mut().ok_or("a story begins with its contract")?;
            for line in player.play(input).map_err(|problem| format!("`{input}`: {problem}"))? {
                told += &format!("{TOLD}{line}\n");
            }
        } else if !line.starts_with('#') && !line.is_empty() {
            return Err(format!("`{line}` is not a line of a story"));
        }
    }
    player.ok_or("a story begins with its contract")?.prove();
    Ok(told)
}

impl Player {
    pub(crate) fn new(words: &mut Words) -> Self {
        let first = built::created(built::terms(words));
        let goal = Goal::create(&first).expect("a goal is created");
        Self { goal, log: vec![first], begin: None, assess: None, shown: String::new() }
    }

    /// What follows from one line; several with `repeat N:` before and `;` between them, of which the last
    /// round is told.
    pub(crate) fn play(&mut self, line: &str) -> Result<Vec<String>, String> {
        let Some((times, lines)) = line.strip_prefix("repeat ").and_then(|rest| rest.split_once(": ")) else {
            return self.play_one(line);
        };
        let times: usize = times.parse().map_err(|_| "how often?")?;
        let mut told = Vec::new();
        for _ in 0..times {
            told = vec![format!("the last of {times} rounds:")];
            for line in lines.split("; ") {
                told.extend(self.play_one(line)?);
            }
        }
        Ok(told)
    }

    fn play_one(&mut self, line: &str) -> Result<Vec<String>, String> {
        let mut words = Words::of(line);
        let verb = words.next().ok_or("what?")?;
        if verb == "report" {
            words.end()?;
            return Ok(self.reported());
        }
        let input = self.input(&verb, &mut words)?;
        words.end()?;
        let mut told = self.give(&input);
        let shown = show::goal(&self.goal);
        if shown != self.shown {
            told.push(format!("= {shown}"));
            self.shown = shown;
        }
        if told.is_empty() {
            told.push("nothing".into());
        }
        Ok(told)
    }

    /// Steps, folds, and gives what to tell.
    pub(crate) fn give(&mut self, input: &Input) -> Vec<String> {
        let step = match step(&self.goal, input) {
            Ok(step) => step,
            Err(refusal) => return vec![format!("refused: {refusal}")],
        };
        let mut told: Vec<String> =
            step.rule.map(|rule| format!("rule {}", rule.word())).into_iter().collect();
        for (actor, event) in step.events {
            told.push(show::event(actor, &event));
            self.fold(actor, event);
        }
        for action in step.actions {
            told.push(format!("do {}", show::action(&action)));
            match action {
                Action::Begin(kind) => self.begin = Some(kind),
                Action::Assess(why, scope) => self.assess = Some((why, scope)),
                _ => {}
            }
        }
        told
    }

    fn fold(&mut self, actor: Actor, event: Event) {
        let seq = self.goal.seq + 1;
        let recorded = Recorded::new(seq, Timestamp(seq), actor, event);
        let identity = |goal: &Goal| (goal.id.clone(), goal.thread.clone(), goal.created);
        let before = identity(&self.goal);
        self.goal.fold(&recorded).unwrap_or_else(|illegal| panic!("{illegal}: {:?}", recorded.event));
        assert_eq!(identity(&self.goal), before, "no event makes another goal of it");
        self.log.push(recorded);
        let is_stop = !matches!(self.goal.state, State::Active);
        assert!(!is_stop || !self.goal.detail.is_empty(), "{} has no reason", self.goal.state);
        for kind in [TurnKind::First, TurnKind::Continuation, TurnKind::Message, TurnKind::WrapUp] {
            assert!(prompt(&self.goal, None, kind).len() <= PROMPT_BYTES_MAX, "a prompt is too large");
        }
    }

    /// The log gives the same goal again, and both survive their stored form.
    pub(crate) fn prove(&self) {
        let stored = serde_json::to_string(&self.log).expect("has a JSON form");
        let log: Vec<Recorded> = serde_json::from_str(&stored).expect("is read again");
        assert_eq!(log, self.log);
        assert_eq!(replay(&log).expect("is legal").as_ref(), Some(&self.goal));
        let goal = serde_json::to_string(&self.goal).expect("has a JSON form");
        assert_eq!(serde_json::from_str::<Goal>(&goal).expect("is read again"), self.goal);
    }

    fn reported(&self) -> Vec<String> {
        let report = report(&self.goal);
        let names = |clauses: &[evident_core::goal::event::ClauseResult]| {
            clauses.iter().map(|clause| clause.name.clone()).collect::<Vec<_>>().join(", ")
        };
        let mut told = vec![
            format!("{}: {}", report.state, report.detail),
            format!("current: {}", report.current),
            format!("proven: {}", names(&report.proven)),
            format!("asserted: {}", names(&report.asserted)),
            format!("not proven: {}", names(&report.not_proven)),
            format!("held before any work: {}", report.held_before.join(", ")),
        ];
        for line in report.budget.iter().filter(|line| line.limit.is_some()) {
            let known = if line.known { "" } else { " unknown" };
            told.push(format!("budget: {} {} of {}{known}", line.name, line.used, line.limit.unwrap_or(0)));
        }
        told.extend(report.needed.iter().map(|needed| format!("needed: {needed}")));
        told.extend(report.about_contract.iter().map(|note| format!("contract: {note}")));
        told
    }

    fn input(&self, verb: &str, words: &mut Words) -> Result<Input, String> {
        Ok(match verb {
            "tick" => Input::Tick(self.facts(words)),
            "attach" => attach(words),
            "begin" => {
                let kind = self.begin.ok_or("nothing is to begin")?;
                Input::Beginning { kind, prompt: digest("prompt") }
            }
            "taken" => Input::Taken { session: Some("session".into()), agent_turn: None, process: Some(7) },
            "used" => used(words),
            "asked" => asked(words)?,
            "withdrawn" => Input::Withdrawn(words.next().ok_or("which?")?),
            "planning" => Input::Planning(words.next().as_deref() == Some("on")),
            "ended" => self.ended(words)?,
            "not-begun" => Input::NotBegun(failure(words)?),
            "looked-up" => Input::LookedUp { unsent: words.flag("unsent") },
            "assessed" => self.assessed(words)?,
            "looked" => Input::Looked {
                wait_ms: milliseconds(&words.next().ok_or("how long?")?),
                mark: words.take("mark"),
                fired: words.flag("fired").then(|| "it is there".to_owned()),
            },
            "probed" => Input::Probed(if words.flag("ok") { Ok(()) } else { Err("still away".into()) }),
            "storage" => Input::StorageFailed(words.text.take().unwrap_or_default()),
            command => Input::Command(self.command(command, words)?),
        })
    }

    fn facts(&self, words: &mut Words) -> Facts {
        let time = |words: &mut Words, name: &str, usual: u64| {
            words.take(name).map_or(usual, |text| milliseconds(&text))
        };
        let wall = time(words, "wall", 0);
        Facts {
            wall: Timestamp(wall),
            // A story that does not care about back-off waited long enough.
            idle_ms: time(words, "idle", 3_600_000),
            silent_ms: time(words, "silent", 0),
            probe_ms: time(words, "probe", 0),
            look_ms: time(words, "look", 0),
            live: self.goal.turn.is_some() && !words.flag("lost"),
            busy: words.flag("busy"),
            patient: !words.flag("impatient"),
        }
    }

    fn ended(&self, words: &mut Words) -> Result<Input, String> {
        let ending = match words.take("failed") {
            Some(_) if words.flag("interrupted") => return Err("interrupted or failed?".into()),
            Some(class) => Ending::Failed(failure_of(&class, words)?),
            None if words.flag("interrupted") => Ending::Interrupted,
            None => Ending::Completed,
        };
        let tree = words.take("tree").map(|tree| digest(&tree)).or(self.goal.tree).ok_or("which tree?")?;
        let calls = words.take("calls").map(|calls| calls.parse().expect("a number"));
        let message =
            words.text.take().map(|claim| format!("```evident\n{claim}\n```\n")).unwrap_or_default();
        Ok(Input::Ended { ending, message, stored: None, tree, tool_calls: calls })
    }

    fn assessed(&self, words: &mut Words) -> Result<Input, String> {
        let (why, scope) = self.assess.ok_or("nothing is to be assessed")?;
        let scope = if words.flag("constraints-only") { Scope::Constraints } else { scope };
        let before =
            Before { tree: self.goal.tree.unwrap_or_else(|| digest("start")), contract: self.goal.contract };
        let superseded = words.flag("superseded");
        let assessed = built::assessed(words, &self.goal.terms, why, scope, &before);
        Ok(Input::Assessed { assessed: Box::new(assessed), superseded })
    }

    fn command(&self, verb: &str, words: &mut Words) -> Result<Command, String> {
        Ok(match verb {
            "pause" => Command::Pause { now: words.flag("now") },
            "resume" => Command::Resume,
            "say" => Command::Say {
                text: match words.take("bytes") {
                    Some(bytes) => "long ".repeat(bytes.parse::<usize>().expect("a number") / 5),
                    None => words.text.take().unwrap_or_default(),
                },
            },
            "edit" => Command::Edit {
                contract: digest(
                    &words.take("as").unwrap_or_else(|| format!("revision{}", self.goal.revision)),
                ),
                objective: "Tell it better.".into(),
                terms: Box::new(built::terms(words)),
            },
            "wake" => Command::Wake { wait: wait(words) },
            "approve" => Command::Approve { ask: words.next() },
            "deny" => Command::Deny { ask: words.next(), why: "not now".into() },
            "clear" => Command::Clear,
            _ => return Err("is not an input".into()),
        })
    }
}

fn wait(words: &mut Words) -> Option<Wait> {
    let wait = Wait {
        wake: words.take("wake"),
        at: words.take("at"),
        files: words.take("files").into_iter().collect(),
        pid_file: words.take("pid_file"),
        source: words.take("source"),
        every: words.take("every"),
        until: words.take("until"),
    };
    (wait != Wait::default()).then_some(wait)
}

fn attach(words: &mut Words) -> Input {
    let can = words.take("can").unwrap_or_else(|| "tool_calls,tokens,cost".into());
    let has = |name: &str| can.split(',').any(|can| can == name);
    Input::Attached(Event::Attached {
        process: 1,
        driver: words.take("driver").unwrap_or_else(|| "scripted".into()),
        capabilities: Capabilities {
            tool_calls: has("tool_calls"),
            tokens: has("tokens"),
            cost: has("cost"),
            looks_up: has("looks_up"),
            resumes: !has("forgets"),
            ..Capabilities::default()
        },
        assurance: "L0".into(),
    })
}

fn used(words: &mut Words) -> Input {
    let number =
        |words: &mut Words, name: &str| words.take(name).map_or(0, |text| text.parse().expect("a number"));
    let usage = Usage {
        tool_calls: number(words, "calls"),
        input_tokens: number(words, "input"),
        cached_input_tokens: number(words, "cached"),
        output_tokens: number(words, "output"),
        cost_microusd: number(words, "cost"),
    };
    Input::Used(usage, words.take("wall").map_or(0, |text| milliseconds(&text)))
}

fn asked(words: &mut Words) -> Result<Input, String> {
    let id = words.next().ok_or("which?")?;
    let attended = !words.flag("headless");
    let act = Act::Command(words.text.take().ok_or("for what?")?);
    Ok(Input::Asked { ask: Ask { id, act, explanation: None }, matched: Vec::new(), attended })
}

fn failure(words: &mut Words) -> Result<Failure, String> {
    let class = words.next().ok_or("which failure?")?;
    failure_of(&class, words)
}

fn failure_of(class: &str, words: &mut Words) -> Result<Failure, String> {
    let known = FailureClass::ALL.iter().find(|known| known.word() == class);
    let mut failure = Failure::new(*known.ok_or("is not a class of failure")?, format!("it is {class}"));
    failure.until = words.take("until").map(|until| Timestamp(milliseconds(&until)));
    Ok(failure)
}
