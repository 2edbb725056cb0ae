//! Goals: contracts that are kept alive across the turns of an agent.
//!
//! [`drive`] is the loop: choose, step, persist, perform. It decides nothing: what follows from an input is the
//! business of core, and it is written down before anything is done about it.

mod caller;
mod command;
mod drive;
mod edit;
mod journal;
mod keeper;
mod list;
mod run;
mod site;
mod turn;
mod verify;
mod world;

pub use caller::refuse_descendants;
pub use command::Told;
pub use drive::{Driven, Drivers, Manner, Notice, Observer, drive};
pub use journal::{Entry, Journal, Trouble, create, for_each, load};
pub use keeper::{Desk, Keeper, Order, Orders};
pub use list::{Listed, Replayed};
pub use run::{Running, Started};
pub(crate) use site::ASSESSMENT_BYTES_MAX;
pub use verify::{Damage, Place, Verified};
pub use world::{Assess, Look, World};
