//! `wasm`: a profile and an alias for members that are built for WebAssembly.
//!
//! Tests that build need the target wasm32-unknown-unknown, and say so where it is not installed.

use std::fs;

use crate::support::{Fixture, Run, assert_same};

/// A loop that is unrolled for speed, and not for size.
const LIB: &str = r#"
#[cfg(feature = "wasm")]
#[unsafe(no_mangle)]
pub extern "C" fn sum(data: *const u32, length: usize) -> u32 {
    let data = unsafe { core::slice::from_raw_parts(data, length) };
    let mut total = 0u32;
    for (at, value) in data.iter().enumerate() {
        let mixed = value.rotate_left((at % 32) as u32) ^ 0x9e37_79b9;
        total = total.wrapping_mul(31).wrapping_add(mixed);
    }
    total
}
"#;

/// A workspace of one member with a feature for WebAssembly.
fn fixture(lib: &str) -> Fixture {
    Fixture::new(&format!(
        "-- Cargo.toml --\n[workspace]\nmembers = [\"app\"]\nresolver = \"2\"\n\
         -- app/Cargo.toml --\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[features]\nwasm = []\n\
         -- app/src/lib.rs --\n{lib}\n"
    ))
}

/// Whether the target is installed in the toolchain of a fixture; says so if not.
fn has_target(fixture: &Fixture) -> bool {
    let printed = fixture.real(
        "rustc",
        &[],
        &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"],
    );
    let is_there = fs::metadata(printed.trim()).is_ok();
    if !is_there {
        eprintln!(
            "skipped: `rustup target add wasm32-unknown-unknown` gets the target that this test builds for"
        );
    }
    is_there
}

/// A run of the pass alone that agrees to everything and makes its builds.
fn proved(fixture: &Fixture, more: &[&str]) -> Run {
    let fixed = ["--yes", "--no-test", "--only", "wasm"];
    fixture.optimize(&[&fixed, more].concat()).exits(0)
}

#[test]
fn a_profile_that_makes_the_module_smaller_is_kept_with_both_sizes() {
    let fixture = fixture(LIB);
    if !has_target(&fixture) {
        return;
    }
    let before = fixture.read("Cargo.toml");
    let run = proved(&fixture, &[]);
    run.holds("wasm:app", "applied", "its `.wasm` has ");
    let reason = run.change("wasm:app")["reason"].as_str().unwrap().to_owned();
    let sizes: Vec<u64> = reason.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [with, without] = sizes[..] else { panic!("{reason}") };
    assert!(with < without, "{reason}");
    assert_eq!(
        fixture.read("Cargo.toml"),
        format!(
            "{before}\n# For WebAssembly: small rather than fast.\n[profile.release-wasm]\n\
             inherits = \"release\"\nopt-level = \"s\"\nlto = true\ncodegen-units = 1\n"
        )
    );
    assert_eq!(
        fixture.read(".cargo/config.toml"),
        "[alias]\nbuild-wasm-app = \"build --package app --lib --features wasm --target wasm32-unknown-unknown \
         --profile release-wasm\"\n"
    );
    // The alias builds what was measured.
    fixture.cargo(&["build-wasm-app"]);
    let module = fixture.path("target/wasm32-unknown-unknown/release-wasm/app.wasm");
    assert_eq!(fs::metadata(module).unwrap().len(), with);
    let after = fixture.tree();
    let again = proved(&fixture, &[]);
    again.says("nothing to do");
    again.holds("wasm:app", "skipped", "`[profile.release-wasm]` is there");
    assert_same(&after, &fixture.tree());
}

#[test]
fn a_member_that_does_not_build_for_the_target_is_left_with_the_error_of_the_compiler() {
    let broken = "#[cfg(target_arch = \"wasm32\")]\ncompile_error!(\"not for the web\");\n";
    let fixture = fixture(broken);
    if !has_target(&fixture) {
        return;
    }
    let before = fixture.tree();
    let run = proved(&fixture, &[]);
    run.holds("wasm:app", "skipped", "does not build for wasm32-unknown-unknown as it is");
    run.holds("wasm:app", "skipped", "not for the web");
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_profile_that_makes_nothing_smaller_is_rejected() {
    let fixture = fixture(LIB);
    if !has_target(&fixture) {
        return;
    }
    // What the profile would set is set.
    let release = "\n[profile.release]\nopt-level = \"s\"\nlto = true\ncodegen-units = 1\n";
    let manifest = format!("{}{release}", fixture.read("Cargo.toml"));
    fixture.put_bytes("Cargo.toml", manifest.as_bytes());
    let before = fixture.tree();
    let run = proved(&fixture, &[]);
    run.holds("wasm:app", "rejected", "not smaller: its `.wasm` has ");
    assert_same(&before, &fixture.tree());
}

#[test]
fn without_builds_nothing_is_claimed() {
    let fixture = fixture(LIB);
    if !has_target(&fixture) {
        return;
    }
    let before = fixture.tree();
    let run = proved(&fixture, &["--measure", "none"]);
    run.says("nothing to do").holds("wasm:app", "skipped", "only builds can tell");
    let run = fixture.run(&["optimize", "--check", "--only", "wasm"]);
    run.exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn what_is_set_by_hand_is_left_alone() {
    let fixture = fixture(LIB);
    if !has_target(&fixture) {
        return;
    }
    fixture.put("-- .cargo/config.toml --\n[alias]\nbuild-wasm-app = \"build\"\n");
    let run = proved(&fixture, &[]);
    run.says("nothing to do").holds("wasm:app", "skipped", "an alias `build-wasm-app` is there");
    assert_eq!(fixture.read(".cargo/config.toml"), "[alias]\nbuild-wasm-app = \"build\"\n");
}

/// A compiler without the target is put before the real one: its sysroot holds nothing.
#[cfg(unix)]
#[test]
fn a_target_that_is_not_installed_is_left_with_the_step_to_get_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = fixture(LIB);
    let rustc = fixture.real("sh", &[], &["-c", "command -v rustc"]);
    let sysroot = fixture.path("../rustup/toolchains/other");
    let script =
        format!("#!/bin/sh\n{} \"$@\" | sed 's|^/.*|{}|'\n", rustc.trim(), sysroot.display());
    fixture.put_bytes("../bin/rustc", script.as_bytes());
    fs::set_permissions(fixture.path("../bin/rustc"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", fixture.path("../bin").canonicalize().unwrap().display());
    let arguments = ["optimize", "--format", "json", "--dry-run", "--only", "wasm"];
    let run = fixture.run_with(&[("PATH", &path)], &arguments).exits(0);
    let step = "`rustup target add wasm32-unknown-unknown`, run in the workspace, gets it";
    run.holds("wasm:target", "skipped", step);
}

#[test]
fn of_a_workspace_without_such_a_member_nothing_is_said() {
    let fixture = fixture(LIB);
    fixture.replace("app/Cargo.toml", "wasm = []", "web = []");
    let run = fixture.optimize(&["--dry-run", "--only", "wasm"]).exits(0);
    assert_eq!(run.json()["changes"].as_array().unwrap().len(), 0);
}
