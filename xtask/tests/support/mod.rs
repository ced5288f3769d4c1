//! Small workspaces that build without network, the program run on them, and what it left behind.

mod fixture;
#[cfg(unix)]
pub(crate) mod hostile;
mod optimized;
mod run;
#[cfg(target_os = "linux")]
mod stand_ins;
#[cfg(target_os = "linux")]
mod started;
mod tree;

pub(crate) use fixture::Fixture;
pub(crate) use run::{Run, unfolded};
#[cfg(target_os = "linux")]
pub(crate) use stand_ins::StandIns;
#[cfg(target_os = "linux")]
pub(crate) use started::{Started, To};
pub(crate) use tree::{Tree, assert_same, tree};
