//! What is rejected beside a change that falls after it, and is tried again without.

use super::{HOOK, LIT, ONLY, SHELF, versions, with_porch};
use crate::support::{Fixture, assert_same};

/// A workspace in which raising `porch` is tried beside a newer `lantern`, which then falls: it pays only with the
/// newest `porch`, and that lacks what `app` uses. `lantern` switches the light of `hook` off.
fn entangled(porch: &str) -> Fixture {
    let fixture = with_porch();
    fixture.vendor("hook", "1.0.0", "", "");
    let hook = "pub fn two() {}\n#[cfg(not(feature = \"dark\"))]\npub fn light() {}\n";
    fixture.vendor("hook", "2.0.0", "[features]\ndark = []\n", hook);
    let old = "[dependencies]\nhook = \"1\"\n";
    let new = "[dependencies]\nhook = \"2\"\n";
    fixture.vendor("porch", "1.0.0", old, "pub fn sit() {}\n");
    fixture.lock();
    fixture.vendor("porch", "2.0.0", new, porch);
    fixture.vendor("porch", "3.0.0", new, "");
    let needs = "[dependencies]\nshelf = \"6.1\"\nporch = \"3\"\n\
                 hook = { version = \"2\", features = [\"dark\"] }\n";
    fixture.vendor("lantern", "2.0.0", needs, LIT);
    fixture
}

#[test]
fn what_was_judged_beside_a_change_that_fell_is_judged_again_without() {
    let fixture = entangled("pub use hook::light as sit;\n");
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    assert_eq!((run.ids("applied"), run.ids("rejected")), (vec![HOOK.into()], vec![SHELF.into()]));
    assert_eq!(versions(&fixture, "porch"), ["2.0.0"], "{run:?}");
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn what_fails_without_what_fell_as_well_is_not_compiled_by_the_next_run() {
    let fixture = entangled("");
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("rejected"), [HOOK, SHELF], "{run:?}");
    run.holds(HOOK, "rejected", "unresolved import `porch::sit`");
    let second = fixture.optimized(&ONLY);
    second.says("nothing to do");
    assert!(!second.stderr.contains("Checking"), "{second:?}");
}
