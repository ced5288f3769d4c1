//! The cleaning of `package/` while its directories are swapped, over mount points, and of a million files.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, renameat_with};

use crate::{
    figures::Figures,
    support::{Fixture, Run, StandIns, tree},
};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"
-- src/lib.rs --
"#;

const TAG: &str = "# created by cargo\n";

const ARGUMENTS: [&str; 8] =
    ["optimize", "--only", "package-bloat", "--measure", "none", "--yes", "--format", "json"];

/// What a cleaning that is not disturbed leaves.
fn is_cleaned(target: &Path) -> bool {
    let names = fs::read_dir(target.join("package")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name());
    names.all(|name| name == "one-0.1.0.crate")
}

/// A target directory with an unpacked package of a few levels.
fn fill(target: &Path) {
    for number in 0..64 {
        let dir = target.join(format!("package/one-0.1.0/src/{}/deep/down", number % 4));
        fs::create_dir_all(&dir).unwrap();
        File::create(dir.join(number.to_string())).unwrap();
    }
    File::create(target.join("package/one-0.1.0.crate")).unwrap();
}

#[test]
#[ignore = "slow"]
fn directories_swapped_while_they_are_cleaned() {
    const RUNS: usize = 150;
    let mut figures = Figures::of("swapped while cleaned");
    for swapped in [
        "target",
        "target/package",
        "target/package/one-0.1.0",
        "target/package/one-0.1.0/src",
        "target/package/one-0.1.0/src/1",
        "target/package/one-0.1.0/src/1/deep/down",
    ] {
        let fixture = Fixture::new(ONE);
        let stand_ins = StandIns::record(&fixture);
        // As much cargo's by all signs as what is to be cleaned.
        let outside = fixture.path("../outside");
        fill(&outside.join("target"));
        fixture.put_bytes("../outside/target/CACHEDIR.TAG", TAG.as_bytes());
        let before = tree(&outside, &|_| false);
        for _ in 0..RUNS {
            fixture.put_bytes("target/CACHEDIR.TAG", TAG.as_bytes());
            fill(&fixture.path("target"));
            let (place, aside) = (fixture.path(swapped), fixture.path("../aside"));
            symlink(outside.join(swapped), &aside).unwrap();
            let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
            let run = std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        // Each exchange is one step: there is no moment at which nothing is there.
                        let flags = RenameFlags::EXCHANGE;
                        let exchanged = renameat_with(CWD, &place, CWD, &aside, flags);
                        swaps.fetch_add(usize::from(exchanged.is_ok()), Ordering::Relaxed);
                    }
                });
                let run = stand_ins.run(&[], &ARGUMENTS);
                done.store(true, Ordering::Relaxed);
                run
            });
            figures.count("runs", 1);
            figures.count("swaps", swaps.into_inner());
            figures.count("runs that deleted something", usize::from(has_freed(&run)));
            // Of a target directory that was a link at the wrong moment, the report cannot be written.
            let ended = run.code();
            if !matches!(ended, Some(0 | 2)) {
                figures.violation(format!("{swapped}: ended with {ended:?}\n{run:?}"));
            }
            // What this tool keeps of a run goes where the target directory was then.
            let kept = |name: &str| name == "target/xtask" || name.contains(".xtask-history");
            if tree(&outside, &kept) != before {
                figures.violation(format!("{swapped}: something outside was changed\n{run:?}"));
                return figures.conclude();
            }
            for left in [place, aside] {
                if fs::symlink_metadata(&left).is_ok_and(|found| found.is_symlink()) {
                    fs::remove_file(&left).unwrap();
                } else if left.exists() {
                    fs::remove_dir_all(&left).unwrap();
                }
            }
            for dir in [fixture.path("target"), outside.join("target/xtask")] {
                if dir.exists() {
                    fs::remove_dir_all(dir).unwrap();
                }
            }
        }
    }
    figures.conclude();
}

