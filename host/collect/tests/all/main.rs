//! Real commands and real files in temporary folders, through the one public door.
//!
//! Every case asks which lie it would catch: evidence that is old, foreign, cut off or half written must
//! never look whole.

mod collected;
mod files;
mod fixture;
mod groups;
mod outputs;
mod runs;
mod trees;
