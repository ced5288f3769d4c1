//! `unused-dependency`: entries that work without being named, each kept with its reason.

use crate::support::{Fixture, Run};

const LOOK: [&str; 3] = ["--dry-run", "--only", "unused-dependency"];

/// A macro that leans on a crate which its caller has to depend on.
const SCRIBE: &str = "#[macro_export]\nmacro_rules! scribe {\n    () => {\n        pub fn scribe() {\n            \
    ghost::boo();\n        }\n    };\n}\n";

/// One package `app` with these dependency tables, over crates made for these tests: `plume` with
/// features, and crates that use it.
fn fixture(tables: &str, lib: &str) -> Fixture {
    let fixture = Fixture::unlocked(&format!(
        "-- Cargo.toml --\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         {tables}\n-- src/lib.rs --\n{lib}\n"
    ));
    let plume = "[features]\ndefault = [\"quill\"]\nquill = []\nink = []\nnib = [\"ink\"]\n";
    let uses = |rest: &str| format!("[dependencies]\nplume = {{ version = \"1\", {rest} }}\n");
    let plain = uses("default-features = false");
    fixture.vendor("plume", "1.0.4", plume, "pub fn write() {}\n");
    fixture.vendor("bare", "1.0.0", &plain, "pub fn bare() {}\n");
    fixture.vendor("usual", "1.0.0", &uses("features = []"), "pub fn usual() {}\n");
    fixture.vendor("inky", "1.0.0", &uses("features = [\"nib\"]"), "pub fn inky() {}\n");
    let windows = "[target.'cfg(windows)'.dependencies]\n\
                   plume = { version = \"1\", features = [\"ink\"] }\n";
    fixture.vendor("elsewhere", "1.0.0", windows, "pub fn elsewhere() {}\n");
    let optional = "[features]\ndefault = [\"fine\"]\nfine = [\"plume/ink\"]\n\n[dependencies]\n\
                    plume = { version = \"1\", default-features = false }\n";
    fixture.vendor("forwards", "1.0.0", optional, "pub fn forwards() {}\n");
    let macros = format!("[lib]\nproc-macro = true\n\n{}", uses("features = [\"ink\"]"));
    fixture.vendor("macros", "1.0.0", &macros, "");
    let wrapper = "[features]\nbundled = [\"zlib/static\"]\ndeep = [\"zlib/fast\"]\n\n\
                   [dependencies]\nzlib = \"1\"\n";
    fixture.vendor("wrapper", "1.0.0", wrapper, "pub fn wrap() {}\n");
    let zlib = "[features]\nstatic = [\"zlib-sys/static\"]\nfast = []\n\n\
                [dependencies]\nzlib-sys = \"1\"\n";
    fixture.vendor("zlib", "1.0.0", zlib, "pub fn deflate() {}\n");
    fixture.vendor(
        "ghost",
        "1.2.0",
        "",
        "pub fn boo() {}\n#[macro_export]\nmacro_rules! shout { () => {}; }\n",
    );
    fixture.vendor("odd-name", "1.0.0", "[lib]\nname = \"even\"\n", "pub fn here() {}\n");
    fixture.vendor(
        "shared",
        "1.0.0",
        "[lib]\ncrate-type = [\"rlib\"]\nname = \"mine\"\n",
        "pub fn here() {}\n",
    );
    fixture.vendor("zlib-sys", "1.0.0", "[features]\nstatic = []\n", "");
    fixture.vendor("scribe", "1.0.0", "", SCRIBE);
    fixture.lock();
    fixture
}

fn look(tables: &str, lib: &str) -> Run {
    fixture(tables, lib).optimize(&LOOK).exits(0)
}

/// What is to be removed of a package with these tables.
#[track_caller]
fn removed(tables: &str, lib: &str) -> Vec<String> {
    let ids = look(tables, lib).ids("planned");
    ids.iter().map(|id| id.trim_start_matches("unused-dependency:app/").to_owned()).collect()
}

/// Holds `plume` in a package with these tables to being kept for a reason.
#[track_caller]
fn plume_is_kept(tables: &str, lib: &str, reason: &str) {
    look(tables, lib).holds("unused-dependency:app/plume", "skipped", reason);
}

#[test]
fn an_entry_that_alone_switches_on_a_feature_is_kept_and_the_loser_is_named() {
    plume_is_kept(
        "[dependencies]\nbare = \"1\"\nplume = { version = \"1\", features = [\"nib\"] }",
        "pub use bare::bare;",
        "it switches on default, nib of plume for bare; nothing else that app reaches asks for that",
    );
}

#[test]
fn default_features_are_features_like_others() {
    plume_is_kept(
        "[dependencies]\nbare = \"1\"\nplume = \"1\"",
        "pub use bare::bare;",
        "it switches on default of plume for bare;",
    );
    let off = "[dependencies]\nbare = \"1\"\nplume = { version = \"1\", default-features = false }";
    assert_eq!(removed(off, "pub use bare::bare;"), ["plume"]);
}

