//! What people see: how wide it is, how much of the plan it shows, and progress where it is wanted.

use std::fmt::Write as _;

use crate::support::{Fixture, Run, unfolded};

/// So many members, each with a dependency that nothing uses.
fn many(members: usize) -> Fixture {
    let mut files =
        "-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = [\"m*\"]\n".to_owned();
    for at in 0..members {
        write!(
            files,
            "-- m{at}/Cargo.toml --\n[package]\nname = \"member-{at}\"\nversion = \"0.1.0\"\n\
             edition = \"2021\"\n\n[dependencies]\nghoul = \"0.3\"\n-- m{at}/src/lib.rs --\n"
        )
        .unwrap();
    }
    Fixture::new(&files)
}

/// Lines that are longer than a terminal of 80 columns, but for paths and commands, which are not broken.
fn too_long(text: &str) -> Vec<&str> {
    let is_long = |line: &&str| line.chars().count() > 80 && line.matches('`').count() < 2;
    text.lines().filter(is_long).collect()
}

const RUN: [&str; 5] = ["optimize", "--yes", "--measure", "none", "--no-test"];

#[test]
fn a_run_is_told_in_eighty_columns_and_ends_with_five_lines() {
    let fixture = many(2);
    let run = fixture.run(&RUN).exits(0);
    assert_eq!(too_long(&run.stderr), [""; 0], "{run:?}");
    let told = unfolded(&run.stderr, 13);
    let verbs: Vec<&str> =
        told.lines().rev().take(5).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(verbs, ["Reported", "Undo", "Rejected", "Gained", "Changed"], "{run:?}");
    run.says("Step 1/2 check every target").says("nothing timed (`--measure none`)");
    assert!(!run.stderr.contains("@@"), "a diff that nobody asked for: {run:?}");
}

#[test]
fn a_plan_of_many_changes_fits_a_screen() {
    let fixture = many(30);
    let run = fixture.run(&["optimize"]).exits(2);
    let plan: Vec<&str> = run.stderr.lines().collect();
    assert!(plan.len() <= 24, "{run:?}");
    run.says("  unused-dependency  30  member-0/ghoul, ").says(" more\n").says("`--diff` shows");
    assert_eq!(too_long(&run.stderr), [""; 0], "{run:?}");
}

#[test]
fn reasons_and_diff_are_shown_to_whoever_asks() {
    let fixture = many(2);
    let plain = fixture.run(&["optimize"]).exits(2);
    assert!(!plain.stderr.contains("names `ghoul`"), "{plain:?}");
    let reasons = fixture.run(&["optimize", "--verbose"]).exits(2);
    reasons.says("names `ghoul`").says("(unused-dependency:member-0/ghoul)");
    assert!(!reasons.stderr.contains("-ghoul = \"0.3\""), "{reasons:?}");
    let all = fixture.run(&["optimize", "--diff"]).exits(2);
    all.says("names `ghoul`").says("-ghoul = \"0.3\"");
    let check = fixture.run(&["optimize", "--check"]).exits(1);
    assert!(!check.stderr.contains("-ghoul = \"0.3\""), "{check:?}");
    fixture.run(&["optimize", "--check", "--diff"]).exits(1).says("-ghoul = \"0.3\"");
}

#[test]
fn nothing_to_do_is_one_line_that_says_why() {
    let fixture = many(2);
    fixture.run(&RUN).exits(0);
    let again = fixture.run(&RUN).exits(0);
    let told = unfolded(&again.stderr, 13);
    let last = told.lines().last().unwrap();
    assert!(last.contains("Finished nothing to do: "), "{again:?}");
    assert!(last.contains("left as ") && last.contains("`-v` says why"), "{again:?}");
    assert!(!told.contains("Planned"), "{again:?}");
    let why = fixture.run(&[&RUN[..], &["-v"]].concat()).exits(0);
    why.says("Skipped ");
}

/// A run with progress shown in some way.
fn with_progress(fixture: &Fixture, how: &str) -> Run {
    let run = fixture.run(&[&RUN[..], &["--progress", how]].concat()).exits(0);
    fixture.run(&["restore"]).exits(0);
    run
}

