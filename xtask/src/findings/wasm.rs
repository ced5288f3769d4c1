//! `wasm`: a profile for small WebAssembly and an alias that builds with it, for members that are built for that.
//!
//! Whether the profile makes anything smaller only the builds can tell, so the change names them ([`SmallerBuild`]).

use std::path::Path;

use cargo_metadata::{CrateType, DependencyKind, Package};

use crate::{
    cli::Code,
    plan::{Change, SmallerBuild},
    record::Verdict,
    snapshot::{OLD_CONFIG, Snapshot},
};

use super::{Finding, Pass, Scene, cargo_config, profile};

pub(super) const PASS: Pass = Pass::of(find);

/// The target of browsers and of every host that is given nothing but a module.
const TARGET: &str = "wasm32-unknown-unknown";

/// The profile that is added.
const PROFILE: &str = "release-wasm";

/// Features that say by their name that a package is built for WebAssembly, the first that is there counting. `web`, `js`
/// and `wasi` are none of them: the first two often mean something else, the third another target.
const FEATURES: [&str; 3] = ["wasm", "wasm32", "wasm-bindgen"];

/// One finding for each member that is built for WebAssembly; one for all modules where the target is not installed.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let snapshot = scene.snapshot;
    let packages = || snapshot.members.iter().filter_map(|member| snapshot.package(&member.id));
    let mut findings: Vec<Finding> = packages().filter(|it| is_part(it)).map(part).collect();
    let builds: Vec<SmallerBuild> = packages().filter_map(build_of).collect();
    findings.extend(of_modules(scene, builds));
    findings
}

fn of_modules(scene: &Scene<'_>, builds: Vec<SmallerBuild>) -> Vec<Finding> {
    let snapshot = scene.snapshot;
    if builds.is_empty() {
        return Vec::new();
    }
    if !snapshot.targets.contains(TARGET) {
        let members: Vec<&str> = builds.iter().map(|build| build.member.as_str()).collect();
        let title = format!("build {} for {TARGET}", members.join(", "));
        let reason = missing(snapshot.sysroot.as_deref());
        return vec![Finding::left(Code::Wasm, "target", &title, Verdict::Skipped, &reason)];
    }
    builds.into_iter().map(|build| judge(scene, build)).collect()
}

/// The feature that says so.
fn feature_of(package: &Package) -> Option<&'static str> {
    FEATURES.into_iter().find(|name| package.features.contains_key(*name))
}

/// What of a package becomes a module of its own, as a flag of cargo: its library, or else its programs.
fn modules_of(package: &Package) -> Option<&'static str> {
    let of = |kind: CrateType| {
        package.targets.iter().any(|target| {
            (target.is_bin() || target.is_cdylib()) && target.crate_types.contains(&kind)
        })
    };
    match (of(CrateType::CDyLib), of(CrateType::Bin)) {
        (true, _) => Some("--lib"),
        (false, true) => Some("--bins"),
        (false, false) => None,
    }
}

/// Whether a package is built for WebAssembly as a part of others only.
fn is_part(package: &Package) -> bool {
    let is_library = package.targets.iter().any(|target| target.is_lib() || target.is_rlib());
    is_library && modules_of(package).is_none() && feature_of(package).is_some()
}

fn part(package: &Package) -> Finding {
    let title = format!("build {} for {TARGET}", package.name);
    let reason = "it is a library only, of which no module comes whose size could be measured: the profile is for the \
                  package that links it; with `crate-type = [\"cdylib\", \"rlib\"]` it makes a module itself";
    Finding::left(Code::Wasm, &package.name, &title, Verdict::Skipped, reason)
}

/// The build of a member for WebAssembly; none where nothing says that it is meant to be built so.
fn build_of(package: &Package) -> Option<SmallerBuild> {
    let feature = feature_of(package);
    let targets = modules_of(package)?;
    let binds = package.dependencies.iter().any(|dependency| {
        dependency.name == "wasm-bindgen"
            && dependency.kind == DependencyKind::Normal
            && !dependency.optional
    });
    (feature.is_some() || targets == "--lib" && binds).then(|| SmallerBuild {
        member: package.name.to_string(),
        feature: feature.map(str::to_owned),
        targets,
        target: TARGET,
        profile: PROFILE,
        than: "release",
    })
}

/// Why nothing is done where the target is not installed, and how to get it.
fn missing(sysroot: Option<&Path>) -> String {
    let Some(sysroot) = sysroot else {
        return format!(
            "rustc does not say where its libraries are, so whether `{TARGET}` is installed is not known"
        );
    };
    // `RUSTUP_HOME/toolchains/<toolchain>`
    let is_of_rustup =
        sysroot.parent().and_then(Path::file_name).is_some_and(|name| name == "toolchains");
    if is_of_rustup {
        return format!(
            "that target is not installed; `rustup target add {TARGET}`, run in the workspace, gets it"
        );
    }
    format!(
        "that target is not installed in `{}`, which is no toolchain of rustup's: get the standard library of the \
         target from where the toolchain came, or install rustup and run `rustup target add {TARGET}`",
        sysroot.display()
    )
}

