//! `package-bloat`: unpacked directories that `cargo package` left in the target directory.
//!
//! With a build directory of its own, cargo unpacks there; what was left before lies in the target directory.

use std::{collections::BTreeSet, path::Path};

use crate::{
    cli::Code,
    plan::Change,
    record::Verdict,
    target_dir::{PackageDir, Unpacked},
    wording,
};

use super::{Finding, Pass, Scene};

pub(super) const PASS: Pass = Pass::of(find);

/// One finding for everything that may be deleted, and one for each directory in which nothing may be. The `.crate`
/// files are the result and stay.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    of(&scene.snapshot.inventory.package)
}

fn of(package: &PackageDir) -> Vec<Finding> {
    let mut free: Vec<&Unpacked> = package.unpacked.iter().collect();
    let mut findings = Vec::new();
    for (dir, refusal) in &package.refused {
        let (held, rest): (Vec<_>, Vec<_>) =
            free.into_iter().partition(|unpacked| unpacked.is_in(dir));
        free = rest;
        if !held.is_empty() {
            let reason = format!("`{}`: {}", refusal.path.display(), refusal.reason);
            let subject = dir.display().to_string();
            let title = format!("leave {}", what(&held));
            let (code, verdict) = (Code::PackageBloat, Verdict::Skipped);
            findings.push(Finding::left(code, &subject, &title, verdict, &reason));
        }
    }
    if !free.is_empty() {
        let reason = format!(
            "the next `cargo package` unpacks them again; {} {}",
            package.crates,
            if package.crates == 1 { "`.crate` file stays" } else { "`.crate` files stay" }
        );
        let title = format!("delete {}", what(&free));
        let mut change = Change::new(Code::PackageBloat, "package", title, reason);
        change.affects_build = false;
        findings.insert(0, Finding::Remedy(change));
    }
    findings
}

/// How many there are, how large, and where.
fn what(unpacked: &[&Unpacked]) -> String {
    let bytes: u64 = unpacked.iter().map(|unpacked| unpacked.bytes).sum();
    let places: BTreeSet<&Path> = unpacked.iter().filter_map(|found| found.path.parent()).collect();
    let places: Vec<String> = places.iter().map(|dir| format!("`{}`", dir.display())).collect();
    format!(
        "{} unpacked director{} ({}) in {}",
        unpacked.len(),
        if unpacked.len() == 1 { "y" } else { "ies" },
        wording::si_bytes(bytes),
        places.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target_dir::Refusal;

    fn unpacked(path: &str) -> Unpacked {
        Unpacked { path: path.into(), bytes: 1500, files: 2 }
    }

    fn package(refused: &[&str]) -> PackageDir {
        let refusal = |dir: &&str| {
            let reason = "a mount point".to_owned();
            (dir.into(), Refusal { path: dir.into(), reason })
        };
        PackageDir {
            bytes: 4000,
            unpacked: vec![unpacked("/b/package/a-0.1.0"), unpacked("/t/package/a-0.1.0")],
            crates: 1,
            refused: refused.iter().map(refusal).collect(),
        }
    }

    #[test]
    fn both_directories_are_named() {
        let findings = of(&package(&[]));
        let [Finding::Remedy(change)] = &findings[..] else {
            panic!("{findings:?}");
        };
        let title = "delete 2 unpacked directories (3.0 kB) in `/b/package` and `/t/package`";
        assert_eq!(change.title, title);
    }

    #[test]
    fn what_may_not_be_cleaned_is_left_with_the_reason() {
        let findings = of(&package(&["/t"]));
        let [Finding::Remedy(change), Finding::Left(left)] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(change.title, "delete 1 unpacked directory (1.5 kB) in `/b/package`");
        assert_eq!(left.title, "leave 1 unpacked directory (1.5 kB) in `/t/package`");
        assert_eq!(left.reason, "`/t`: a mount point");
        assert!(of(&package(&["/t", "/b"])).iter().all(|found| found.change().is_none()));
    }

    #[test]
    fn where_nothing_is_unpacked_nothing_is_said() {
        assert!(of(&PackageDir::default()).is_empty());
    }
}
