//! `package-bloat`: unpacked directories that `cargo package` left in the target directory.

use crate::{cli::Code, plan::Change, snapshot::Snapshot, wording};

use super::Finding;

/// One finding for the whole directory; the `.crate` files are the result and stay.
pub(super) fn find(snapshot: &Snapshot) -> Vec<Finding> {
    let package = &snapshot.inventory.package;
    if package.unpacked.is_empty() {
        return Vec::new();
    }
    let bytes: u64 = package.unpacked.iter().map(|unpacked| unpacked.bytes).sum();
    let title = format!(
        "delete {} unpacked director{} ({}) in `{}`",
        package.unpacked.len(),
        if package.unpacked.len() == 1 { "y" } else { "ies" },
        wording::si_bytes(bytes),
        snapshot.target_dir.join("package").display()
    );
    let reason = format!(
        "the next `cargo package` unpacks them again; {} `.crate` files stay",
        package.crates.len()
    );
    vec![Finding::Remedy(Change::new(Code::PackageBloat, "package", title, reason))]
}