#[test]
fn what_another_crate_asks_for_too_keeps_no_entry() {
    let lib = "pub use {usual::usual, bare::bare};";
    let tables = "[dependencies]\nbare = \"1\"\nusual = \"1\"\nplume = \"1\"";
    assert_eq!(removed(tables, lib), ["plume"]);
    // `nib` of another crate implies the `ink` of the entry.
    let lib = "pub use inky::inky;";
    let tables = "[dependencies]\ninky = \"1\"\nplume = { version = \"1\", features = [\"ink\"] }";
    assert_eq!(removed(tables, lib), ["plume"]);
    // The other way round it does not.
    plume_is_kept(
        "[dependencies]\nusual = \"1\"\nplume = { version = \"1\", features = [\"ink\"] }",
        "pub use usual::usual;",
        "it switches on ink of plume for usual;",
    );
}

#[test]
fn what_a_switched_on_feature_of_another_crate_forwards_counts_as_asked_for() {
    let entry = "plume = { version = \"1\", default-features = false, features = [\"ink\"] }";
    let lib = "pub use forwards::forwards;";
    assert_eq!(removed(&format!("[dependencies]\nforwards = \"1\"\n{entry}"), lib), ["plume"]);
    let off = "forwards = { version = \"1\", default-features = false }";
    plume_is_kept(
        &format!("[dependencies]\n{off}\n{entry}"),
        lib,
        "it switches on ink of plume for forwards;",
    );
}

#[test]
fn what_is_asked_for_elsewhere_than_in_the_same_build_helps_nobody() {
    let entry = "plume = { version = \"1\", default-features = false, features = [\"ink\"] }";
    // On another target.
    plume_is_kept(
        &format!("[dependencies]\nbare = \"1\"\nelsewhere = \"1\"\n{entry}"),
        "pub use {bare::bare, elsewhere::elsewhere};",
        "it switches on ink of plume for bare;",
    );
    // For the host, in a procedural macro.
    plume_is_kept(
        &format!("[dependencies]\nbare = \"1\"\nmacros = \"1\"\n{entry}"),
        "pub use bare::bare;\npub use macros as _;",
        "it switches on ink of plume for bare;",
    );
    // In tests only.
    plume_is_kept(
        &format!("[dependencies]\nbare = \"1\"\n{entry}\n\n[dev-dependencies]\ninky = \"1\""),
        "pub use bare::bare;\n#[cfg(test)]\nuse inky::inky as _;",
        "it switches on ink of plume for bare;",
    );
}

#[test]
fn an_entry_whose_package_nothing_else_leads_to_in_the_same_build_goes() {
    let entry = "plume = { version = \"1\", features = [\"ink\"] }";
    assert_eq!(removed(&format!("[dependencies]\n{entry}"), ""), ["plume"]);
    // The procedural macro has a plume of its own, built for the host.
    let tables = format!("[dependencies]\nmacros = \"1\"\n{entry}");
    assert_eq!(removed(&tables, "pub use macros as _;"), ["plume"]);
}

#[test]
fn with_resolver_1_a_procedural_macro_shares_its_features() {
    let entry = "plume = { version = \"1\", features = [\"nib\"] }";
    let fixture = fixture(
        &format!("resolver = \"1\"\n\n[dependencies]\nmacros = \"1\"\n{entry}"),
        "pub use macros as _;",
    );
    let run = fixture.optimize(&LOOK).exits(0);
    let reason = "it switches on nib of plume for macros;";
    run.holds("unused-dependency:app/plume", "skipped", reason);
}

#[test]
fn an_entry_that_says_how_a_deeper_native_library_is_linked_is_kept() {
    let app = |name: &str, features: &str| {
        let entry = format!("{name} = {{ version = \"1\", features = [{features}] }}");
        format!("[dependencies]\nzlib = \"1\"\n{entry}")
    };
    let lib = "pub use zlib::deflate;";
    let run = look(&app("wrapper", "\"bundled\""), lib);
    let reason = "it switches on static of zlib for app; nothing else that app reaches";
    run.holds("unused-dependency:app/wrapper", "skipped", reason);
    assert_eq!(removed(&app("wrapper", ""), lib), ["wrapper"]);
    // What the code can see, the compiler decides.
    let run = look(&app("wrapper", "\"deep\""), "pub use zlib::deflate;");
    assert_eq!(run.ids("planned"), ["unused-dependency:app/wrapper"]);
    // As with openssl: the package itself is reached, its feature is asked for by nobody else.
    let run = look(&app("zlib-sys", "\"static\""), lib);
    run.holds("unused-dependency:app/zlib-sys", "skipped", "links a native library");
}

#[test]
fn a_crate_that_links_is_kept() {
    let run = look("[dependencies]\nzlib-sys = \"1\"", "");
    run.holds("unused-dependency:app/zlib-sys", "skipped", "links a native library");
}

#[test]
fn every_way_of_naming_a_crate_counts() {
    let one = "[dependencies]\nghost = \"1\"";
    let namings = [
        "extern crate ghost as spirit;",
        "#[macro_use]\nextern crate ghost;\npub fn f() { shout!(); }",
        "//! ```\n//! ghost::boo();\n//! ```",
        "/// ```\n/// ghost::boo();\n/// ```\npub fn f() {}",
        "#[cfg(any())]\nuse ghost::boo;",
        "#[cfg_attr(any(), ghost::boo)]\npub fn f() {}",
    ];
    for lib in namings {
        assert!(removed(one, lib).is_empty(), "{lib}");
    }
    assert_eq!(removed(one, "// ghost::boo();"), ["ghost"]);
}

