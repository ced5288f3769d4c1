//! Symbolic links in the place of everything that is read, written or deleted: followed inside the workspace only, and
//! never replaced by a file.

#![cfg(unix)]

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::support::{Fixture, Tree, assert_same, tree};

const PASSES: [&str; 2] = ["--only", "unused-dependency,gitignore,cargo-config"];

/// Moves a file or directory of the workspace to `to` and leaves a link in its place, with this text.
fn replace_by_link(fixture: &Fixture, path: &str, to: &Path, text: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(fixture.path(path), to).unwrap();
    symlink(text, fixture.path(path)).unwrap();
}

/// A workspace that holds one link, whatever lies outside it, and both as they are.
struct Linked {
    fixture: Fixture,
    outside: std::path::PathBuf,
}

impl Linked {
    fn new(make: impl Fn(&Fixture, &Path)) -> Self {
        let fixture = Fixture::of_members();
        fixture.put("-- .gitignore --\n/target\n-- .cargo/config.toml --\n[term]\nquiet = false\n");
        let outside = fixture.root().with_file_name("outside");
        fs::create_dir_all(&outside).unwrap();
        make(&fixture, &outside);
        Self { fixture, outside }
    }

    fn states(&self) -> (Tree, Tree) {
        (self.fixture.tree(), tree(&self.outside, &|_| false))
    }

    fn assert(&self, states: &(Tree, Tree)) {
        let now = self.states();
        assert_same(&states.0, &now.0);
        assert_same(&states.1, &now.1);
    }
}

#[test]
fn what_is_reached_through_a_link_inside_is_written_there_and_the_link_stays() {
    type Make = fn(&Fixture, &Path);
    let cases: [(&str, &str, Make); 6] = [
        ("a/Cargo.toml", "kept/a.toml", |f, _| {
            replace_by_link(f, "a/Cargo.toml", &f.path("kept/a.toml"), Path::new("../kept/a.toml"));
        }),
        ("a/Cargo.toml", "kept/a.toml", |f, _| {
            replace_by_link(f, "a/Cargo.toml", &f.path("kept/a.toml"), &f.path("kept/a.toml"));
        }),
        ("b", "kept/b/Cargo.toml", |f, _| {
            replace_by_link(f, "b", &f.path("kept/b"), Path::new("kept/b"));
        }),
        (".cargo", "kept/config/config.toml", |f, _| {
            replace_by_link(f, ".cargo", &f.path("kept/config"), Path::new("kept/config"));
        }),
        (".gitignore", "kept/ignored", |f, _| {
            replace_by_link(f, ".gitignore", &f.path("kept/ignored"), Path::new("kept/ignored"));
        }),
        ("Cargo.lock", "kept/lock", |f, _| {
            replace_by_link(f, "Cargo.lock", &f.path("kept/lock"), Path::new("kept/lock"));
        }),
    ];
    for (link, real, make) in cases {
        let linked = Linked::new(make);
        let before = linked.states();
        let text = fs::read_link(linked.fixture.path(link)).unwrap();
        linked.fixture.optimized(&PASSES);
        let after = linked.states();
        assert_ne!(before.0.get(real), after.0.get(real), "`{real}` was written through `{link}`");
        assert_eq!(fs::read_link(linked.fixture.path(link)).unwrap(), text);
        linked.fixture.run(&["restore"]).exits(0);
        linked.assert(&before);
    }
}

#[test]
fn a_link_that_leads_out_nowhere_or_to_itself_is_refused_before_anything_is_written() {
    type Make = fn(&Fixture, &Path);
    let cases: [(&str, Make, &str); 9] = [
        (
            "a member's manifest outside",
            |f, outside| {
                replace_by_link(
                    f,
                    "a/Cargo.toml",
                    &outside.join("a.toml"),
                    Path::new("../../outside/a.toml"),
                );
            },
            "a/Cargo.toml",
        ),
        (
            "a member outside",
            |f, outside| {
                replace_by_link(f, "b", &outside.join("b"), &outside.join("b"));
            },
            "`b",
        ),
        (
            "the lock file outside",
            |f, outside| {
                replace_by_link(f, "Cargo.lock", &outside.join("lock"), &outside.join("lock"));
            },
            "Cargo.lock",
        ),
        (
            "the configuration outside",
            |f, outside| {
                replace_by_link(f, ".cargo", &outside.join("config"), &outside.join("config"));
            },
            ".cargo",
        ),
        (
            "the ignore file outside",
            |f, outside| {
                replace_by_link(
                    f,
                    ".gitignore",
                    &outside.join("ignored"),
                    &outside.join("ignored"),
                );
            },
            ".gitignore",
        ),
        (
            "an ignore file that leads nowhere",
            |f, outside| {
                replace_by_link(f, ".gitignore", &outside.join("ignored"), Path::new("nowhere"));
            },
            ".gitignore",
        ),
        (
            "an ignore file that leads to itself",
            |f, outside| {
                replace_by_link(f, ".gitignore", &outside.join("ignored"), Path::new(".gitignore"));
            },
            ".gitignore",
        ),
        (
            "a configuration that leads to itself",
            |f, outside| {
                replace_by_link(f, ".cargo", &outside.join("config"), Path::new(".cargo"));
            },
            ".cargo",
        ),
        (
            "a manifest that leads nowhere",
            |f, outside| {
                replace_by_link(f, "a/Cargo.toml", &outside.join("a.toml"), Path::new("nowhere"));
            },
            "a/Cargo.toml",
        ),
    ];
    for (what, make, named) in cases {
        let linked = Linked::new(make);
        let before = linked.states();
        let run = linked
            .fixture
            .optimize(&[&["--yes", "--measure", "none", "--no-test"], &PASSES[..]].concat());
        eprintln!("{what}: {run:?}");
        run.exits(2).says(named);
        linked.assert(&before);
        assert!(linked.fixture.backups().is_empty(), "{what}");
    }
}

