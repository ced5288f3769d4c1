//! What the program says to someone who does not know it: help, completions, and what was mistyped.

use std::process::Command;

use crate::support::Fixture;

fn fixture() -> Fixture {
    Fixture::unlocked("-- Cargo.toml --\n[workspace]\nmembers = []\n")
}

#[test]
fn what_is_mistyped_is_answered_with_the_nearest() {
    let fixture = fixture();
    for (line, near) in [
        (["optimize", "--mesure"].as_slice(), "'--measure'"),
        (&["optimize", "--only", "unused-dependancy"], "'unused-dependency'"),
        (&["optimize", "--skip", "profle"], "'profile'"),
        (&["optimise"], "'optimize'"),
        (&["cache", "stauts"], "'status'"),
    ] {
        let run = fixture.run(line).exits(2);
        run.says("tip: ").says("similar ").says(near).says("--help");
    }
}

#[test]
fn a_run_that_does_not_exist_is_answered_with_the_nearest_and_with_those_there_are() {
    let package =
        "-- Cargo.toml --\n[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let fixture = Fixture::new(&format!("{package}-- src/lib.rs --\n"));
    fixture.optimized(&["--only", "gitignore"]).holds("gitignore:patterns", "applied", "");
    let listed = fixture.run(&["report", "--list", "--format", "json"]).exits(0).json();
    let id = listed["runs"][0]["id"].as_str().unwrap().to_owned();
    let run = fixture.run(&["report", &id[..id.len() - 1]]).exits(2);
    run.says(&format!("did you mean `{id}`? there are {id}"));
    let run = fixture.run(&["report", "yesterday"]).exits(2);
    run.says("no run `yesterday` is recorded").says(&format!("hint: there are {id}"));
}

#[test]
fn a_backup_that_does_not_exist_is_answered_with_the_nearest() {
    let fixture = fixture();
    fixture.put_bytes("backup-20260102-030405/manifest.json", b"{}");
    let run = fixture.run(&["restore", "backup-20260102-030450"]).exits(2);
    run.says("did you mean `backup-20260102-030405`?").says("`--list`");
    let run = fixture.run(&["restore", "bakup-20260102-030405"]).exits(2);
    run.says("did you mean `backup-20260102-030405`?");
}

#[test]
fn help_fits_80_columns_where_there_is_no_terminal() {
    let fixture = fixture();
    for line in [["--help"].as_slice(), &["optimize", "--help"], &["clean", "--help"]] {
        let run = fixture.run(line).exits(0);
        assert!(run.stdout.contains("Exit codes:"), "{run:?}");
        for text in run.stdout.lines() {
            assert!(text.chars().count() <= 80, "{text}");
        }
    }
}

#[test]
fn the_completions_for_bash_complete() {
    let fixture = fixture();
    let script = fixture.run(&["completions", "bash"]).exits(0).stdout;
    fixture.put_bytes("xtask.bash", script.as_bytes());
    let probe = "source ./xtask.bash && COMP_WORDS=(xtask opt) COMP_CWORD=1 \
        && _xtask xtask opt xtask && echo \"${COMPREPLY[*]}\" \
        && COMP_WORDS=(xtask optimize --only unused-d) COMP_CWORD=3 \
        && _xtask xtask unused-d --only && echo \"${COMPREPLY[*]}\"";
    #[expect(clippy::disallowed_methods, reason = "a shell that a person would use")]
    let mut bash = Command::new("bash");
    match bash.args(["--norc", "-c", probe]).current_dir(fixture.root()).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let trouble = String::from_utf8_lossy(&output.stderr);
            assert_eq!(said, "optimize\nunused-dependency\n", "{trouble}");
        }
        Err(error) => eprintln!("skipped: there is no bash: {error}"),
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let fixture = fixture();
    let dir = fixture.path("pages");
    fixture.run(&["man", "--dir", dir.to_str().unwrap()]).exits(0).says("pages to");
    assert!(fixture.read("pages/xtask-optimize.1").contains(".TH xtask-optimize 1"));
    let run = fixture.run(&["man"]).exits(0);
    assert!(run.stdout.contains(".TH xtask 1") && run.stdout.contains(".TH xtask-clean 1"));
}
