//! Is a component, but no checker.

wit_bindgen::generate!({
    inline: r#"
        package other:thing@1.0.0;
        interface greeter {
            greet: func() -> string;
        }
        world thing {
            export greeter;
        }
    "#,
});

struct Guest;

impl exports::other::thing::greeter::Guest for Guest {
    fn greet() -> String {
        "hello".into()
    }
}

export!(Guest);
