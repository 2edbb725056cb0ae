//! Is a checker of a version that this host does not speak.

wit_bindgen::generate!({
    inline: r#"
        package evident:checker@0.2.0;
        interface checker {
            check: func(config: string) -> bool;
        }
        world checker-component {
            export checker;
        }
    "#,
});

struct Guest;

impl exports::evident::checker::checker::Guest for Guest {
    fn check(_: String) -> bool {
        true
    }
}

export!(Guest);
