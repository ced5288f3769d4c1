//! Tiny file systems that fill up while the program works on them.

use std::{fs, path::Path, process::Command};

use crate::{
    figures::Figures,
    support::{Fixture, Tree, tree},
    traced::replace,
};

/// Smallest step of the free space: a page, as tmpfs hands out memory.
const STEP_KIB: usize = 4;

/// More than backup and new files of the workspace of these tests take.
const MOST_KIB: usize = 320;

/// Runs in a mount name space of its own, so that nothing stays mounted: fills a file system with the template, leaves
/// `$FREE` KiB, runs the program, gives the file system room, lets the next run recover, and copies what it then holds.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs -o size=64m tmpfs "$DISK"
cp -a "$TEMPLATE/." "$DISK"
used=$(df -k --output=used "$DISK" | tail -n 1)
mount -o remount,size=$((used + FREE))k "$DISK"
status=0
"$PROGRAM" "$@" --manifest-path "$DISK/Cargo.toml" 2>"$OUT.said" || status=$?
mount -o remount,size=64m "$DISK"
"$PROGRAM" restore backup-19700101-000000 --manifest-path "$DISK/Cargo.toml" 2>/dev/null || true
cp -a "$DISK" "$OUT"
exit $status
"#;

fn may_mount() -> bool {
    let tried =
        Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        println!("skipped: this user may not mount a file system of its own");
    }
    may
}

fn files(root: &Path) -> Tree {
    let left = ["target", ".xtask-history"];
    tree(root, &|name| left.contains(&name) || name.starts_with("backup-"))
}

/// Runs a command on ever less free space.
fn shrink(
    fixture: &Fixture,
    args: &[&str],
    states: [&Tree; 2],
    figures: &mut Figures,
    what: &'static str,
) {
    let base = fixture.root().parent().unwrap().to_path_buf();
    let (template, disk, out) = (base.join("template"), base.join("disk"), base.join("out"));
    replace(&template, &fixture.root());
    fs::create_dir_all(&disk).unwrap();
    for free in (0..=MOST_KIB).step_by(STEP_KIB) {
        if out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", SCRIPT, "sh"]).args(args);
        command
            .env("TEMPLATE", &template)
            .env("DISK", &disk)
            .env("OUT", &out)
            .env("FREE", free.to_string());
        command
            .env("PROGRAM", env!("CARGO_BIN_EXE_xtask"))
            .env("TMPDIR", fixture.temporary())
            .env("NO_COLOR", "1");
        command.env("CARGO_NET_OFFLINE", "true").env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        let output = command.current_dir(&base).output().unwrap();
        let said = fs::read_to_string(base.join("out.said")).unwrap_or_default();
        figures.count(what, 1);
        let is_done = output.status.success();
        figures.count(if is_done { "had room enough" } else { "were refused or undone" }, 1);
        let now = files(&out);
        if now != *states[usize::from(is_done)] {
            figures.violation(format!(
                "{args:?} with {free} KiB free, success {is_done}: another state\n{said}"
            ));
        }
        let says_why = said.contains("No space left on device") || said.contains("bytes free");
        let says_where = said.contains(disk.to_str().unwrap());
        if !is_done && (!says_why || !says_where) {
            figures.violation(format!(
                "{args:?} with {free} KiB free does not say what and where: {said}"
            ));
        }
    }
}

#[test]
#[ignore = "takes a minute and mounts file systems; .ci/nightly runs it"]
fn a_tiny_file_system_of_any_size() {
    if !may_mount() {
        return;
    }
    let mut figures = Figures::of("full disks");
    let (optimized, original) = Fixture::of_optimized_members();
    let changed = optimized.tree();
    shrink(&optimized, &["restore"], [&changed, &original], &mut figures, "sizes for restore");
    let fixture = Fixture::of_members();
    let saved = fixture.root().with_file_name("saved");
    replace(&saved, &fixture.root());
    let before = fixture.tree();
    let args = ["optimize", "--yes", "--measure", "none", "--no-test", "--only", "gitignore"];
    fixture.run(&args).exits(0);
    let after = fixture.tree();
    replace(&fixture.root(), &saved);
    shrink(&fixture, &args, [&before, &after], &mut figures, "sizes for optimize");
    figures.conclude();
}
