//! The states a git checkout can be in: none of them is changed, and what git does not keep is backed up as well.

#![cfg(unix)]

use std::{fs, path::Path};

use snapbox::cmd::Command;

use crate::support::{Fixture, Tree, assert_same, tree};

const IDENTITY: [&str; 4] = ["-c", "user.name=T", "-c", "user.email=t@t.invalid"];

/// Runs git; it must succeed. Returns what it printed.
fn git(directory: &Path, args: &[&str]) -> String {
    let command =
        Command::new("git").args(IDENTITY).args(["-c", "protocol.file.allow=always"]).args(args);
    let command = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.current_dir(directory).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", args.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// A repository of the workspace with everything committed.
fn commit_all(directory: &Path) {
    git(directory, &["init", "--quiet", "--initial-branch=main"]);
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "-m", "first"]);
}

fn workspace() -> Fixture {
    let fixture = Fixture::of_members();
    fixture.put("-- .gitignore --\n/target\n");
    fixture
}

/// All that git knows and shows, and all files of every repository and worktree.
fn state(fixture: &Fixture) -> (Tree, Option<[String; 3]>) {
    let base = fixture.root().parent().unwrap().to_path_buf();
    let left_out = |name: &str| {
        ["ws/target", "ws/.xtask-history", "vendor"].contains(&name)
            || name.starts_with("ws/backup-")
    };
    let root = fixture.root();
    let shown = fixture.temporary().parent().unwrap().join("base/ws/.git").exists().then(|| {
        [
            git(&root, &["status", "--porcelain", "--branch", "--untracked-files=all"]),
            git(&root, &["diff", "--cached", "--raw"]),
            git(&root, &["stash", "list"]),
        ]
    });
    (tree(&base, &left_out), shown)
}

/// Optimises and restores: git is in the same state all the time, but for the files that were written.
fn optimize_and_restore(fixture: &Fixture) -> serde_json::Value {
    let before = state(fixture);
    fixture.optimized(&["--only", "unused-dependency,gitignore,cargo-config"]);
    let optimized = state(fixture);
    assert_ne!(before.0, optimized.0);
    let repository = |tree: &Tree| -> Tree {
        let of_git = |path: &str| path.split('/').any(|name| name == ".git");
        tree.iter()
            .filter(|(path, _)| of_git(path))
            .map(|(path, found)| (path.clone(), found.clone()))
            .collect()
    };
    assert_same(&repository(&before.0), &repository(&optimized.0));
    let [id] = &fixture.backups()[..] else { panic!("one backup") };
    let manifest = fixture.read(&format!("{id}/manifest.json"));
    fixture.run(&["restore"]).exits(0);
    let after = state(fixture);
    assert_same(&before.0, &after.0);
    assert_eq!(before.1, after.1);
    serde_json::from_str(&manifest).unwrap()
}

#[track_caller]
fn head(fixture: &Fixture) -> String {
    git(&fixture.root(), &["rev-parse", "HEAD"]).trim().to_owned()
}

#[test]
fn without_git() {
    let manifest = optimize_and_restore(&workspace());
    assert!(manifest["git_head"].is_null());
}

#[test]
fn a_clean_checkout_an_unborn_branch_and_a_detached_head() {
    let fixture = workspace();
    git(&fixture.root(), &["init", "--quiet", "--initial-branch=main"]);
    assert!(optimize_and_restore(&fixture)["git_head"].is_null(), "there is no commit yet");

    let fixture = workspace();
    commit_all(&fixture.root());
    assert_eq!(optimize_and_restore(&fixture)["git_head"], head(&fixture));

    let fixture = workspace();
    commit_all(&fixture.root());
    git(&fixture.root(), &["checkout", "--quiet", "--detach"]);
    assert_eq!(optimize_and_restore(&fixture)["git_head"], head(&fixture));
}

