//! Small JUnit reports and the contracts that judge them: sources here run in milliseconds.

use crate::workspace::Workspace;

/// A green report of one test.
pub(crate) const GREEN: &str = r#"<testsuite><testcase classname="cart" name="is_priced"/></testsuite>"#;

/// A report in which one of two tests fails.
pub(crate) const RED: &str = r#"<testsuite>
  <testcase classname="cart" name="is_priced"/>
  <testcase classname="cart" name="is_taxed"><failure message="expected 19, got 20">at cart.rs:7</failure></testcase>
</testsuite>"#;

/// The head of every contract.
pub(crate) const HEAD: &str =
    "version = 1\n\n[goal]\nname = \"cart\"\nobjective = \"Every test of the cart is green.\"\n";

/// A contract with one source `suite`, given as the lines of its table, and one criterion `correct`.
pub(crate) fn contract(source: &str) -> String {
    format!(
        "{HEAD}\n[evidence.suite]\n{source}\n\n[criteria.correct]\nchecker  = \"test-report\"\nevidence = \"suite\"\n"
    )
}

/// A contract with many sources, each with a criterion of its name.
pub(crate) fn contract_of_many<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = HEAD.to_owned();
    for (name, source) in sources {
        text += &format!(
            "\n[evidence.{name}]\n{source}\n\n[criteria.{name}]\nchecker = \"test-report\"\nevidence = \"{name}\"\n"
        );
    }
    text
}

/// A workspace whose suite prints a report.
pub(crate) fn suite(report: &str) -> Workspace {
    let workspace = Workspace::new(&contract(r#"run = ["cat", "report.xml"]"#));
    workspace.write("report.xml", report);
    workspace
}
