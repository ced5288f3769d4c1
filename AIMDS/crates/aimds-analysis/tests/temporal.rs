//! Temporal policies over traces, complete and still going on, checked against a
//! second evaluator written straight from the definitions.

use aimds_analysis::{Event, Formula, Truth};

/// `"a ab -"` is three events: one with `a`, one with `a` and `b`, an empty one.
fn trace(text: &str) -> Vec<Event> {
    text.split_whitespace()
        .map(|word| {
            Event::of(
                word.split("")
                    .filter(|name| !name.is_empty() && *name != "-"),
            )
        })
        .collect()
}

fn formula(text: &str) -> Formula {
    text.parse().unwrap()
}

/// Truth at `at` of a complete trace, by the textbook.
fn textbook(f: &Formula, trace: &[Event], at: usize) -> bool {
    let here = |f: &Formula| textbook(f, trace, at);
    match f {
        Formula::True => true,
        Formula::False => false,
        Formula::Atom(name) => trace[at].has(name),
        Formula::Not(a) => !here(a),
        Formula::And(a, b) => here(a) && here(b),
        Formula::Or(a, b) => here(a) || here(b),
        Formula::Implies(a, b) => !here(a) || here(b),
        Formula::Next(a) => at + 1 < trace.len() && textbook(a, trace, at + 1),
        Formula::Globally(a) => (at..trace.len()).all(|i| textbook(a, trace, i)),
        Formula::Finally(a) => (at..trace.len()).any(|i| textbook(a, trace, i)),
        Formula::Until(a, b) => (at..trace.len())
            .any(|i| textbook(b, trace, i) && (at..i).all(|j| textbook(a, trace, j))),
    }
}

const FORMULAS: &[&str] = &[
    "a",
    "X a",
    "!X a",
    "X !a",
    "G a",
    "F b",
    "a U b",
    "!(a U b)",
    "G (a -> X b)",
    "G (a -> F b)",
    "F G a",
    "G F b",
    "(a U b) & F (b & !a)",
    "a -> X (b | X a)",
    "(X b) U a",
];

/// All traces of up to four events over `a` and `b`.
fn all_traces() -> Vec<Vec<Event>> {
    let events = ["-", "a", "b", "ab"];
    let mut texts = vec![String::new()];
    let mut all = Vec::new();
    for _ in 0..4 {
        texts = texts
            .iter()
            .flat_map(|text| events.map(|event| format!("{text} {event}")))
            .collect();
        all.extend(texts.iter().map(|text| trace(text)));
    }
    all
}

#[test]
fn complete_traces_agree_with_the_textbook() {
    for text in FORMULAS {
        let f = formula(text);
        for t in all_traces() {
            assert_eq!(f.holds(&t), textbook(&f, &t, 0), "{text} over {t:?}");
        }
    }
}

#[test]
fn what_is_settled_stays_settled_however_the_trace_goes_on() {
    for text in FORMULAS {
        let f = formula(text);
        for t in all_traces() {
            let early = f.so_far(&t[..1]);
            if early != Truth::Open {
                assert_eq!(f.so_far(&t), early, "{text} over {t:?}");
                assert_eq!(Truth::from(f.holds(&t)), early, "{text} over {t:?}");
            }
        }
    }
}

#[test]
fn a_promise_is_open_until_it_is_kept_or_broken() {
    let promise = formula("G (a -> X b)");
    assert_eq!(promise.so_far(&trace("a")), Truth::Open);
    assert_eq!(promise.so_far(&trace("a b")), Truth::Open);
    assert_eq!(promise.so_far(&trace("a -")), Truth::False);
    assert_eq!(formula("F b").so_far(&trace("a b")), Truth::True);
}

#[test]
fn an_empty_trace_asks_for_nothing() {
    assert!(formula("G a").holds(&[]));
    assert!(!formula("F a").holds(&[]));
    assert!(formula("!a").holds(&[]));
    assert_eq!(formula("G a").so_far(&[]), Truth::Open);
}
