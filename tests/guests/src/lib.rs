//! What guests share: the frame of a checker and the WASI imports. Nothing here misbehaves.
#![cfg(target_family = "wasm")]

pub use evident_checker;
pub use evident_checker::component::bindings;

/// A checker with one optional slot `file` that a pass must have read whole, no config, and a closure of
/// evidence and sink as its check.
#[macro_export]
macro_rules! guest {
    ($id:literal, $check:expr) => {
        struct Guest;

        impl $crate::evident_checker::Checker for Guest {
            type Settings = ();

            fn describe() -> $crate::evident_checker::Description {
                $crate::evident_checker::Description::new($id, "0.1.0", "Misbehaves")
                    .slot($crate::evident_checker::Slot::new("file", "anything").optional())
            }

            fn configure(_: &mut $crate::evident_checker::Config) {}

            fn check(
                (): (),
                evidence: &$crate::evident_checker::Evidence,
                sink: &mut dyn $crate::evident_checker::Sink,
            ) -> Result<$crate::evident_checker::Outcome, $crate::evident_checker::Error> {
                let check: fn(
                    &$crate::evident_checker::Evidence,
                    &mut dyn $crate::evident_checker::Sink,
                )
                    -> Result<$crate::evident_checker::Outcome, $crate::evident_checker::Error> = $check;
                check(evidence, sink)
            }
        }

        $crate::evident_checker::export!(Guest);
    };
}

/// A checker below the SDK: the descriptor and the answer in the words of the bindings.
#[macro_export]
macro_rules! raw_guest {
    ($describe:expr, $check:expr) => {
        use $crate::bindings::exports::evident::checker::checker as exported;

        struct Raw;

        impl exported::Guest for Raw {
            fn describe() -> exported::Descriptor {
                $describe
            }

            fn validate(_: String) -> Vec<exported::Problem> {
                Vec::new()
            }

            fn check(_: String) -> Result<$crate::bindings::evident::checker::types::Outcome, String> {
                let check: fn() -> $crate::bindings::evident::checker::types::Outcome = $check;
                Ok(check())
            }
        }

        const _: () = {
            type Exported = Raw;
    $crate::bindings::export_checker!(Exported with_types_in $crate::bindings);
        };
    };
}

/// A descriptor without fault.
pub fn descriptor(id: &str) -> bindings::exports::evident::checker::checker::Descriptor {
    bindings::exports::evident::checker::checker::Descriptor {
        id: id.into(),
        version: "0.1.0".into(),
        title: "Misbehaves".into(),
        config_schema: "{}".into(),
        slots: Vec::new(),
    }
}

/// A slot without fault.
pub fn slot(name: &str) -> bindings::exports::evident::checker::checker::Slot {
    bindings::exports::evident::checker::checker::Slot {
        name: name.into(),
        title: "anything".into(),
        required: false,
        many: true,
        trusted: false,
        read: bindings::exports::evident::checker::checker::Read::Some,
        media_types: Vec::new(),
    }
}

/// Every artifact of a slot, one after the other.
pub fn bound(slot: &str) -> impl Iterator<Item = bindings::evident::checker::evidence::Artifact> {
    use bindings::evident::checker::evidence;
    (0..evidence::count(slot)).map_while(move |index| evidence::open(slot, index))
}

/// A pass of the bindings over one unit.
pub fn pass(summary: String) -> bindings::evident::checker::types::Outcome {
    use bindings::evident::checker::types::{Examined, Outcome, Status};
    let examined = Examined { count: 1, unit: "units".into() };
    Outcome { status: Status::Pass, summary, examined, metrics: Vec::new() }
}

/// WASI 0.2 as far as guests use it. A guest imports only what it calls.
pub mod wasi {
    wit_bindgen::generate!({
        inline: r#"
            package evident:guests;

            world effects {
                import wasi:cli/environment@0.2.0;
                import wasi:cli/exit@0.2.0;
                import wasi:cli/stdout@0.2.0;
                import wasi:clocks/wall-clock@0.2.0;
                import wasi:clocks/monotonic-clock@0.2.0;
                import wasi:random/random@0.2.0;
                import wasi:sockets/instance-network@0.2.0;
                import wasi:http/types@0.2.0;
                import evil:corporation/backdoor@1.0.0;
            }

            package wasi:cli@0.2.0 {
                interface environment {
                    get-environment: func() -> list<tuple<string, string>>;
                    get-arguments: func() -> list<string>;
                    initial-cwd: func() -> option<string>;
                }
                interface exit {
                    exit: func(status: result);
                }
                interface stdout {
                    use wasi:io/streams@0.2.0.{output-stream};
                    get-stdout: func() -> output-stream;
                }
            }

            package wasi:io@0.2.0 {
                interface error {
                    resource error;
                }
                interface poll {
                    resource pollable {
                        block: func();
                    }
                    poll: func(in: list<borrow<pollable>>) -> list<u32>;
                }
                interface streams {
                    use error.{error};
                    use poll.{pollable};
                    variant stream-error {
                        last-operation-failed(error),
                        closed,
                    }
                    resource output-stream {
                        write: func(contents: list<u8>) -> result<_, stream-error>;
                        subscribe: func() -> pollable;
                        blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
                    }
                }
            }

            package wasi:clocks@0.2.0 {
                interface wall-clock {
                    record datetime {
                        seconds: u64,
                        nanoseconds: u32,
                    }
                    now: func() -> datetime;
                }
                interface monotonic-clock {
                    use wasi:io/poll@0.2.0.{pollable};
                    now: func() -> u64;
                    subscribe-duration: func(when: u64) -> pollable;
                }
            }

            package wasi:random@0.2.0 {
                interface random {
                    get-random-bytes: func(len: u64) -> list<u8>;
                    get-random-u64: func() -> u64;
                }
            }

            package wasi:sockets@0.2.0 {
                interface instance-network {
                    instance-network: func() -> u32;
                }
            }

            package wasi:http@0.2.0 {
                interface types {
                    resource fields {
                        constructor();
                    }
                }
            }

            package evil:corporation@1.0.0 {
                interface backdoor {
                    open: func();
                }
            }
        "#,
        world: "evident:guests/effects",
        generate_all,
    });
}