#[test]
fn backups_that_are_links_are_neither_used_nor_recovered_nor_deleted_through() {
    let (fixture, original) = Fixture::of_optimized_members();
    let [id] = &fixture.backups()[..] else { panic!("one backup") };
    let outside = fixture.root().with_file_name("outside");
    fs::create_dir_all(&outside).unwrap();
    // The backup moved away, with a link to it; another that would be removed as unfinished.
    fs::rename(fixture.path(id), outside.join(id)).unwrap();
    fs::create_dir(outside.join("unfinished")).unwrap();
    fs::File::create(outside.join("unfinished/precious")).unwrap();
    symlink(outside.join(id), fixture.path(id)).unwrap();
    symlink(outside.join("unfinished"), fixture.path("backup-20260101-000000.tmp")).unwrap();
    let (files, kept) = (fixture.whole_tree(), tree(&outside, &|_| false));
    fixture.run(&["restore", id]).exits(2).says("is not a directory");
    fixture.run(&["restore"]).exits(2);
    assert_same(&files, &fixture.whole_tree());
    assert_same(&kept, &tree(&outside, &|_| false));
    // A new run is not confused by them.
    fs::remove_file(fixture.path(id)).unwrap();
    fs::rename(outside.join(id), fixture.path(id)).unwrap();
    fixture.run(&["restore"]).exits(0);
    assert_same(&original, &fixture.tree());
    assert!(outside.join("unfinished/precious").exists());
}

#[test]
fn a_workspace_that_is_reached_through_a_link_is_written_where_it_is() {
    let fixture = Fixture::of_members();
    let before = fixture.tree();
    let link = fixture.root().with_file_name("link");
    symlink("ws", &link).unwrap();
    let manifest = link.join("Cargo.toml");
    let arguments =
        [&["optimize", "--yes", "--measure", "none", "--no-test"], &PASSES[..]].concat();
    fixture.run_on(&manifest, &arguments).exits(0);
    assert_ne!(before, fixture.tree());
    fixture.run_on(&manifest, &["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn nothing_is_deleted_or_written_through_a_link_below_the_target_directory() {
    let fixture = Fixture::of_members();
    let outside = fixture.root().with_file_name("outside");
    for name in ["baseline", "candidate", "runs"] {
        fs::create_dir_all(outside.join(name)).unwrap();
        fs::File::create(outside.join(name).join("precious")).unwrap();
    }
    let arguments = [&["--yes", "--measure", "none", "--no-test"], &PASSES[..]].concat();
    let before = tree(&outside, &|_| false);
    for (link, to) in
        [("xtask", ""), ("xtask/baseline", "baseline"), ("xtask/candidate", "candidate")]
    {
        let link = fixture.path("target").join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(outside.join(to), &link).unwrap();
        let run = fixture.optimize(&arguments).exits(2);
        run.says(&format!("`{}` is a symbolic link", link.display())).says("remove");
        assert_same(&before, &tree(&outside, &|_| false));
        assert!(fixture.backups().is_empty());
        fs::remove_dir_all(fixture.path("target")).unwrap();
    }
    // Reports replace links.
    fixture.optimized(&PASSES);
    let runs = fs::read_dir(fixture.path("target/xtask/runs")).unwrap();
    let run = runs.map(|entry| entry.unwrap().path()).next().unwrap();
    fs::remove_file(run.join("report.md")).unwrap();
    symlink(outside.join("runs/precious"), run.join("report.md")).unwrap();
    fixture.run(&["report"]).exits(0);
    assert!(fs::symlink_metadata(run.join("report.md")).unwrap().is_file());
    assert_same(&before, &tree(&outside, &|_| false));
}
