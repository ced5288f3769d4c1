//! `duplicate-version` over the whole graph: versions that packages of the registry ask for.

use crate::support::{Fixture, assert_same};

mod retried;

/// `lantern` of the registry, in releases that ask for one `shelf` or the other.
fn lantern(fixture: &Fixture, version: &str, shelf: &str, lib: &str) {
    fixture.vendor("lantern", version, &format!("[dependencies]\nshelf = \"{shelf}\"\n"), lib);
}

const LIT: &str = "pub fn lit() {}\n";

/// A workspace of one member that asks for `lantern`, and perhaps for `shelf` itself. The registry has
/// `lantern` 1.0.0, which asks for the old `shelf`; what else it has comes once all is locked.
fn workspace(dependencies: &str, lib: &str) -> Fixture {
    let fixture = Fixture::unlocked(&format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app"]
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
{dependencies}
-- app/src/lib.rs --
{lib}
"#
    ));
    fixture.vendor_all();
    lantern(&fixture, "1.0.0", "5.5", LIT);
    fixture
}

const BOTH: &str = "lantern = \"1\"\nshelf = \"6.1\"";
const USES_BOTH: &str = "pub use lantern::lit as _;\npub use shelf::pine as _;";

/// A workspace that asks for `porch` and `hook` of the registry too; neither is there yet.
fn with_porch() -> Fixture {
    workspace(
        "lantern = \"1\"\nporch = \"1\"\nshelf = \"6.1\"\nhook = \"2\"",
        "pub use lantern::lit as _;\npub use porch::sit as _;\npub use shelf::pine as _;\npub use hook::two as _;",
    )
}

/// A workspace in which `lantern` holds the old `shelf`.
fn held() -> Fixture {
    let fixture = workspace(BOTH, USES_BOTH);
    fixture.lock();
    assert_eq!(versions(&fixture, "shelf"), ["5.5.3", "6.1.0"]);
    fixture
}

/// The versions of a package in the lock file.
fn versions(fixture: &Fixture, name: &str) -> Vec<String> {
    let lock = fixture.read("Cargo.lock");
    let head = format!("name = \"{name}\"\nversion = \"");
    let found = lock.match_indices(&head).map(|(at, _)| &lock[at + head.len()..]);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

const ONLY: [&str; 2] = ["--only", "duplicate-version"];
const SHELF: &str = "duplicate-version:shelf";
const HOOK: &str = "duplicate-version:hook";

/// A second run finds nothing to do, and `restore` leaves what was there before.
#[track_caller]
fn is_settled_and_undone(fixture: &Fixture, before: &crate::support::Tree) {
    let again = fixture.optimized(&ONLY);
    assert!(again.ids("applied").is_empty() && again.ids("rejected").is_empty(), "{again:?}");
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
    fixture.run(&["restore"]).exits(0);
    assert_same(before, &fixture.tree());
}

#[test]
fn a_direct_dependency_that_drags_the_old_version_in_is_raised() {
    let fixture = held();
    lantern(&fixture, "2.3.1", "6.1", LIT);
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "applied", "5.5.3 (lantern), 6.1.0 (app)");
    let title = run.change(SHELF)["title"].to_string();
    assert!(title.contains("raise lantern to 2.3.1"), "{title}");
    assert_eq!(versions(&fixture, "shelf"), ["6.1.0"]);
    assert_eq!(versions(&fixture, "lantern"), ["2.3.1"]);
    // As precise as the requirement was.
    assert!(fixture.read("app/Cargo.toml").contains("lantern = \"2\"\nshelf = \"6.1\"\n"));
    is_settled_and_undone(&fixture, &before);
}

#[test]
fn a_newer_compatible_release_is_a_matter_of_the_lock_file_alone() {
    let fixture = held();
    lantern(&fixture, "1.4.0", "6.1", LIT);
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF]);
    assert_eq!(run.change(SHELF)["files"], serde_json::json!(["Cargo.lock"]));
    assert_eq!(versions(&fixture, "shelf"), ["6.1.0"]);
    assert_eq!(versions(&fixture, "lantern"), ["1.4.0"]);
    assert_eq!(before["app/Cargo.toml"], fixture.tree()["app/Cargo.toml"]);
    is_settled_and_undone(&fixture, &before);
}