#[test]
fn what_is_edited_staged_or_in_conflict_stays_so() {
    let fixture = workspace();
    commit_all(&fixture.root());
    fixture.put_bytes("b/src/lib.rs", b"// mine\n");
    fixture.replace("b/Cargo.toml", "0.1.0", "0.1.1");
    fixture.lock();
    git(&fixture.root(), &["add", "b/Cargo.toml", "Cargo.lock"]);
    fixture.replace("b/Cargo.toml", "[dependencies]", "# more\n[dependencies]");
    optimize_and_restore(&fixture);

    let fixture = workspace();
    commit_all(&fixture.root());
    git(&fixture.root(), &["checkout", "--quiet", "-b", "other"]);
    fixture.put_bytes("c/src/lib.rs", b"// theirs\n");
    git(&fixture.root(), &["commit", "--quiet", "--all", "-m", "theirs"]);
    git(&fixture.root(), &["checkout", "--quiet", "main"]);
    fixture.put_bytes("c/src/lib.rs", b"// ours\n");
    git(&fixture.root(), &["commit", "--quiet", "--all", "-m", "ours"]);
    let merge = Command::new("git").args(IDENTITY).args(["merge", "--quiet", "other"]);
    assert!(!merge.current_dir(fixture.root()).output().unwrap().status.success(), "they conflict");
    fixture.put_bytes("c/src/lib.rs", b"");
    optimize_and_restore(&fixture);
}

#[test]
fn what_git_does_not_keep_is_backed_up_too() {
    let fixture = workspace();
    fixture.put("-- .gitignore --\n/target\nCargo.lock\n/c/\n");
    git(&fixture.root(), &["init", "--quiet", "--initial-branch=main"]);
    git(&fixture.root(), &["add", "Cargo.toml", ".gitignore", "a", "b"]);
    git(&fixture.root(), &["commit", "--quiet", "-m", "some"]);
    // `deep/er/d` is untracked, `c` and the lock file are ignored.
    let manifest = optimize_and_restore(&fixture);
    let files = manifest["files"].as_array().unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    for path in ["Cargo.lock", "c/Cargo.toml", "deep/er/d/Cargo.toml"] {
        assert!(paths.contains(&path), "{path} in {paths:?}");
    }
}

#[test]
fn a_linked_worktree() {
    let fixture = workspace();
    let main = fixture.root().with_file_name("main");
    fs::rename(fixture.root(), &main).unwrap();
    commit_all(&main);
    git(&main, &["worktree", "add", "--quiet", "../ws", "-b", "topic"]);
    assert!(fixture.path(".git").is_file());
    assert_eq!(optimize_and_restore(&fixture)["git_head"], head(&fixture));
}

#[test]
fn a_submodule_and_a_workspace_that_holds_one() {
    let fixture = workspace();
    let (inner, outer) =
        (fixture.root().with_file_name("inner"), fixture.root().parent().unwrap().to_path_buf());
    fs::rename(fixture.root(), &inner).unwrap();
    commit_all(&inner);
    git(&outer, &["init", "--quiet", "--initial-branch=main"]);
    git(&outer, &["submodule", "--quiet", "add", "./inner", "ws"]);
    assert!(fixture.path(".git").is_file());
    assert_eq!(optimize_and_restore(&fixture)["git_head"], head(&fixture));

    let fixture = workspace();
    let other = fixture.root().with_file_name("other");
    fs::create_dir(&other).unwrap();
    fs::File::create(other.join("file")).unwrap();
    commit_all(&other);
    git(&fixture.root(), &["init", "--quiet", "--initial-branch=main"]);
    git(&fixture.root(), &["submodule", "--quiet", "add", "../other", "dep"]);
    git(&fixture.root(), &["add", "--all"]);
    git(&fixture.root(), &["commit", "--quiet", "-m", "first"]);
    optimize_and_restore(&fixture);
}

#[test]
fn a_checkout_whose_line_endings_git_converts() {
    let fixture = workspace();
    commit_all(&fixture.root());
    git(&fixture.root(), &["config", "core.autocrlf", "true"]);
    for file in git(&fixture.root(), &["ls-files"]).lines() {
        fs::remove_file(fixture.path(file)).unwrap();
    }
    git(&fixture.root(), &["checkout", "--quiet", "--", "."]);
    assert!(fixture.read("a/Cargo.toml").contains("\r\n"));
    optimize_and_restore(&fixture);
    assert_eq!(git(&fixture.root(), &["diff", "--stat"]), "");
}

#[test]
fn a_repository_that_git_refuses_to_read() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give a repository away");
        return;
    }
    let fixture = workspace();
    commit_all(&fixture.root());
    for path in [fixture.root(), fixture.path(".git")] {
        std::os::unix::fs::lchown(path, Some(65534), Some(65534)).unwrap();
    }
    let before = tree(&fixture.path(".git"), &|_| false);
    fixture.optimized(&["--only", "unused-dependency,gitignore,cargo-config"]);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &tree(&fixture.path(".git"), &|_| false));
}
