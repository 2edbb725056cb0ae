//! The room from the outside: what it recognises, what it writes, and what it refuses to be led into.

mod detection;
mod golden;
mod hostile;
mod made;
mod members;
mod screens;