#[test]
fn what_lies_in_between_moves_with_the_direct_dependency() {
    let fixture = workspace(
        "porch = \"0.4\"\nshelf = \"6.1\"",
        "pub use porch::sit as _;\npub use shelf::pine as _;",
    );
    let porch = |version: &str, lantern: &str| {
        let manifest = format!("[dependencies]\nlantern = \"{lantern}\"\n");
        fixture.vendor("porch", version, &manifest, "pub fn sit() {}\n");
    };
    porch("0.4.2", "1");
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    porch("0.5.0", "2");
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF], "{run:?}");
    assert!(fixture.read("app/Cargo.toml").contains("porch = \"0.5\""));
    assert_eq!(versions(&fixture, "shelf"), ["6.1.0"]);
    is_settled_and_undone(&fixture, &before);
}

#[test]
fn what_newer_releases_agree_on_replaces_every_version_there_is() {
    let fixture = workspace(
        "lantern = \"1\"\nporch = \"1\"",
        "pub use lantern::lit as _;\npub use porch::sit as _;",
    );
    fixture.vendor("porch", "1.0.0", "[dependencies]\nshelf = \"6.1\"\n", "pub fn sit() {}\n");
    fixture.lock();
    fixture.vendor("shelf", "7.0.0", "", "");
    lantern(&fixture, "1.1.0", "7", LIT);
    fixture.vendor("porch", "1.2.0", "[dependencies]\nshelf = \"7\"\n", "pub fn sit() {}\n");
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF], "{run:?}");
    assert_eq!(versions(&fixture, "shelf"), ["7.0.0"]);
}

#[test]
fn a_member_comes_down_to_the_version_that_somebody_holds() {
    let fixture = workspace(BOTH, "pub use lantern::lit as _;\npub use shelf::width as _;");
    fixture.lock();
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "applied", "5.5.3 (lantern), 6.1.0 (app)");
    assert!(fixture.read("app/Cargo.toml").contains("shelf = \"5.5\""));
    assert_eq!(versions(&fixture, "shelf"), ["5.5.3"]);
}

#[test]
fn a_newer_release_that_does_not_compile_is_rejected_with_the_error() {
    let fixture = held();
    lantern(&fixture, "2.0.0", "6.1", "pub fn dark() {}\n");
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "rejected", "error[E0432]: unresolved import `lantern::lit`");
    run.holds(SHELF, "rejected", "full log: `");
    assert_same(&before, &fixture.tree());
}

#[test]
fn where_the_newest_release_does_not_compile_the_major_before_is_tried() {
    let fixture = held();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    lantern(&fixture, "3.0.0", "6.1", "pub fn dark() {}\n");
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "applied", "rejected: bring shelf to one version: raise lantern to 3.0.0");
    assert_eq!(versions(&fixture, "lantern"), ["2.0.0"]);
    assert!(fixture.read("app/Cargo.toml").contains("lantern = \"2\""));
}

#[test]
fn a_newer_release_that_this_toolchain_cannot_compile_is_no_candidate() {
    let fixture = held();
    let manifest = "rust-version = \"1.4096\"\n\n[dependencies]\nshelf = \"6.1\"\n";
    fixture.vendor("lantern", "2.0.0", manifest, LIT);
    let run = fixture.optimized(&ONLY);
    // What is left is to give the new version up, which the code does not stand.
    run.holds(SHELF, "rejected", "unresolved import `shelf::pine`");
    assert_eq!(versions(&fixture, "lantern"), ["1.0.0"]);
}

#[test]
fn a_newer_release_without_a_feature_that_is_asked_for_is_no_candidate() {
    let fixture = workspace(
        "lantern = { version = \"1\", features = [\"oil\"] }",
        "pub use lantern::lit as _;",
    );
    let manifest = "[features]\noil = []\n\n[dependencies]\nshelf = \"5.5\"\nporch = \"1\"\n";
    fixture.vendor("lantern", "1.0.0", manifest, LIT);
    fixture.vendor("porch", "1.0.0", "[dependencies]\nshelf = \"6.1\"\n", "");
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "blocked", "with the newest releases that fit, lantern 1.0.0 still asks for");
}

