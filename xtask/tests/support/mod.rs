//! Small workspaces that build without network, the program run on them, and what it left behind.

mod fixture;
mod run;
#[cfg(target_os = "linux")]
mod stand_ins;
mod tree;

pub(crate) use fixture::Fixture;
pub(crate) use run::Run;
#[cfg(target_os = "linux")]
pub(crate) use stand_ins::StandIns;
pub(crate) use tree::{Tree, assert_same, tree};
