//! What a cleaning deletes, and that a build right after it compiles nothing again.

use super::*;
use crate::support::assert_same;

/// Names of everything in the directories in which units leave something, of one profile.
fn names_of_units(profile: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for section in [".fingerprint", "build", "deps", "examples", "incremental"] {
        for entry in fs::read_dir(profile.join(section)).unwrap() {
            names.push(Path::new(section).join(entry.unwrap().file_name()));
        }
    }
    names.sort();
    names
}

#[test]
fn what_the_usual_builds_use_stays_and_is_not_compiled_again() {
    let fixture = Fixture::new(TWO);
    BUILDS.iter().for_each(|line| drop(cargo(&fixture, line)));
    let before = whole(&fixture.path("target"));
    let run = clean(&fixture, &[]);
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    assert_eq!(run.json()["unknown"], serde_json::json!([]), "{run:?}");
    assert!(run.json()["used_units"].as_u64().unwrap() > 20, "{run:?}");
    assert_same(&before, &whole(&fixture.path("target")));
    BUILDS.iter().for_each(|line| nothing_is_compiled(&fixture, line));
}

#[test]
fn what_a_changed_graph_left_behind_goes_and_the_rest_is_not_compiled_again() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    cargo(&fixture, "build --package app --features more");
    fixture.replace("app/Cargo.toml", r#"plume = { version = "1", features = ["ink"] }"#, "");
    fixture.replace("app/Cargo.toml", "shelf = \"6\"\n", "");
    fixture.replace("app/src/main.rs", "plume::ink();", "");
    fs::remove_file(fixture.path("app/tests/shelf.rs")).unwrap();
    cargo(&fixture, "build --offline");
    let plan = clean(&fixture, &["--dry-run"]);
    let before = whole(&fixture.path("target"));
    assert_eq!(labels(&plan, "unused-unit"), ["app", "lib", "plume"]);
    assert_eq!(labels(&plan, "incremental"), ["app", "build_script_build", "lib"]);
    assert_eq!(plan.json()["freed_bytes"], 0);
    let done = clean(&fixture, &[]);
    assert_ne!(before, whole(&fixture.path("target")));
    assert_eq!(done.json()["kinds"], plan.json()["kinds"], "the plan is what is done");
    assert_eq!(done.json()["bytes"], plan.json()["bytes"], "a dry run deletes nothing");
    let freed = done.json()["freed_bytes"].as_u64().unwrap();
    let planned = plan.json()["stale_bytes"].as_u64().unwrap();
    assert!(freed > 0 && freed <= planned, "{freed} of {planned}");
    nothing_is_compiled(&fixture, "build");
    let again = clean(&fixture, &[]);
    assert_eq!(again.json()["items"], serde_json::json!([]), "{again:?}");
}

#[test]
fn a_unit_that_has_to_be_compiled_again_keeps_what_makes_that_fast() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let state = found(&fixture, "debug/incremental", "app-");
    assert_eq!(state.len(), 1);
    fixture.replace("app/src/main.rs", "fn main() {", "fn main() {\n    println!(\"edited\");");
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    assert!(state[0].is_dir());
    let (_, compiled) = units(&fixture, "build");
    assert_eq!(compiled, 1, "the one whose source was edited");
}

#[test]
fn only_what_named_commands_use_stays() {
    let fixture = Fixture::new(TWO);
    BUILDS.iter().for_each(|line| drop(cargo(&fixture, line)));
    let run = clean(&fixture, &["--for", "build", "--for", "cargo build --profile 'dist'"]);
    assert_eq!(run.json()["commands"], serde_json::json!(["build", "build --profile dist"]));
    assert!(bytes_of(&run, "profile") > 0, "nothing builds in `release` any more: {run:?}");
    assert!(!fixture.path("target/release").exists());
    for line in ["build", "build --profile dist"] {
        nothing_is_compiled(&fixture, line);
    }
    let (_, compiled) = units(&fixture, "check");
    assert!(compiled > 0, "what checks left is gone");
}

#[test]
fn a_profile_that_is_no_longer_defined_goes_with_its_directory() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    cargo(&fixture, "build --profile dist");
    fixture.put_bytes("target/dist/mine.txt", b"mine");
    fixture.replace("Cargo.toml", "[profile.dist]\ninherits = \"release\"\n", "");
    let run = clean(&fixture, &[]);
    assert!(bytes_of(&run, "profile") > 0, "{run:?}");
    // A file that is nobody's that is known stays, and so its directory.
    assert_eq!(fixture.read("target/dist/mine.txt"), "mine");
    assert!(run.json()["unknown"].to_string().contains("mine.txt"), "{run:?}");
    assert_eq!(found(&fixture, "dist", "lib"), Vec::<PathBuf>::new());
    nothing_is_compiled(&fixture, "build");
    fs::remove_file(fixture.path("target/dist/mine.txt")).unwrap();
    clean(&fixture, &[]);
    assert!(!fixture.path("target/dist").exists());
}