fn judge(scene: &Scene<'_>, build: SmallerBuild) -> Finding {
    let alias = format!("build-wasm-{}", build.member);
    let title = format!("a `{PROFILE}` profile and alias `{alias}`: {} for {TARGET}", build.member);
    let left =
        |verdict, reason: &str| Finding::left(Code::Wasm, &build.member, &title, verdict, reason);
    if let Some((verdict, reason)) = obstacle(scene.snapshot, &alias) {
        return left(verdict, &reason);
    }
    if !scene.wishes.builds {
        let why = "whether it makes anything smaller only builds can tell, which `--check` and `--measure none` leave out";
        return left(Verdict::Skipped, why);
    }
    let because = match &build.feature {
        Some(feature) => format!("feature `{feature}`"),
        None => "a `cdylib` that uses wasm-bindgen".to_owned(),
    };
    let reason = format!("{} has {because}; kept only if it comes out smaller", build.member);
    let mut change = Change::new(Code::Wasm, &build.member, title, reason);
    // No other build uses the profile.
    change.affects_build = false;
    // Source: https://rustwasm.github.io/book/reference/code-size.html, which has "s" before "z" and warns that "z" is not
    // always smaller; codegen-units: https://doc.rust-lang.org/cargo/reference/profiles.html#codegen-units.
    let at = ["profile", PROFILE];
    let why = "For WebAssembly: small rather than fast.";
    change.edits = vec![
        profile::set(&at, "inherits", build.than, Some(why)),
        profile::set(&at, "opt-level", "s", None),
        profile::set(&at, "lto", true, None),
        profile::set(&at, "codegen-units", 1, None),
        cargo_config::set(&["alias"], &alias, &build.arguments(PROFILE).join(" "), None),
    ];
    change.smaller = Some(build);
    Finding::Remedy(change)
}

/// What is there already, and is left alone.
fn obstacle(snapshot: &Snapshot, alias: &str) -> Option<(Verdict, String)> {
    if !profile::is_unset(snapshot, &["profile", PROFILE]) {
        return Some((Verdict::Skipped, format!("`[profile.{PROFILE}]` is there")));
    }
    if !cargo_config::is_unset(snapshot, &["alias", alias]) {
        return Some((Verdict::Skipped, format!("an alias `{alias}` is there")));
    }
    let has_old = snapshot.files.get(Path::new(OLD_CONFIG)).is_some_and(Option::is_some);
    has_old.then(|| {
        let reason =
            format!("cargo prefers `{OLD_CONFIG}`, the old name, for aliases; rename it first");
        (Verdict::Blocked, reason)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A package as cargo describes it.
    fn package(kinds: &[&str], features: &[&str], dependencies: &[Value]) -> Package {
        let features: serde_json::Map<String, Value> =
            features.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
        serde_json::from_value(json!({
            "name": "app",
            "version": "0.1.0",
            "id": "path+file:///ws#app@0.1.0",
            "manifest_path": "/ws/Cargo.toml",
            "dependencies": dependencies,
            "features": features,
            "targets": [{
                "name": "app",
                "kind": kinds,
                "crate_types": kinds,
                "src_path": "/ws/src/lib.rs",
            }],
        }))
        .unwrap()
    }

    fn bindgen(is_optional: bool, kind: Value) -> Value {
        json!({
            "name": "wasm-bindgen",
            "req": "^0.2",
            "kind": kind,
            "optional": is_optional,
            "uses_default_features": true,
            "features": [],
        })
    }

    fn line(package: &Package) -> Option<String> {
        Some(build_of(package)?.arguments("p").join(" "))
    }

    #[test]
    fn a_member_with_a_feature_for_it_is_found() {
        let found = line(&package(&["cdylib", "rlib"], &["web", "wasm"], &[])).unwrap();
        let features = "build --package app --lib --features wasm";
        assert_eq!(found, format!("{features} --target wasm32-unknown-unknown --profile p"));
        let found = line(&package(&["bin"], &["wasm-bindgen"], &[])).unwrap();
        assert!(found.contains("--bins --features wasm-bindgen"), "{found}");
    }

    #[test]
    fn a_module_that_cannot_do_without_wasm_bindgen_is_found() {
        let always = [bindgen(false, Value::Null)];
        let found = line(&package(&["cdylib"], &[], &always)).unwrap();
        assert!(!found.contains("--features"), "{found}");
        assert_eq!(line(&package(&["lib"], &[], &always)), None, "a library may only offer types");
    }

    #[test]
    fn a_library_of_which_no_module_comes_is_left_with_the_reason() {
        for (kinds, features, is_left) in [
            (["lib"], &["wasm"][..], true),
            (["lib"], &["web"], false),
            (["cdylib"], &["wasm"], false),
            (["bin"], &["wasm"], false),
            (["proc-macro"], &["wasm"], false),
        ] {
            let package = package(&kinds, features, &[]);
            assert_eq!(is_part(&package), is_left, "{kinds:?} {features:?}");
            assert!(!is_left || line(&package).is_none());
        }
    }

    #[test]
    fn what_does_not_say_that_it_is_built_for_it_is_not_found() {
        for dependency in [bindgen(true, Value::Null), bindgen(false, json!("dev"))] {
            assert_eq!(line(&package(&["cdylib"], &["default", "web"], &[dependency])), None);
        }
        assert_eq!(line(&package(&["proc-macro"], &["wasm"], &[])), None);
    }

    #[test]
    fn a_missing_target_comes_with_the_step_to_get_it() {
        let of_rustup = missing(Some(Path::new("/home/u/.rustup/toolchains/stable-x86_64")));
        assert!(of_rustup.contains("`rustup target add wasm32-unknown-unknown`"), "{of_rustup}");
        let other = missing(Some(Path::new("/usr")));
        assert!(other.contains("`/usr`, which is no toolchain of rustup's"), "{other}");
    }
}
