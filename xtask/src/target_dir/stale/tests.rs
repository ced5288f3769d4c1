//! Tests of what is stale: entries of both layouts against the names of a rehearsal.

use std::time::Duration;

use super::*;

const USED: &str = "0123456789abcdef";
const OLD: &str = "fedcba9876543210";

fn listed(section: Option<Section>, path: &str) -> Listed {
    let path = Path::new(path);
    Listed {
        section,
        place: path.parent().unwrap().to_path_buf(),
        name: path.file_name().unwrap().to_owned(),
        is_directory: false,
        bytes: 10,
        linked: Vec::new(),
        files: 1,
        newest: SystemTime::UNIX_EPOCH + Duration::from_secs(path.as_os_str().len() as u64),
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn sorted(entries: Vec<Listed>) -> Sorted {
    let names = Names {
        fingerprints: set(&[&format!("a-{USED}")]),
        build: set(&[&format!("a-{USED}"), &format!("new/{USED}")]),
        deps: set(&[USED]),
        examples: set(&[USED]),
        incremental: set(&["a-1abcdefghijkl"]),
        results: set(&["app", "liba"]),
        example_results: set(&["ex"]),
        ..Names::default()
    };
    let uncertain = set(&["odd"]);
    let dep_info = set(&["app.d", "gone.d", "examples/was.d"]);
    sort(entries, Use { names: &names, uncertain: &uncertain, dep_info: &dep_info })
}

#[test]
fn what_goes_by_a_name_in_use_stays_and_the_other_units_go_as_a_whole() {
    let both = |hash: &str| {
        vec![
            listed(Some(Section::Fingerprint), &format!(".fingerprint/a-{hash}")),
            listed(Some(Section::Build), &format!("build/a-{hash}")),
            listed(Some(Section::Deps), &format!("deps/liba-{hash}.rlib")),
            listed(Some(Section::Deps), &format!("deps/a-{hash}.d")),
            listed(Some(Section::Examples), &format!("examples/ex-{hash}")),
        ]
    };
    let found = sorted([both(USED), both(OLD)].concat());
    assert_eq!(found.used, set(&[USED]));
    assert_eq!(found.unknown, Vec::<PathBuf>::new());
    let [stale] = found.stale.as_slice() else { panic!("{:?}", found.stale) };
    assert_eq!(
        (stale.kind, stale.label.as_str(), stale.bytes, stale.files),
        (Kind::Unit, "a", 50, 5)
    );
    assert_eq!(stale.fingerprint.as_deref(), Some(Path::new(&format!(".fingerprint/a-{OLD}"))));
    // What cargo trusts goes first.
    assert_eq!(stale.entries[0].0, Path::new(".fingerprint"));
    assert_eq!(stale.entries.len(), 5);
}

#[test]
fn units_of_the_newer_layout_are_known_by_package_and_hash() {
    let unit = |package: &str, hash: &str| {
        listed(Some(Section::Build), &format!("build/{package}/{hash}"))
    };
    let found = sorted(vec![unit("new", USED), unit("new", OLD), unit("other", USED)]);
    let labels: Vec<&str> = found.stale.iter().map(|stale| stale.label.as_str()).collect();
    assert_eq!(labels, ["other", "new"]);
    assert_eq!(
        found.stale[1].fingerprint.as_deref(),
        Some(Path::new(&format!("build/new/{OLD}/fingerprint")))
    );
}

#[test]
fn a_fingerprint_of_nothing_is_told_from_a_unit() {
    let found = sorted(vec![listed(Some(Section::Fingerprint), &format!(".fingerprint/b-{OLD}"))]);
    assert_eq!(found.stale[0].kind, Kind::Fingerprint);
}

#[test]
fn incremental_state_stays_if_rustc_names_it_so_or_could_not_say() {
    let state = |name: &str| listed(Some(Section::Incremental), &format!("incremental/{name}"));
    let found = sorted(vec![
        state("a-1abcdefghijkl"),
        state("a-2abcdefghijkl"),
        state("odd-9zzzzzzzzzzzz"),
        listed(Some(Section::Incremental), "incremental/a-1abcdefghijkl/s-x-y-working"),
        listed(Some(Section::Incremental), "incremental/a-1abcdefghijkl/s-x-y-1k2"),
    ]);
    let names: Vec<String> =
        found.stale.iter().map(|stale| stale.entries[0].1.to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["a-2abcdefghijkl", "s-x-y-working"]);
    assert!(found.stale.iter().all(|stale| stale.kind == Kind::Incremental && stale.label == "a"));
}

#[test]
fn results_go_only_if_they_are_cargos_and_no_build_puts_them_there() {
    let found = sorted(vec![
        listed(None, "app"),
        listed(None, "app.d"),
        listed(None, "gone"),
        listed(None, "gone.d"),
        listed(None, "my-notes.txt"),
        listed(None, "tool"),
        listed(Some(Section::Examples), "examples/ex"),
        listed(Some(Section::Examples), "examples/was"),
    ]);
    let labels: BTreeSet<&str> = found.stale.iter().map(|stale| stale.label.as_str()).collect();
    assert_eq!(labels, BTreeSet::from(["gone", "was"]));
    assert!(found.stale.iter().all(|stale| stale.kind == Kind::Result));
    assert_eq!(found.unknown, [Path::new("my-notes.txt"), Path::new("tool")]);
}

#[test]
fn what_has_no_known_form_is_never_stale() {
    let found = sorted(vec![
        listed(Some(Section::Deps), "deps/libplugin.so"),
        listed(Some(Section::Deps), "deps/artifact"),
        listed(Some(Section::Fingerprint), ".fingerprint/odd"),
        listed(Some(Section::Build), "build/notes.txt"),
        listed(Some(Section::Incremental), "incremental/README"),
    ]);
    assert_eq!(found.stale, []);
    assert_eq!(found.unknown.len(), 5);
}

#[test]
fn what_a_file_takes_is_free_once_its_last_name_goes() {
    let linked = Linked { identity: Identity::default(), names: 2, bytes: 4 };
    let stale = |linked: Vec<Linked>| {
        let entry = Listed { linked, ..listed(Some(Section::Deps), &format!("deps/a-{OLD}")) };
        sorted(vec![entry]).stale.remove(0)
    };
    let mut freed = Freed::default();
    assert_eq!(freed.with(&stale(Vec::new())), 10);
    assert_eq!(freed.with(&stale(vec![linked])), 6, "the other name stays so far");
    assert_eq!(freed.with(&stale(vec![linked])), 10);
    assert_eq!(Freed::default().with(&stale(vec![linked, linked])), 6, "both names are in it");
}

mod whatever_lies_there {
    use proptest::prelude::*;

    use super::*;

    /// Names as cargo, rustc and people give them.
    fn name() -> impl Strategy<Value = String> {
        let hash = prop_oneof![Just(USED.to_owned()), Just(OLD.to_owned()), "[0-9a-f]{15,17}"];
        let of_unit = ("(lib)?[ab]", hash, prop_oneof!["", "\\.d", "\\.rlib", "\\.a1\\.rcgu\\.o"]);
        prop_oneof![
            of_unit.prop_map(|(stem, hash, end)| format!("{stem}-{hash}{end}")),
            "(a|odd|app|gone|was|ex)(-[0-9a-z]{4,13})?(\\.d|\\.exe|\\.txt)?",
            "s-[a-z]{2}-[a-z]{2}(-working)?",
            "\\PC{0,8}",
        ]
    }

    fn entry() -> impl Strategy<Value = Listed> {
        let places = prop_oneof![
            Just((None, "")),
            Just((Some(Section::Fingerprint), ".fingerprint")),
            Just((Some(Section::Build), "build")),
            Just((Some(Section::Build), "build/new")),
            Just((Some(Section::Deps), "deps")),
            Just((Some(Section::Examples), "examples")),
            Just((Some(Section::Incremental), "incremental")),
            Just((Some(Section::Incremental), "incremental/a-1abcdefghijkl")),
        ];
        (places, name()).prop_filter_map("a name", |((section, place), name)| {
            let name = name.replace('/', "_");
            let is_name = !name.is_empty() && name != "." && name != "..";
            is_name.then(|| Listed {
                name: name.as_str().into(),
                place: place.into(),
                ..listed(section, "x")
            })
        })
    }

    proptest! {
        #[test]
        fn every_entry_is_used_unknown_or_part_of_one_stale_thing(
            entries in prop::collection::vec(entry(), 0..40),
        ) {
            let mut entries = entries;
            entries.sort_by_key(|entry| entry.place.join(&entry.name));
            entries.dedup_by_key(|entry| entry.place.join(&entry.name));
            let all = entries.len();
            let found = sorted(entries.clone());
            let going: Vec<PathBuf> = found
                .stale
                .iter()
                .flat_map(|stale| stale.entries.iter().map(|(place, name)| place.join(name)))
                .collect();
            let once: BTreeSet<&PathBuf> = going.iter().chain(&found.unknown).collect();
            prop_assert_eq!(once.len(), going.len() + found.unknown.len());
            prop_assert!(once.len() <= all);
            // Nothing goes that bears a name in use, and of results nothing that is not cargo's.
            for path in &going {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let is_used = hash_of_file(&name) == Some(USED);
                prop_assert!(!is_used || !path.starts_with("deps") && !path.starts_with("examples"));
                if path.components().count() == 1 {
                    prop_assert_eq!(stem_of_result(&name), "gone");
                }
            }
            let bytes: u64 = found.stale.iter().map(|stale| stale.bytes).sum();
            prop_assert_eq!(bytes, 10 * going.len() as u64);
        }
    }
}