#[test]
fn what_a_compiler_was_cut_off_at_goes() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let state = found(&fixture, "debug/incremental", "lib-").remove(0);
    fs::create_dir(state.join("s-h0abc-1def-working")).unwrap();
    fs::copy(fixture.path("lib/src/lib.rs"), state.join("s-h0abc-1def-working/query-cache.bin"))
        .unwrap();
    fixture.put_bytes("target/debug/.fingerprint/odd-0123456789abcdef/lib-odd", b"x");
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(
        (labels(&run, "incremental"), labels(&run, "fingerprint")),
        (vec!["lib".into()], vec!["odd".into()])
    );
    assert!(!state.join("s-h0abc-1def-working").exists());
    assert!(!fixture.path("target/debug/.fingerprint/odd-0123456789abcdef").exists());
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn limits_keep_what_is_young_and_what_fits() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build --package app --features more");
    cargo(&fixture, "build");
    let all = clean(&fixture, &["--for", "build", "--dry-run"]);
    let stale = all.json()["stale_bytes"].as_u64().unwrap();
    let bytes = all.json()["bytes"].as_u64().unwrap();
    assert!(stale > 0);
    fixture.put_bytes("target/package/lib-0.1.0/src/lib.rs", b"young");
    let young = clean(&fixture, &["--for", "build", "--keep-days", "1"]);
    assert_eq!(fixture.read("target/package/lib-0.1.0/src/lib.rs"), "young");
    fs::remove_dir_all(fixture.path("target/package")).unwrap();
    assert_eq!(young.json()["items"], serde_json::json!([]), "{young:?}");
    assert_eq!(young.json()["kept_bytes"].as_u64().unwrap(), stale + 5);
    young.says("`--keep-days`");
    let fits = clean(&fixture, &["--for", "build", "--max-size", &bytes.to_string()]);
    assert_eq!(fits.json()["items"], serde_json::json!([]), "{fits:?}");
    let some =
        clean(&fixture, &["--for", "build", "--dry-run", "--max-size", &(bytes - 1).to_string()]);
    let chosen = some.json()["items"].as_array().unwrap().len();
    assert_eq!(chosen, 1, "the oldest is enough: {some:?}");
    let none = clean(&fixture, &["--for", "build", "--max-size", "0"]);
    assert!(none.json()["over_bytes"].as_u64().unwrap() > 0, "what is in use stays: {none:?}");
    none.says("above `--max-size`");
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn unpacked_packages_go_in_the_same_run_and_packed_ones_stay() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    fixture.cargo(&["package", "--allow-dirty", "--no-verify", "--package", "lib"]);
    let packed = fs::read(fixture.path("target/package/lib-0.1.0.crate")).unwrap();
    fixture.put_bytes("target/package/lib-0.1.0/src/lib.rs", &vec![b'x'; 100_000]);
    let plan = clean(&fixture, &["--for", "build", "--dry-run"]);
    let planned = bytes_of(&plan, "package");
    assert!(planned >= 100_000, "{plan:?}");
    let done = clean(&fixture, &["--for", "build"]);
    assert_eq!(done.json()["freed_bytes"].as_u64().unwrap(), planned);
    assert!(!fixture.path("target/package/lib-0.1.0").exists());
    assert_eq!(fs::read(fixture.path("target/package/lib-0.1.0.crate")).unwrap(), packed);
}

#[test]
fn the_cleaning_of_optimize_deletes_what_its_commit_left_no_use_for() {
    let fixture = Fixture::new(TWO);
    fixture.replace("lib/Cargo.toml", "plume = \"1\"\n", "plume = \"1\"\nghoul = \"0.3\"\n");
    fixture.lock();
    cargo(&fixture, "build");
    assert!(!found(&fixture, "debug/deps", "ghoul").is_empty());
    let run = fixture.optimize(&[
        "--yes",
        "--only",
        "unused-dependency,package-bloat",
        "--measure",
        "none",
    ]);
    let run = run.exits(0);
    run.holds("unused-dependency:lib/ghoul", "applied", "");
    assert!(run.notes().iter().any(|note| note.contains("no build uses any more")), "{run:?}");
    assert_eq!(found(&fixture, "debug/deps", "ghoul"), Vec::<PathBuf>::new());
}

