//! `broad-features`: what others make of a trim, through features that unify.

use crate::support::{Fixture, Run};

/// A workspace of one member that asks tokio for `full` and names `sync`, with these entries besides,
/// over crates that ask tokio for a part of it.
fn fixture(entries: &str, lib: &str) -> Fixture {
    let fixture = Fixture::unlocked(&format!(
        "-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = [\"app\"]\n\
         -- app/Cargo.toml --\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [dependencies]\ntokio = {{ version = \"1\", features = [\"full\"] }}\n{entries}\n\
         -- app/src/lib.rs --\npub use tokio::sync::Mutex;\n{lib}\n\
         -- ../shared/Cargo.toml --\n[package]\nname = \"shared\"\nversion = \"0.1.0\"\n\
         edition = \"2021\"\n\n[dependencies]\ntokio = {{ version = \"1\", features = [\"net\"] }}\n\n\
         [workspace]\n-- ../shared/src/lib.rs --\npub fn share() {{}}\n"
    ));
    fixture.vendor_all();
    let asks = |features: &str| {
        format!("[dependencies]\ntokio = {{ version = \"1\", features = [{features}] }}\n")
    };
    fixture.vendor("server", "1.0.0", &asks("\"net\""), "pub fn serve() {}\n");
    fixture.vendor("greedy", "1.0.0", &asks("\"full\""), "pub fn grab() {}\n");
    fixture.vendor("rest", "1.0.0", &asks("\"time\", \"macros\""), "pub fn rest() {}\n");
    let macros = format!("[lib]\nproc-macro = true\n\n{}", asks("\"full\""));
    fixture.vendor("derive", "1.0.0", &macros, "");
    let windows =
        asks("\"full\"").replace("[dependencies]", "[target.'cfg(windows)'.dependencies]");
    fixture.vendor("elsewhere", "1.0.0", &windows, "pub fn elsewhere() {}\n");
    fixture.lock();
    fixture
}

fn look(entries: &str, lib: &str) -> Run {
    fixture(entries, lib).optimize(&["--dry-run", "--only", "broad-features"]).exits(0)
}

const PLAIN: &str = "`full` switches on 5 features; 1 named in the code of app";

#[track_caller]
fn reason(run: &Run) -> String {
    run.holds("broad-features:tokio", "planned", "");
    run.change("broad-features:tokio")["reason"].as_str().unwrap().to_owned()
}

#[test]
fn where_nobody_else_asks_nothing_is_said_of_others() {
    assert_eq!(reason(&look("", "")), PLAIN);
}

#[test]
fn what_another_crate_keeps_on_is_said_with_its_name() {
    let run = look("server = \"1\"", "pub use server::serve;");
    assert_eq!(reason(&run), format!("{PLAIN}; net would stay on: server asks for net"));
}

#[test]
fn where_others_keep_all_of_it_on_the_trim_is_blocked() {
    let run = look("greedy = \"1\"", "pub use greedy::grab;");
    let why = "features unify, and nothing would be switched off: greedy asks for full";
    run.holds("broad-features:tokio", "blocked", why);
    // Two that together ask for all that the member does not need.
    let run = look("server = \"1\"\nrest = \"1\"", "pub use {server::serve, rest::rest};");
    let why = "switched off: rest asks for macros, time; server asks for net";
    run.holds("broad-features:tokio", "blocked", why);
}

#[test]
fn a_path_dependency_is_named_by_its_manifest() {
    let run = look("shared = { path = \"../../shared\" }", "pub use shared::share;");
    let why = "; net would stay on: `../shared/Cargo.toml` asks for net; that manifest is outside \
               the workspace and not edited";
    assert_eq!(reason(&run), format!("{PLAIN}{why}"));
}

#[test]
fn what_is_built_for_the_host_or_for_another_target_keeps_nothing_on() {
    let run = look("derive = \"1\"", "pub use derive as _;");
    assert_eq!(reason(&run), PLAIN);
    let run = look("elsewhere = \"1\"", "pub use elsewhere::elsewhere;");
    assert_eq!(reason(&run), PLAIN);
}

#[test]
fn an_umbrella_of_which_everything_is_named_stays() {
    let run = look("", "pub use tokio::{time, net, rt, macros};");
    let why = "the members need everything that it switches on";
    run.holds("broad-features:tokio", "skipped", why);
}
