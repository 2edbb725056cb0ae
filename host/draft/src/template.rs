//! The kinds of goals that a draft can be made for.

/// What the goal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// A command gets faster and stays correct.
    Performance,
    /// The code moves, every test that passed still passes.
    Migration,
    /// Tests that sometimes fail stop doing so.
    Flaky,
    /// A figure is reached by experiments.
    Research,
    /// One named test that shows a bug passes.
    Bugfix,
}

impl Template {
    /// Every template, as a person sees them.
    pub const ALL: &[Self] = &[Self::Performance, Self::Migration, Self::Flaky, Self::Research, Self::Bugfix];

    /// As a person writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::Migration => "migration",
            Self::Flaky => "flaky",
            Self::Research => "research",
            Self::Bugfix => "bugfix",
        }
    }

    /// The template of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|template| template.name() == name)
    }
}