/// 1.9 GB in four packages, as cargo before 1.91 left it: each with a target directory of its own, in which all
/// dependencies were built to verify it.
#[test]
fn the_bloat_that_an_older_cargo_left_goes_in_one_run_and_packed_packages_stay() {
    const BYTES: u64 = 1_900_000_000;
    const FILES: u64 = 500;
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let names = ["aimds-core", "aimds-detection", "aimds-analysis", "aimds-response"];
    for name in names {
        fixture.put_bytes(&format!("target/package/{name}-0.1.0.crate"), name.as_bytes());
        let unpacked = format!("target/package/{name}-0.1.0");
        for number in 0..FILES {
            let path = format!("{unpacked}/target/debug/deps/libdep{number}-0123456789abcdef.rlib");
            fixture.put_bytes(&path, b"");
            let file = fs::File::options().write(true).open(fixture.path(&path)).unwrap();
            file.set_len(BYTES / 4 / FILES).unwrap();
        }
    }
    let plan = clean(&fixture, &["--for", "build", "--dry-run"]);
    assert_eq!(bytes_of(&plan, "package"), BYTES);
    let done = clean(&fixture, &["--for", "build"]);
    assert_eq!(done.json()["freed_bytes"], BYTES);
    assert_eq!(left(&done), "[]", "{done:?}");
    let mut packages: Vec<PathBuf> = fs::read_dir(fixture.path("target/package"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    packages.sort();
    let mut kept = names.map(|name| fixture.path(&format!("target/package/{name}-0.1.0.crate")));
    kept.sort();
    assert_eq!(packages, kept);
    for (name, path) in names.iter().zip(names.map(|n| format!("target/package/{n}-0.1.0.crate"))) {
        assert_eq!(fixture.read(&path), *name);
    }
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn what_another_toolchain_made_goes_and_is_said_to_be_so() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    // As a compiler of another number would have left the same unit.
    let made = found(&fixture, "debug/.fingerprint", "lib-lib.json").remove(0);
    let text = fs::read_to_string(made).unwrap();
    let number = text.split_once(r#""rustc":"#).unwrap().1.split(',').next().unwrap().to_owned();
    assert!(number.parse::<u64>().is_ok(), "{number}");
    let other = text.replace(&format!(r#""rustc":{number}"#), r#""rustc":1"#);
    let unit = "target/debug/.fingerprint/lib-00112233aabbccdd";
    fixture.put_bytes(&format!("{unit}/lib-lib.json"), other.as_bytes());
    fixture.put_bytes("target/debug/deps/liblib-00112233aabbccdd.rlib", &[0; 1000]);
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(labels(&run, "other-toolchain"), ["lib"], "{run:?}");
    assert_eq!(labels(&run, "unused-unit"), Vec::<String>::new());
    assert!(!fixture.path("target/debug/deps/liblib-00112233aabbccdd.rlib").exists());
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn what_a_toolchain_that_is_kept_would_use_is_asked_of_that_toolchain() {
    let fixture = Fixture::new(TWO);
    let Ok(shown) =
        snapbox::cmd::Command::new("rustup").args(["show", "active-toolchain"]).output()
    else {
        return eprintln!("skipped: there is no rustup here");
    };
    let name = String::from_utf8(shown.stdout).unwrap();
    let Some(name) = name.split_whitespace().next() else {
        return eprintln!("skipped: rustup names no toolchain");
    };
    cargo(&fixture, "build");
    let run = clean(&fixture, &["--keep-toolchains", name, "--for", "build"]);
    assert_eq!(run.json()["toolchains"], serde_json::json!([name]));
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn flags_that_a_command_has_already_are_not_repeated() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let run =
        clean(&fixture, &["--offline", "--for", "build --offline", "--for", "test --doc --frozen"]);
    assert!(run.json()["used_units"].as_u64().unwrap() > 0, "{run:?}");
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn a_cleaned_directory_holds_what_a_fresh_one_would_and_nothing_else() {
    let fixture = Fixture::new(TWO);
    let lines =
        ["build --workspace --examples", "test --workspace --no-run", "check --package lib"];
    // What came and went: features, members, programs, profiles, a dependency.
    cargo(&fixture, "build --package app --features more");
    cargo(&fixture, "check --workspace --all-targets --all-features");
    fixture.replace("app/Cargo.toml", r#"features = ["ink"]"#, r#"features = ["quill"]"#);
    fixture.replace("app/src/main.rs", "plume::ink();", "");
    cargo(&fixture, "build --config profile.dev.debug=1");
    fixture.put_bytes("app/src/bin/second.rs", b"fn main() {}\n");
    cargo(&fixture, "build --config profile.dev.opt-level=1");
    fs::remove_file(fixture.path("app/src/bin/second.rs")).unwrap();
    lines.iter().for_each(|line| drop(cargo(&fixture, line)));
    let named: Vec<&str> = lines.iter().flat_map(|line| ["--for", line]).collect();
    clean(&fixture, &named);
    let fresh = fixture.path("../fresh");
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let environment = [INCREMENTAL[0], ("CARGO_TARGET_DIR", fresh.to_str().unwrap())];
        fixture.real("cargo", &environment, &words);
    }
    assert_eq!(names_of_units(&fixture.path("target/debug")), names_of_units(&fresh.join("debug")));
    lines.iter().for_each(|line| nothing_is_compiled(&fixture, line));
}
