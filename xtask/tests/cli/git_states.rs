//! Whatever state git is in, optimize and restore leave files, index and repository as they were.
//!
//! The oracle: bytes, modes and links of everything around the workspace, `.git` included.

use std::{
    fs,
    path::{Path, PathBuf},
};

use snapbox::cmd::Command;

use crate::support::{Fixture, Tree, assert_same, tree};

const SMALL: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one"]
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- one/src/lib.rs --
pub fn one() {}
-- notes.txt --
first
-- .gitignore --
/target
"#;

/// A workspace in some state, to be optimized and restored.
struct Case {
    fixture: Fixture,
    /// The root of the workspace.
    root: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Case {
    fn new() -> Self {
        let fixture = Fixture::new(SMALL);
        Self { root: fixture.root(), fixture, variables: Vec::new() }
    }

    /// A repository in the workspace root with one commit.
    fn committed() -> Self {
        let case = Self::new();
        case.git(&["init", "--quiet", "--initial-branch=main"]);
        case.git(&["add", "."]);
        case.commit();
        case
    }

    fn commit(&self) {
        self.git(&[
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@t.invalid",
            "commit",
            "--quiet",
            "-m",
            "x",
        ]);
    }

    /// Runs git in the workspace; it must succeed.
    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let output = self.asked(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn asked(&self, args: &[&str]) -> std::process::Output {
        let ceiling = self.fixture.temporary();
        let git = Command::new("git").args(["-c", "protocol.file.allow=always"]).args(args);
        let git = git
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_CEILING_DIRECTORIES", ceiling.parent().unwrap());
        git.current_dir(&self.root).output().unwrap()
    }

    /// Everything beside the workspace and in it, but what builds and backups leave.
    fn everything(&self) -> Tree {
        tree(&self.fixture.path(".."), &|path| {
            let name = Path::new(path).file_name().unwrap().to_str().unwrap();
            name == "target" || name.starts_with("backup-")
        })
    }

    /// What git says of files, index and branch; nothing outside a repository.
    fn said_by_git(&self) -> Vec<Vec<u8>> {
        let questions: [&[&str]; 4] = [
            &["status", "--porcelain=v2", "--branch"],
            &["diff", "--cached", "--binary"],
            &["diff", "--binary"],
            &["ls-files", "--stage"],
        ];
        questions.map(|args| self.asked(args).stdout).into()
    }

    fn run(&self, args: &[&str]) -> String {
        let variables: Vec<_> =
            self.variables.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let run = self.fixture.run_in(&self.root.join("Cargo.toml"), &variables, args).exits(0);
        run.stdout
    }

    /// Optimizes and restores, and holds both to the promise. `head` is what the backup must name.
    #[track_caller]
    fn holds(&self, head: Option<&str>) {
        let (before, said) = (self.everything(), self.said_by_git());
        let passes = "unused-dependency,gitignore,cargo-config";
        self.run(&["optimize", "--yes", "--measure", "none", "--no-test", "--only", passes]);
        let after = self.everything();
        assert!(!fs::read_to_string(self.root.join("one/Cargo.toml")).unwrap().contains("ghoul"));
        assert!(!fs::read_to_string(self.root.join("Cargo.lock")).unwrap().contains("ghoul"));
        let in_git = |tree: &Tree| -> Tree {
            let of_git = |path: &str| path.split('/').any(|part| part == ".git");
            tree.iter()
                .filter(|(path, _)| of_git(path))
                .map(|(p, f)| (p.clone(), f.clone()))
                .collect()
        };
        assert_same(&in_git(&before), &in_git(&after));
        let staged = self.asked(&["diff", "--cached", "--binary"]).stdout;
        assert_eq!(staged, said[1], "the index");

        let backup = fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap().path());
        let is_backup =
            |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("backup-");
        let backup = backup.into_iter().find(is_backup).unwrap();
        let manifest = fs::read_to_string(backup.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["git_head"].as_str(), head, "{manifest:#}");
        let files = manifest["files"].as_array().unwrap();
        for path in ["one/Cargo.toml", "Cargo.lock"] {
            assert!(files.iter().any(|file| file["path"] == path), "{path} in {manifest:#}");
            let (old, kept) = (fs::read(backup.join("files").join(path)).unwrap(), path);
            assert!(
                before.iter().any(|(p, (_, bytes))| p.ends_with(kept) && *bytes == old),
                "{path}"
            );
        }

        self.run(&["restore"]);
        assert_same(&before, &self.everything());
        assert_eq!(self.said_by_git(), said);
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn put(&self, files: &str) {
        self.fixture.put(files);
    }
}

#[test]
fn without_git() {
    Case::new().holds(None);
}

#[test]
fn with_a_clean_tree_and_with_a_detached_head() {
    let case = Case::committed();
    assert_eq!(case.git(&["status", "--porcelain"]), "");
    case.git(&["checkout", "--quiet", "--detach"]);
    case.holds(Some(&case.head()));
}

#[test]
fn with_edits_that_are_staged_edits_that_are_not_and_both_in_one_file() {
    let case = Case::committed();
    case.fixture.replace("one/Cargo.toml", "ghoul = \"0.3\"", "ghoul = \"0.3\"\nghost = \"1\"");
    case.put("-- one/src/lib.rs --\npub use ghost::boo;\n-- new.txt --\nnew\n");
    case.fixture.cargo(&["generate-lockfile"]);
    case.git(&["add", "one", "new.txt", "Cargo.lock"]);
    case.git(&["rm", "--quiet", "--cached", "notes.txt"]);
    case.fixture.replace("one/Cargo.toml", "[dependencies]", "# not staged\n[dependencies]");
    case.put("-- Cargo.toml --\n[workspace]\nmembers = [\"one\"] # dirty\nresolver = \"2\"\n-- u.txt --\n");
    case.holds(Some(&case.head()));
}

#[test]
fn with_manifests_that_are_untracked_and_a_lock_file_that_is_ignored() {
    let case = Case::new();
    case.git(&["init", "--quiet", "--initial-branch=main"]);
    case.put("-- .gitignore --\n/target\nCargo.lock\n");
    case.git(&["add", ".gitignore", "Cargo.toml"]);
    case.commit();
    let status = case.git(&["status", "--porcelain", "--ignored"]);
    assert!(status.contains("?? one/") && status.contains("!! Cargo.lock"), "{status}");
    case.holds(Some(&case.head()));
}

#[test]
fn on_an_unborn_branch() {
    let case = Case::new();
    case.git(&["init", "--quiet"]);
    case.git(&["add", "one"]);
    case.holds(None);
}

#[test]
fn in_a_linked_worktree() {
    let mut case = Case::committed();
    case.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    case.root = fs::canonicalize(case.fixture.path("../linked")).unwrap();
    assert!(case.root.join(".git").is_file());
    case.holds(Some(&case.head()));
}

#[test]
fn as_a_submodule_with_another_in_it() {
    let mut case = Case::committed();
    let head = case.head();
    let outer = case.fixture.path("../super");
    fs::create_dir_all(&outer).unwrap();
    let first = std::mem::replace(&mut case.root, fs::canonicalize(outer).unwrap());
    case.git(&["init", "--quiet"]);
    case.git(&["submodule", "--quiet", "add", first.to_str().unwrap(), "ws"]);
    case.root = case.root.join("ws");
    assert_eq!(case.head(), head);
    case.git(&["submodule", "--quiet", "add", first.to_str().unwrap(), "third"]);
    case.holds(Some(&head));
}

#[test]
fn below_the_top_of_a_repository_while_a_hook_of_another_one_runs() {
    let mut case = Case::new();
    case.fixture.commit();
    let head = case.head();
    let other = case.fixture.path("../other");
    fs::create_dir_all(&other).unwrap();
    let root = std::mem::replace(&mut case.root, other.clone());
    case.git(&["init", "--quiet"]);
    case.git(&["add", "."]);
    case.git(&[
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@t.invalid",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "y",
    ]);
    assert_ne!(case.head(), head);
    case.root = root;
    let git_dir = other.join(".git").display().to_string();
    let index = other.join(".git/index").display().to_string();
    case.variables =
        vec![("GIT_DIR", git_dir), ("GIT_INDEX_FILE", index), ("GIT_PREFIX", "x/".into())];
    case.holds(Some(&head));
}

#[test]
fn with_line_endings_that_git_converts() {
    let case = Case::new();
    case.git(&["init", "--quiet", "--initial-branch=main"]);
    case.git(&["config", "core.autocrlf", "true"]);
    for path in ["Cargo.toml", "one/Cargo.toml", ".gitignore"] {
        let text = case.fixture.read(path).replace('\n', "\r\n");
        case.fixture.put_bytes(path, text.as_bytes());
    }
    case.git(&["add", "."]);
    case.commit();
    assert_eq!(case.git(&["status", "--porcelain"]), "");
    case.holds(Some(&case.head()));
}

#[cfg(unix)]
#[test]
fn in_a_repository_that_git_refuses_because_somebody_else_owns_it() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let case = Case::committed();
    let me = fs::metadata(case.fixture.temporary()).unwrap().uid();
    if me != 0 {
        eprintln!("skipped: only root may give a directory to somebody else");
        return;
    }
    for path in [case.root.join(".git"), case.root.clone()] {
        chown(path, Some(65534), None).unwrap();
    }
    let refused = case.asked(&["rev-parse", "HEAD"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("dubious ownership"), "{refused:?}");
    case.holds(None);
}

#[test]
fn in_the_middle_of_a_merge() {
    let case = Case::committed();
    case.git(&["checkout", "--quiet", "-b", "other"]);
    case.fixture.put_bytes("notes.txt", b"theirs\n");
    case.git(&["add", "."]);
    case.commit();
    case.git(&["checkout", "--quiet", "main"]);
    case.fixture.put_bytes("notes.txt", b"ours\n");
    case.git(&["add", "."]);
    case.commit();
    let merge = ["-c", "user.name=T", "-c", "user.email=t@t.invalid", "merge", "other"];
    assert!(!case.asked(&merge).status.success(), "they conflict");
    case.holds(Some(&case.head()));
}
