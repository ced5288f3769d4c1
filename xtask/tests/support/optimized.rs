//! A workspace whose optimisation edits, creates and removes lines in many files.

use super::{Fixture, Tree};

/// Members, each with a dependency that nothing uses.
const MEMBERS: [&str; 4] = ["a", "b", "c", "deep/er/d"];

impl Fixture {
    /// The workspace, not optimised yet.
    pub(crate) fn of_members() -> Self {
        let mut files =
            format!("-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = {MEMBERS:?}\n");
        for member in MEMBERS {
            let name = member.replace('/', "-");
            files += &format!(
                "-- {member}/Cargo.toml --\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[dependencies]\n\
                 ghoul = \"0.3\"\n-- {member}/src/lib.rs --\n"
            );
        }
        Self::new(&files)
    }

    /// The same after `optimize`, without what builds left; and what it was before.
    pub(crate) fn of_optimized_members() -> (Self, Tree) {
        let fixture = Self::of_members();
        let before = fixture.tree();
        fixture.optimized(&["--only", "unused-dependency,gitignore,cargo-config"]);
        std::fs::remove_dir_all(fixture.path("target")).unwrap();
        (fixture, before)
    }
}
