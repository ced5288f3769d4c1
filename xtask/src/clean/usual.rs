//! The builds that count as current where the user names none. Pure.
//!
//! Generous on purpose: what is deleted is what none of them would use.

use crate::rehearsal::Line;

/// The directories of built-in profiles and how they are chosen. Every other directory is named like its profile.
/// Source: <https://doc.rust-lang.org/cargo/reference/profiles.html>.
fn choice_of_profile(directory: &str) -> Vec<&str> {
    match directory {
        "debug" => Vec::new(),
        "release" => vec!["--release"],
        other => vec!["--profile", other],
    }
}

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// What cargo takes for `--package`.
    pub(super) spec: String,
}

/// Builds, checks and tests of the workspace, of what cargo chooses without being told, and of each member by itself (which
/// may have other features than in the company of the others): for one profile and one target (`None`: the host, as
/// cargo chooses).
pub(super) fn lines(
    directory: &str,
    triple: Option<&str>,
    members: &[Member],
    has_clippy: bool,
) -> Vec<Line> {
    let mut fixed = choice_of_profile(directory);
    if let Some(triple) = triple {
        fixed.extend(["--target", triple]);
    }
    let all = ["--workspace"].as_slice();
    let everything = ["--workspace", "--all-targets"].as_slice();
    let alone = members.len() > 1;
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for subcommand in ["build", "check"] {
        out.push((subcommand, Vec::new()));
        if alone {
            out.push((subcommand, all.to_vec()));
        }
        out.push((subcommand, everything.to_vec()));
    }
    out.push(("test", Vec::new()));
    if alone {
        out.push(("test", all.to_vec()));
    }
    if directory == "release" {
        out.push(("bench", all.to_vec()));
    }
    if has_clippy {
        out.push(("clippy", all.to_vec()));
        out.push(("clippy", everything.to_vec()));
    }
    for member in members.iter().filter(|_| alone) {
        let chosen = vec!["--package", member.spec.as_str()];
        let targets = vec!["--package", member.spec.as_str(), "--all-targets"];
        out.extend([("build", chosen.clone()), ("check", chosen.clone()), ("test", chosen)]);
        out.push(("check", targets));
    }
    let line = |(subcommand, chosen): (&str, Vec<&str>)| {
        // The profile of `cargo bench` is `bench`, whose directory is that of `release`.
        let fixed: Vec<&str> = match subcommand {
            "bench" => fixed.iter().copied().filter(|word| *word != "--release").collect(),
            _ => fixed.clone(),
        };
        Line::of(&[vec![subcommand], chosen, fixed].concat())
    };
    out.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(
        directory: &str,
        triple: Option<&str>,
        members: &[&str],
        has_clippy: bool,
    ) -> Vec<String> {
        let members: Vec<Member> =
            members.iter().map(|spec| Member { spec: (*spec).to_owned() }).collect();
        lines(directory, triple, &members, has_clippy).iter().map(Line::text).collect()
    }

    #[test]
    fn a_package_alone_is_built_checked_and_tested() {
        let expected = [
            "build",
            "build --workspace --all-targets",
            "check",
            "check --workspace --all-targets",
            "test",
        ];
        assert_eq!(texts("debug", None, &["a"], false), expected);
    }

    #[test]
    fn members_count_by_themselves_as_well() {
        let found = texts("debug", None, &["a", "b"], true);
        for line in [
            "build --workspace",
            "test --package a",
            "check --package b --all-targets",
            "clippy --workspace",
        ] {
            assert!(found.iter().any(|known| known == line), "{line}: {found:?}");
        }
    }

    #[test]
    fn profiles_and_targets_are_chosen_by_their_directories() {
        let found = texts("release", None, &["a"], false);
        assert!(
            found.contains(&"build --release".to_owned())
                && found.contains(&"bench --workspace".to_owned())
        );
        let found = texts("dist", Some("wasm32-unknown-unknown"), &["a"], false);
        assert!(
            found.contains(&"build --profile dist --target wasm32-unknown-unknown".to_owned()),
            "{found:?}"
        );
    }
}
