//! The builds that count as current where the user names none. Pure.
//!
//! Generous on purpose: what is deleted is what none of them would use.

use std::path::PathBuf;

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
    /// Its directory, if configuration or a toolchain of its own counts there.
    pub(super) own: Option<PathBuf>,
}

/// Builds, checks and tests of the workspace, of what cargo chooses without being told if that is another choice
/// (`has_default`), of its documentation where there is some (`has_docs`), and of each member by itself, which may have other features than in the company of the others: for
/// one profile and one target (`None`: the host, or what the configuration says).
pub(super) fn lines<'a>(
    directory: &'a str,
    triple: Option<&'a str>,
    members: &'a [Member],
    has_default: bool,
    has_clippy: bool,
    has_docs: bool,
) -> Vec<Line> {
    let mut fixed = choice_of_profile(directory);
    if let Some(triple) = triple {
        fixed.extend(["--target", triple]);
    }
    let all = vec!["--workspace"];
    let everything = vec!["--workspace", "--all-targets"];
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for subcommand in ["build", "check"] {
        out.extend([(subcommand, all.clone()), (subcommand, everything.clone())]);
    }
    out.push(("test", all.clone()));
    if directory == "release" {
        out.push(("bench", all.clone()));
    }
    if has_clippy {
        out.extend([("clippy", all.clone()), ("clippy", everything)]);
    }
    if has_docs {
        out.extend([("doc", all.clone()), ("doc", vec!["--workspace", "--no-deps"])]);
    }
    if has_default {
        out.extend(["build", "check", "test"].map(|subcommand| (subcommand, Vec::new())));
    }
    let alone = |chosen: &[&'a str]| {
        let with = |more: &[&'a str]| [chosen, more].concat();
        let mut out = vec![("build", with(&[])), ("check", with(&[])), ("test", with(&[]))];
        out.push(("check", with(&["--all-targets"])));
        if has_clippy {
            out.extend([("clippy", with(&[])), ("clippy", with(&["--all-targets"]))]);
        }
        if directory == "release" {
            out.push(("bench", with(&[])));
        }
        out
    };
    for member in members.iter().filter(|_| members.len() > 1) {
        out.extend(alone(&["--package", &member.spec]));
    }
    let line = |(subcommand, chosen): (&str, Vec<&str>)| {
        // The profile of `cargo bench` is `bench`, whose directory is that of `release`.
        let fixed: Vec<&str> = match subcommand {
            "bench" => fixed.iter().copied().filter(|word| *word != "--release").collect(),
            _ => fixed.clone(),
        };
        Line::of(&[vec![subcommand], chosen, fixed].concat())
    };
    // In its own directory cargo heeds what is configured there, and takes the member without being told.
    let own = members.iter().filter_map(|member| member.own.clone()).flat_map(|directory| {
        let lines = alone(&[]).into_iter().map(line);
        lines.map(|line| line.called_in(directory.clone())).collect::<Vec<_>>()
    });
    out.into_iter().map(line).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(directory: &str, triple: Option<&str>, members: &[&str]) -> Vec<String> {
        let members: Vec<Member> =
            members.iter().map(|spec| Member { spec: (*spec).to_owned(), own: None }).collect();
        let found = lines(
            directory,
            triple,
            &members,
            members.len() > 2,
            members.len() > 1,
            members.len() > 2,
        );
        found.iter().map(Line::text).collect()
    }

    #[test]
    fn a_package_alone_is_built_checked_and_tested() {
        let expected = [
            "build --workspace",
            "build --workspace --all-targets",
            "check --workspace",
            "check --workspace --all-targets",
            "test --workspace",
        ];
        assert_eq!(texts("debug", None, &["a"]), expected);
    }

    #[test]
    fn members_count_by_themselves_as_well() {
        let found = texts("debug", None, &["a", "b"]);
        for line in
            ["build --workspace", "test --package a", "check --package b", "clippy --workspace"]
        {
            assert!(found.iter().any(|known| known == line), "{line}: {found:?}");
        }
        assert!(!found.contains(&"build".to_owned()), "it is the build of the workspace");
        let found = texts("debug", None, &["a", "b", "c"]);
        for line in ["build", "doc --workspace", "doc --workspace --no-deps"] {
            assert!(found.iter().any(|known| known == line), "{line}: {found:?}");
        }
    }

    #[test]
    fn profiles_and_targets_are_chosen_by_their_directories() {
        let found = texts("release", None, &["a"]);
        assert!(found.contains(&"build --workspace --release".to_owned()));
        assert!(found.contains(&"bench --workspace".to_owned()));
        let found = texts("dist", Some("wasm32-unknown-unknown"), &["a"]);
        let expected = "build --workspace --profile dist --target wasm32-unknown-unknown";
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
}
