//! Small workspaces that build without network, the program run on them, and what it left behind.

mod fixture;
#[cfg(unix)]
pub(crate) mod hostile;
mod run;
mod tree;

pub(crate) use fixture::Fixture;
pub(crate) use run::Run;
pub(crate) use tree::{Tree, assert_same, tree};