#[test]
fn what_stays_is_told_once_with_who_holds_it() {
    let fixture = held();
    // `shelf` is not the member's to give up: it uses what only the new one has.
    fixture.vendor("hook", "1.0.0", "", "");
    fixture.vendor("hook", "2.0.0", "", "");
    fixture.vendor("shelf", "5.5.3", "[dependencies]\nhook = \"1\"\n", "pub fn oak() {}\n");
    fixture.vendor("shelf", "6.1.0", "[dependencies]\nhook = \"2\"\n", "pub fn pine() {}\n");
    fixture.vendor("porch", "1.0.0", "[dependencies]\nshelf = \"6.1\"\n", "pub fn sit() {}\n");
    fixture.replace("app/Cargo.toml", "shelf = \"6.1\"", "porch = \"1\"");
    fixture.put_bytes("app/src/lib.rs", b"pub use lantern::lit as _;\npub use porch::sit as _;\n");
    fixture.lock();
    let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    assert_eq!(run.ids("blocked"), [SHELF], "{run:?}");
    run.holds(SHELF, "blocked", "app → lantern 1.0.0 → shelf 5.5.3: ");
    run.holds(
        SHELF,
        "blocked",
        "lantern 1.0.0 still asks for shelf 5.5.3; lantern would have to move",
    );
    run.holds(SHELF, "blocked", "it brings hook 1.0.0 along");
}

#[test]
fn a_package_outside_the_workspace_that_holds_a_version_is_named_and_not_edited() {
    let fixture = workspace(
        "shelf = \"6.1\"\nshed = { path = \"../../shed\" }",
        "pub use shed::mow as _;\npub use shelf::pine as _;",
    );
    fixture.put(
        r#"
-- ../shed/Cargo.toml --
[package]
name = "shed"
version = "0.1.0"
edition = "2021"

[dependencies]
lantern = "1"
-- ../shed/src/lib.rs --
pub fn mow() {}
"#,
    );
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let shed = fixture.read("../shed/Cargo.toml");
    let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    let told = run.change(SHELF);
    // Down to what the shed needs is the one way left.
    assert_eq!(told["title"], "bring shelf to one version, 5.5", "{told}");
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "rejected", "unresolved import `shelf::pine`");
    fixture.replace("app/Cargo.toml", "shelf = \"6.1\"", "shelf = \"=6.1.0\"");
    fixture.lock();
    let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    run.holds(SHELF, "blocked", "shed/Cargo.toml` is outside the workspace and is not edited");
    run.holds(SHELF, "blocked", "app → shed 0.1.0 → lantern 1.0.0 → shelf 5.5.3");
    assert_eq!(fixture.read("../shed/Cargo.toml"), shed);
}

#[test]
fn versions_under_two_names_are_wanted() {
    let fixture = workspace(
        "lantern = \"1\"\nshelf06 = { package = \"shelf\", version = \"6.1\" }",
        "pub use lantern::lit as _;\npub use shelf06::pine as _;",
    );
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, "skipped", "one of them is renamed, so both are wanted");
    assert_same(&before, &fixture.tree());
}

#[test]
fn an_ignored_duplicate_is_left_alone() {
    for newer in [true, false] {
        let fixture = held();
        if newer {
            lantern(&fixture, "2.0.0", "6.1", LIT);
        }
        let policy = "\n[workspace.metadata.optimize]\nignore = [\"duplicate-version:shelf\"]\n";
        let root = fixture.read("Cargo.toml") + policy;
        fixture.put_bytes("Cargo.toml", root.as_bytes());
        let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
        run.holds(SHELF, "skipped", "ignored by `[workspace.metadata.optimize]`");
    }
}

#[test]
fn a_pinned_package_is_not_raised() {
    let fixture = held();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let policy = "\n[workspace.metadata.optimize.pin]\nlantern = \"1\"\nshelf = \"6.1\"\n";
    let root = fixture.read("Cargo.toml") + policy;
    fixture.put_bytes("Cargo.toml", root.as_bytes());
    let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    run.holds(SHELF, "blocked", "app requires lantern, which is pinned");
}

#[test]
fn a_check_does_not_ask_the_registry() {
    let fixture = workspace(
        "lantern = \"1\"\nporch = \"1\"",
        "pub use lantern::lit as _;\npub use porch::sit as _;",
    );
    fixture.vendor("porch", "1.0.0", "[dependencies]\nshelf = \"6.1\"\n", "pub fn sit() {}\n");
    fixture.lock();
    lantern(&fixture, "1.1.0", "6.1", LIT);
    fixture.optimize(&["--check", ONLY[0], ONLY[1]]).exits(0);
    let looked = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    assert_eq!(looked.ids("planned"), [SHELF]);
}