fn has_freed(run: &Run) -> bool {
    run.code() == Some(0)
        && run.json()["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|change| change["verdict"] == "applied")
}

const PRIVATE: [&str; 4] = ["/usr/bin/unshare", "--mount", "--propagation", "private"];

/// Whether this process may mount something that nobody else sees.
#[expect(clippy::disallowed_methods, reason = "asks whether this may be tried")]
fn may_mount() -> bool {
    let status = std::process::Command::new(PRIVATE[0])
        .args(&PRIVATE[1..])
        .args(["/bin/sh", "-c", "mount -t tmpfs none /mnt"])
        .status();
    let may = status.is_ok_and(|status| status.success());
    if !may {
        println!("skipped: mounting needs root");
    }
    may
}

/// A workspace with a target directory, and its twin elsewhere.
fn with_a_twin() -> Fixture {
    let fixture = Fixture::new(ONE);
    for target in ["target", "../outside/target"] {
        fixture.put_bytes(&format!("{target}/CACHEDIR.TAG"), TAG.as_bytes());
        fill(&fixture.path(target));
    }
    fixture
}

#[test]
#[ignore = "slow"]
fn something_is_mounted_while_it_is_cleaned() {
    const RUNS: usize = 60;
    let mut figures = Figures::of("mounted while cleaned");
    if !may_mount() {
        return;
    }
    let script = "on=$0 from=$1; shift\n\
                  while :; do mount --bind \"$from\" \"$on\"; umount -l \"$on\"; echo mounted >&2; done &\n\
                  racer=$!; sleep 0.0$(($$ % 10)); \"$@\"; code=$?; kill $racer; wait $racer; exit $code";
    for place in
        ["target/package", "target/package/one-0.1.0", "target/package/one-0.1.0/src/1/deep"]
    {
        for _ in 0..RUNS / 3 {
            let fixture = with_a_twin();
            let stand_ins = StandIns::record(&fixture);
            let outside = fixture.path("../outside").canonicalize().unwrap();
            let before = tree(&outside, &|_| false);
            let (on, from) = (fixture.path(place), outside.join(place));
            let shell = ["/bin/sh", "-c", script, on.to_str().unwrap(), from.to_str().unwrap()];
            let run = stand_ins.run(&[&PRIVATE[..], &shell].concat(), &ARGUMENTS);
            figures.count("runs", 1);
            figures.count("mounts", run.stderr.matches("mounted\n").count());
            figures.count("runs that deleted something", usize::from(has_freed(&run)));
            if run.code() != Some(0) {
                figures.violation(format!("{place}: {run:?}"));
            }
            if tree(&outside, &|_| false) != before {
                figures.violation(format!("{place}: something was deleted through it\n{run:?}"));
            }
        }
    }
    figures.conclude();
}

#[test]
#[ignore = "slow"]
fn mount_points_on_the_way() {
    let mut figures = Figures::of("mount points");
    if !may_mount() {
        return;
    }
    let entry = "target/package/one-0.1.0";
    for (kind, mount) in [
        ("another file system", "mount -t tmpfs none \"$on\" && cp -R \"$from/.\" \"$on\""),
        ("the same file system", "mount --bind \"$from\" \"$on\""),
    ] {
        for (place, named, reason) in [
            ("target", "target", "a mount point"),
            ("target/package", "target/package", "a mount point"),
            (entry, entry, "a mount point"),
            (&format!("{entry}/src"), entry, "holds a mount point: `src`"),
            (&format!("{entry}/src/2/deep"), entry, "holds a mount point: `src/2/deep`"),
        ] {
            let fixture = with_a_twin();
            let stand_ins = StandIns::record(&fixture);
            let outside = fixture.path("../outside").canonicalize().unwrap();
            let before = tree(&outside, &|_| false);
            // What is mounted is seen by the program alone; it is looked through before that ends.
            let script = format!(
                "on=$0 from=$1; shift; {{ {mount}; }} >&2 || exit 98\n\
                 \"$@\"; code=$?\n\
                 diff -r -x xtask \"$from\" \"$on\" >&2 || exit 99\n\
                 exit $code"
            );
            let (on, from) = (fixture.path(place), outside.join(place));
            let shell = ["/bin/sh", "-c", &script, on.to_str().unwrap(), from.to_str().unwrap()];
            let run = stand_ins.run(&[&PRIVATE[..], &shell].concat(), &ARGUMENTS);
            figures.count("mounts", 1);
            let what = format!("{kind} on {place}");
            if run.code() != Some(0) {
                figures.violation(format!("{what}: {run:?}"));
                continue;
            }
            let path = fixture.path(named);
            let json = run.json();
            let changes = json["changes"].as_array().unwrap();
            let skipped = format!("`{}`: {reason}", path.display());
            let note = format!("left `{}`: {reason}", path.display());
            let is_said = changes.iter().any(|change| change["reason"] == skipped.as_str())
                || run.notes().contains(&note);
            if !is_said {
                figures.violation(format!("{what}: not said in {run:?}"));
            }
            let is_own = |name: &str| name == "target/xtask";
            if tree(&outside, &is_own) != before {
                figures.violation(format!("{what}: something was deleted through it"));
            }
            if !fixture.path("target/package/one-0.1.0/src/1/deep/down/1").exists() {
                figures.violation(format!("{what}: something was deleted around it"));
            }
        }
    }
    figures.conclude();
}

#[test]
#[ignore = "slow"]
fn a_million_files() {
    const FILES: usize = 1_000_000;
    const LINKED: usize = 100_000;
    const DEPTH: usize = 20_000;
    const MOST_MIB: u64 = 64;
    let mut figures = Figures::of("a million files");
    let fixture = Fixture::new(ONE);
    fixture.put_bytes("target/CACHEDIR.TAG", TAG.as_bytes());
    let target = fixture.path("target");
    fill(&target);
    for (place, files) in [("package/one-0.1.0/many", FILES), ("debug/deps", FILES / 10)] {
        for dir in 0..1000 {
            let dir = target.join(place).join(dir.to_string());
            fs::create_dir_all(&dir).unwrap();
            for number in 0..files / 1000 {
                File::create(dir.join(number.to_string())).unwrap();
            }
        }
    }
    // The other names lie elsewhere, as do those that cargo makes of what it builds.
    for number in 0..LINKED {
        let (dir, name) = (number % 1000, number / 1000);
        let first = target.join(format!("debug/deps/{dir}/{name}"));
        let second = target.join(format!("package/one-0.1.0/many/{dir}/linked-{name}"));
        fs::hard_link(first, second).unwrap();
    }
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = target.join("package/one-0.1.0");
    let mut deepest = rustix::fs::openat(CWD, &top, flags, Mode::empty()).unwrap();
    for _ in 0..DEPTH {
        rustix::fs::mkdirat(&deepest, "deeper", Mode::RWXU).unwrap();
        deepest = rustix::fs::openat(&deepest, "deeper", flags, Mode::empty()).unwrap();
    }
    let stand_ins = StandIns::record(&fixture);
    let (run, peak) = stand_ins.watched(&ARGUMENTS);
    figures.count("files", FILES + LINKED + FILES / 10);
    figures.count("of them linked", LINKED);
    figures.count("levels", DEPTH);
    figures.count("KiB at the peak", usize::try_from(peak / 1024).unwrap());
    if peak >= MOST_MIB * 1024 * 1024 {
        figures.violation(format!("{peak} bytes are more than {MOST_MIB} MiB"));
    }
    if run.code() != Some(0) || !is_cleaned(&target) {
        figures.violation(format!("not cleaned: {run:?}"));
    }
    let built = (0..1000).map(|dir| target.join(format!("debug/deps/{dir}")));
    let built: usize = built.map(|dir| fs::read_dir(dir).unwrap().count()).sum();
    if built != FILES / 10 {
        figures.violation(format!("{built} files are left of what was built"));
    }
    figures.conclude();
}