#[test]
fn a_crate_is_looked_for_by_the_name_that_code_uses() {
    let renamed = "[dependencies]\nspirit = { package = \"ghost\", version = \"1\" }";
    assert!(removed(renamed, "pub use spirit::boo;").is_empty());
    assert_eq!(removed(renamed, "pub mod ghost {}"), ["spirit"]);
    let library = "[dependencies]\nodd-name = \"1\"";
    assert!(removed(library, "pub use even::here;").is_empty());
    assert_eq!(removed(library, "pub mod odd_name {}"), ["odd-name"]);
    assert!(removed("[dependencies]\nshared = \"1\"", "pub use mine::here;").is_empty());
}

#[test]
fn a_build_script_names_and_the_settings_of_a_tool_do_not() {
    let build = fixture("[build-dependencies]\nghost = \"1\"", "");
    build.put("-- build.rs --\nfn main() {\n    ghost::boo();\n}\n");
    let run = build.optimize(&LOOK).exits(0);
    assert!(run.ids("planned").is_empty(), "{run:?}");
    let tool = "[dependencies]\nghost = \"1\"\n\n[package.metadata.packager]\nuses = [\"ghost\"]\n\
                ghost = { ghost = \"ghost\" }";
    assert_eq!(removed(tool, ""), ["ghost"]);
}

#[test]
fn what_only_the_macro_of_another_crate_names_is_saved_by_the_compiler() {
    let fixture = fixture(
        "[dependencies]\nghost = \"1\"\nscribe = \"1\"\nzlib = \"1\"",
        "scribe::scribe!();",
    );
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    run.holds("unused-dependency:app/ghost", "rejected", "error[E0433]: cannot find");
    assert_eq!(run.ids("applied"), ["unused-dependency:app/zlib"], "{run:?}");
    let note = "2 choices of 2 changes tried to find those that stand";
    assert!(run.notes().contains(&note.to_owned()), "{run:?}");
}

/// Two crates in each of these layers, both of which forward `std` to both crates below.
fn layered(fixture: &Fixture, layers: usize) {
    for at in 0..layers {
        for side in ["left", "right"] {
            let below = ["left", "right"].map(|side| format!("{side}-{}", at + 1));
            let forwarded = below.each_ref().map(|name| format!("\"{name}/std\"")).join(", ");
            let entries = below.map(|name| format!("{name} = \"1\"\n")).concat();
            let is_last = at + 1 == layers;
            let (forwarded, entries) =
                if is_last { Default::default() } else { (forwarded, entries) };
            let manifest = format!("[features]\nstd = [{forwarded}]\n\n[dependencies]\n{entries}");
            fixture.vendor(&format!("{side}-{at}"), "1.0.0", &manifest, "pub fn here() {}\n");
        }
    }
    let front = "[features]\nstd = [\"left-0/std\"]\n\n[dependencies]\nleft-0 = \"1\"\n";
    fixture.vendor("front", "1.0.0", front, "");
}

#[test]
fn features_that_many_ways_lead_to_are_followed_once() {
    let fixture = Fixture::unlocked(
        "-- Cargo.toml --\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [dependencies]\nleft-0 = \"1\"\nfront = { version = \"1\", features = [\"std\"] }\n\
         -- src/lib.rs --\npub use left_0::here;\n",
    );
    layered(&fixture, 40);
    fixture.lock();
    let run = fixture.optimize(&LOOK).exits(0);
    assert_eq!(run.ids("planned"), ["unused-dependency:app/front"], "{run:?}");
}

#[test]
fn features_that_lead_back_to_themselves_are_followed_once() {
    // Through a dev-dependency, as only members can.
    let fixture = Fixture::unlocked(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["a", "b", "front", "app"]
-- a/Cargo.toml --
[package]
name = "a"
version = "0.1.0"
edition = "2021"

[features]
std = ["b/std"]

[dependencies]
b = { path = "../b" }
-- a/src/lib.rs --
pub use b::here;
-- b/Cargo.toml --
[package]
name = "b"
version = "0.1.0"
edition = "2021"

[features]
std = ["a/std"]

[dev-dependencies]
a = { path = "../a" }
-- b/src/lib.rs --
pub fn here() {}
#[cfg(test)]
use a as _;
-- front/Cargo.toml --
[package]
name = "front"
version = "0.1.0"
edition = "2021"

[features]
std = ["b/std"]

[dependencies]
b = { path = "../b" }
-- front/src/lib.rs --
pub use b::here;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
b = { path = "../b" }
front = { path = "../front", features = ["std"] }
-- app/src/lib.rs --
pub use b::here;
"#,
    );
    fixture.lock();
    let run = fixture.optimize(&LOOK).exits(0);
    assert_eq!(run.ids("planned"), ["unused-dependency:app/front"], "{run:?}");
}