#[test]
fn the_major_before_the_newest_is_taken_where_that_one_fits() {
    let fixture = held();
    lantern(&fixture, "2.1.0", "6.1", LIT);
    fixture.vendor("shelf", "7.0.0", "", "pub fn pine() {}\n");
    lantern(&fixture, "3.0.0", "7", LIT);
    // Nobody but the newest lantern wants the newest shelf.
    let porch = "[dependencies]\nshelf = \"6.1\"\n";
    fixture.vendor("porch", "1.0.0", porch, "pub fn sit() {}\n");
    fixture.replace("app/Cargo.toml", "shelf = \"6.1\"", "porch = \"1\"");
    fixture.put_bytes("app/src/lib.rs", b"pub use lantern::lit as _;\npub use porch::sit as _;\n");
    fixture.cargo(&["update", "--workspace"]);
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF], "{run:?}");
    assert_eq!(versions(&fixture, "lantern"), ["2.1.0"]);
    assert_eq!(versions(&fixture, "shelf"), ["6.1.0"]);
}

#[test]
fn what_goes_unused_is_not_raised_for_what_it_drags_in() {
    // Nothing names the lantern.
    let fixture = workspace(BOTH, "pub use shelf::pine as _;");
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let both = ["--dry-run", "--only", "duplicate-version,unused-dependency"];
    let run = fixture.optimize(&both).exits(0);
    assert_eq!(run.ids("planned"), ["unused-dependency:app/lantern"], "{run:?}");
    assert!(run.ids("blocked").is_empty(), "{run:?}");
    // Where it is to stay, it may move.
    let policy = "\n[workspace.metadata.optimize]\nignore = [\"unused-dependency\"]\n";
    let root = fixture.read("Cargo.toml") + policy;
    fixture.put_bytes("Cargo.toml", root.as_bytes());
    assert_eq!(fixture.optimize(&both).exits(0).ids("planned"), [SHELF]);
}

#[test]
fn what_comes_to_one_version_with_another_is_not_told_twice() {
    let fixture = held();
    for (shelf, hook) in [("5.5.3", "1"), ("6.1.0", "2")] {
        fixture.vendor("hook", &format!("{hook}.0.0"), "", "");
        let manifest = format!("[dependencies]\nhook = \"{hook}\"\n");
        fixture.vendor("shelf", shelf, &manifest, "pub fn pine() {}\n");
    }
    fixture.cargo(&["update", "--workspace"]);
    fixture.lock();
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let run = fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    assert_eq!(run.ids("planned"), [SHELF], "{run:?}");
    assert!(run.ids("blocked").is_empty(), "{run:?}");
    assert!(run.change(SHELF)["reason"].to_string().contains("2 packages would go"), "{run:?}");
}

#[test]
fn what_took_longest_in_the_last_timed_build_comes_first() {
    let fixture = with_porch();
    fixture.vendor("hook", "1.0.0", "", "");
    fixture.vendor("hook", "2.0.0", "", "pub fn two() {}\n");
    let porch = |version: &str, hook: &str| {
        let manifest = format!("[dependencies]\nhook = \"{hook}\"\n");
        fixture.vendor("porch", version, &manifest, "pub fn sit() {}\n");
    };
    porch("1.0.0", "1");
    fixture.lock();
    porch("2.0.0", "2");
    lantern(&fixture, "2.0.0", "6.1", LIT);
    let look = || fixture.optimize(&["--dry-run", ONLY[0], ONLY[1]]).exits(0);
    assert_eq!(look().ids("planned"), [HOOK, SHELF]);
    // A recorded run that kept a timing report.
    fixture.optimized(&["--only", "cargo-config"]);
    let runs = fixture.path("target/xtask/runs");
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().file_name();
    let run = format!("target/xtask/runs/{}", run.into_string().unwrap());
    let units =
        r#"const UNIT_DATA = [{"name":"shelf","version":"5.5.3","start":0,"duration":7.5}]"#;
    fixture.put_bytes(&format!("{run}/timings.html"), units.as_bytes());
    let mut record: serde_json::Value =
        serde_json::from_str(&fixture.read(&format!("{run}/report.json"))).unwrap();
    let path = fixture.path(&format!("{run}/timings.html"));
    record["kept"] = serde_json::json!([{ "what": "cargo's timing report", "path": path }]);
    fixture.put_bytes(&format!("{run}/report.json"), record.to_string().as_bytes());
    let looked = look();
    assert_eq!(looked.ids("planned"), [SHELF, HOOK]);
    looked.holds(SHELF, "planned", "1 package would go, 7.50 s of unit time in the last timed");
}