#[test]
fn plain_progress_says_what_a_step_came_to_and_none_nothing() {
    let fixture = many(2);
    for how in ["auto", "none"] {
        let quiet = with_progress(&fixture, how);
        assert!(!quiet.stderr.contains(", done"), "{quiet:?}");
    }
    let plain = with_progress(&fixture, "plain");
    let ended = |line: &&str| line.contains("Checking ") && line.ends_with(", done");
    let ended: Vec<&str> = plain.stderr.lines().filter(ended).collect();
    assert!(ended.len() >= 2, "{plain:?}");
    assert!(
        ended[0].contains("Checking baseline: ") && ended[0].contains(" units, 0:"),
        "{ended:?}"
    );
    assert!(ended[1].contains("Checking candidate: "), "{ended:?}");
    assert!(!plain.stderr.contains(|c: char| c.is_control() && c != '\n'), "{plain:?}");
}

/// What a terminal of its own shows, by `script` of util-linux, which is given the answers; none where there is none.
#[cfg(target_os = "linux")]
fn on_a_terminal(
    fixture: &Fixture,
    variables: &[(&str, &str)],
    args: &str,
    answers: &str,
) -> Option<String> {
    let script = snapbox::cmd::Command::new("script");
    if script.arg("--version").output().is_err() {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return None;
    }
    let manifest = fixture.path("Cargo.toml");
    let line = format!(
        "exec '{}' {args} --manifest-path '{}'",
        env!("CARGO_BIN_EXE_xtask"),
        manifest.display()
    );
    let log = fixture.path("../log");
    let run =
        fixture.start_other_with("script", &["-qefc", &line, log.to_str().unwrap()], |command| {
            command.env_remove("CI");
            command.envs(variables.iter().copied());
        });
    run.answer(answers);
    run.wait();
    Some(std::fs::read_to_string(log).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn at_the_question_the_diff_can_be_seen_before_the_answer() {
    let fixture = many(2);
    let before = fixture.tree();
    let Some(seen) = on_a_terminal(&fixture, &[], "optimize", "d\nn\n") else { return };
    assert_eq!(seen.matches("[y/N/d]").count(), 2, "{seen}");
    let (first, second) = seen.split_once("[y/N/d]").unwrap();
    assert!(!first.contains("-ghoul = \"0.3\"") && second.contains("-ghoul = \"0.3\""), "{seen}");
    assert!(second.contains("nothing was changed"), "{seen}");
    crate::support::assert_same(&before, &fixture.tree());
}

#[cfg(target_os = "linux")]
#[test]
fn a_live_line_is_drawn_on_a_terminal_only_where_it_is_wanted() {
    let fixture = many(2);
    let line = "optimize --yes --measure none --no-test";
    let xterm = [("TERM", "xterm")];
    let is_live = |text: &str| text.contains("baseline: ") && text.contains("\x1b[");
    let Some(seen) = on_a_terminal(&fixture, &xterm, line, "") else { return };
    assert!(is_live(&seen), "{seen}");
    for (variables, more) in [
        ([("TERM", "dumb"), ("NO_COLOR", "1")], ""),
        ([("TERM", "xterm"), ("CI", "true")], ""),
        ([("TERM", "xterm"), ("NO_COLOR", "1")], " --progress none"),
    ] {
        fixture.run(&["restore"]).exits(0);
        let seen = on_a_terminal(&fixture, &variables, &format!("{line}{more}"), "").unwrap();
        assert!(seen.contains("Committed") && !is_live(&seen), "{variables:?}{more}: {seen}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_dry_run_on_a_terminal_shows_the_short_plan() {
    let fixture = many(2);
    let Some(seen) = on_a_terminal(&fixture, &[], "optimize --dry-run", "") else { return };
    assert!(seen.contains("`--diff` shows") && !seen.contains("-ghoul"), "{seen}");
    let seen = on_a_terminal(&fixture, &[], "optimize --dry-run --diff", "").unwrap();
    assert!(seen.contains("-ghoul = \"0.3\""), "{seen}");
}
