//! What was found out about an agent on this machine before it is used, as data for whoever shows it.
//!
//! Nothing is mended here, and no model is asked.

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// One line, made safe to show.
    pub detail: String,
    /// What its owner can do about it; absent where nothing is to be done.
    pub hint: Option<&'static str>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, or may work, with less than it could.
    Doubtful,
    /// Turns will fail.
    Bad,
}
