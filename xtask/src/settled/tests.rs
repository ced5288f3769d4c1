use std::{ffi::OsString, fs};

use super::*;
use crate::{
    cli::Code,
    plan::{Alternative, Edit},
    record::Machine,
};

fn machine() -> Machine {
    Machine {
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        cores: 2,
        rustc: "rustc 1.95.0".to_owned(),
        cargo: "cargo 1.95.0".to_owned(),
        host: "x86_64-unknown-linux-gnu".to_owned(),
    }
}

/// A change that removes the entries of the workspace with these keys, each in a way of its own.
fn change(keys: &[&str]) -> Change {
    let edits = |key: &str| vec![Edit::RemoveUninherited { key: key.to_owned() }];
    let title = || "remove".to_owned();
    let mut change = Change::new(Code::UnusedDependency, "one/ghost", title(), String::new());
    change.edits = keys.first().map(|key| edits(key)).unwrap_or_default();
    let others = keys.iter().skip(1).map(|key| Alternative {
        title: title(),
        edits: edits(key),
        removes: Vec::new(),
    });
    change.alternatives = others.collect();
    change
}

fn judgement(run: &str, id: &str, rests: Rests) -> Judgement {
    Judgement {
        id: id.to_owned(),
        workspace: "/home/dev/ws".to_owned(),
        verdict: Verdict::Rejected,
        why: "error[E0433]: no `ghost`".to_owned(),
        run: run.to_owned(),
        at: "2025-11-02T14:03:21+01:00".to_owned(),
        states: vec!["s".to_owned()],
        ways: key::ways(&change(&["a", "b"])),
        rests,
    }
}

fn by_compiler(run: &str) -> Judgement {
    let rests = Rests::Compiler { sources: "c0de".to_owned() };
    judgement(run, "unused-dependency:one/ghost", rests)
}

fn asked(depth: Option<Depth>) -> Asked<'static> {
    Asked { cores: 2, depth, bench: None }
}

#[test]
fn whatever_a_build_depends_on_makes_another_state() {
    let of = |machine: &Machine, configuration: &str, texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        key::state(machine, configuration, &texts)
    };
    let same = of(&machine(), "c", &["a", "b"]);
    assert_eq!(of(&Machine { cores: 16, ..machine() }, "c", &["a", "b"]), same);
    let (mut rustc, mut cargo, mut host) = (machine(), machine(), machine());
    rustc.rustc.push('1');
    cargo.cargo.push('1');
    host.host.push('1');
    let others = [
        of(&rustc, "c", &["a", "b"]),
        of(&cargo, "c", &["a", "b"]),
        of(&host, "c", &["a", "b"]),
        of(&machine(), "d", &["a", "b"]),
        of(&machine(), "c", &["a"]),
        of(&machine(), "c", &["ab"]),
        of(&machine(), "ca", &["b"]),
    ];
    let all: BTreeSet<&String> = others.iter().chain([&same]).collect();
    assert_eq!(all.len(), others.len() + 1);
}

#[test]
fn variables_count_if_they_change_builds_and_in_any_order() {
    let of = |all: &[(&str, &str)]| {
        key::environment(all.iter().map(|(key, value)| (OsString::from(key), value.into())))
    };
    let some = [("RUSTFLAGS", "-g"), ("CARGO_PROFILE_DEV_DEBUG", "0"), ("CC", "clang")];
    let backwards: Vec<_> = some.iter().rev().copied().collect();
    assert_eq!(of(&some), of(&backwards));
    assert_eq!(of(&some).len(), 3);
    let none = [("HOME", "/"), ("CARGO_TARGET_DIR", "t"), ("CARGO_BUILD_JOBS", "1"), ("PWD", "/")];
    assert!(of(&none).is_empty());
    assert_ne!(of(&[("RUSTFLAGS", "-g")]), of(&[("RUSTFLAGS", "")]));
}

#[test]
fn a_change_is_settled_only_if_each_of_its_ways_was_judged() {
    let settled = Settled { holding: vec![by_compiler("1")] };
    for judged in [&["a", "b"][..], &["b", "a"], &["b"]] {
        assert!(settled.of(&change(judged)).is_some(), "{judged:?}");
    }
    for new in [&["a", "c"][..], &["c"], &[]] {
        assert!(settled.of(&change(new)).is_none(), "{new:?}");
    }
    let mut other = change(&["a"]);
    other.subject = "two/ghost".to_owned();
    assert!(settled.of(&other).is_none());
    let newest = Settled { holding: vec![by_compiler("1"), by_compiler("2")] };
    assert_eq!(newest.of(&change(&["a"])).map(|it| it.run.as_str()), Some("2"));
}

#[test]
fn what_a_search_makes_up_is_told_apart_by_the_settings_it_is_about() {
    let searched = |reason: &str| Change { reason: reason.to_owned(), ..change(&[]) };
    assert_ne!(key::ways(&searched("`debug`")), key::ways(&searched("`lto`")));
}

#[test]
fn a_verdict_of_the_compiler_holds_while_state_and_sources_are_the_same() {
    let judged = by_compiler("1");
    let holds = |state: &str, sources: Option<&str>| {
        judged.holds(state, &asked(None), || sources.map(str::to_owned))
    };
    assert!(holds("s", Some("c0de")));
    assert!(!holds("s", Some("c0da")));
    assert!(!holds("s", None), "what cannot be hashed is tried again");
    assert!(!judged.holds("t", &asked(None), || panic!("sources are read for nothing")));
}

#[test]
fn a_verdict_of_the_clock_holds_on_as_many_cores_until_more_is_measured() {
    let holds = |rests: Rests, asked: &Asked<'_>| {
        judgement("1", "profile:dev", rests).holds("s", asked, || panic!("it is not about sources"))
    };
    let quick = || asked(Some(Depth::Quick)).clock();
    let full = || asked(Some(Depth::Full)).clock();
    for depth in [None, Some(Depth::None), Some(Depth::Quick)] {
        assert!(holds(quick(), &asked(depth)) && holds(full(), &asked(depth)), "{depth:?}");
    }
    assert!(holds(full(), &asked(Some(Depth::Full))));
    assert!(!holds(quick(), &asked(Some(Depth::Full))));
    assert!(!holds(full(), &Asked { cores: 4, ..asked(None) }));
    let guarded = Asked { bench: Some("x"), ..asked(Some(Depth::Full)) };
    assert!(!holds(full(), &guarded) && holds(guarded.clock(), &guarded));
}

#[test]
fn the_reason_names_the_run_why_and_how_to_try_again() {
    let reason = by_compiler("20251102-140321").reason();
    for part in ["rejected by the run 20251102-140321", "no `ghost`", "--retry-rejected"] {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn the_newest_few_of_each_change_are_kept() {
    let other = Judgement { id: "profile:dev".to_owned(), ..by_compiler("0") };
    let mut all = vec![other];
    all.extend((1..10).map(|run| by_compiler(&run.to_string())));
    all.push(Judgement { workspace: "/elsewhere".to_owned(), ..by_compiler("10") });
    let kept: Vec<String> = store::bounded(all).into_iter().map(|it| it.run).collect();
    assert_eq!(kept, ["0", "6", "7", "8", "9", "10"]);
    let many = (0..2000).map(|n| Judgement { id: n.to_string(), ..by_compiler(&n.to_string()) });
    let kept = store::bounded(many.collect());
    assert_eq!((kept.len(), kept[999].run.as_str()), (1000, "1999"));
}

#[test]
fn what_is_written_is_read_back_and_what_is_damaged_is_an_error() {
    let outer = tempfile::tempdir().unwrap();
    let target = outer.path().join("target");
    assert!(store::read(&target).unwrap().is_empty());
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0, "nothing is made by looking");
    let clock = judgement("2", "profile:dev", asked(Some(Depth::Full)).clock());
    let all = vec![by_compiler("1"), clock];
    store::write(&target, all.clone()).unwrap();
    assert_eq!(store::read(&target).unwrap(), all);
    let path = outer.path().join(".xtask-history/verdicts.json");
    for damaged in ["", "{", "[]", "{\"schema\":1}", "{\"schema\":2,\"verdicts\":[]}", "\u{0}"] {
        crate::disk::replace(&path, damaged.as_bytes()).unwrap();
        let error = format!("{:#}", store::read(&target).unwrap_err());
        assert!(error.contains("verdicts.json"), "{damaged}: {error}");
    }
}

#[test]
fn what_somebody_else_wrote_prints_as_plain_text() {
    let outer = tempfile::tempdir().unwrap();
    let target = outer.path().join("target");
    let why = format!("\u{1b}[2J{}\n", "x".repeat(10_000));
    store::write(&target, vec![Judgement { why, ..by_compiler("1\u{7}") }]).unwrap();
    let read = store::read(&target).unwrap();
    assert!(!read[0].reason().contains(char::is_control), "{:?}", read[0].reason());
    assert!(read[0].why.chars().count() < 1000);
}
