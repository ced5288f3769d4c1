//! Whatever a tree is like, several threads find in it what is there.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 8] =
    ["debug", "deps", "build", "package", "incremental", "a", "b", "x86_64-unknown-none"];

/// A file in a directory of some of [`NAMES`], which may have more names in other directories.
#[derive(Debug, Clone)]
struct Planned {
    bytes: usize,
    dirs: BTreeSet<Vec<usize>>,
}

fn planned() -> impl Strategy<Value = Planned> {
    let dir = prop::collection::vec(0..NAMES.len(), 0..5);
    // Elsewhere each name counts.
    let names = if cfg!(unix) { 1..4 } else { 1..2 };
    (0..100_usize, prop::collection::btree_set(dir, names))
        .prop_map(|(bytes, dirs)| Planned { bytes, dirs })
}

fn path(dir: &[usize]) -> PathBuf {
    dir.iter().map(|name| NAMES[*name]).collect()
}

fn make(target: &Path, files: &[Planned]) {
    for (number, file) in files.iter().enumerate() {
        let mut paths = file.dirs.iter().map(|dir| path(dir).join(number.to_string()));
        let first = paths.next().unwrap();
        put_quickly(target, first.to_str().unwrap(), file.bytes);
        for other in paths.map(|other| target.join(other)) {
            fs::create_dir_all(other.parent().unwrap()).unwrap();
            fs::hard_link(target.join(&first), other).unwrap();
        }
    }
}

/// The part of the tree that a file in this directory counts in.
fn part(dir: &[usize]) -> PathBuf {
    let kinds = ["deps", "build", "incremental"];
    let kind = dir.iter().position(|name| kinds.contains(&NAMES[*name]));
    path(&dir[..kind.map_or(dir.len().min(1), |kind| kind + 1)])
}

fn is_artifact(dir: &[usize]) -> bool {
    let names: Vec<_> = dir.iter().map(|name| NAMES[*name]).collect();
    names.first() != Some(&"package") && names.iter().any(|name| ["deps", "build"].contains(name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn several_threads_count_what_is_there(
        files in prop::collection::vec(planned(), 0..120),
        many in prop_oneof![Just(0), 250..700_usize],
    ) {
        let dir = TempDir::new().unwrap();
        let mut files = files;
        let deps = BTreeSet::from([vec![0, 1]]);
        files.extend((0..many).map(|bytes| Planned { bytes: bytes % 7, dirs: deps.clone() }));
        make(dir.path(), &files);
        let mut expected = Tally::default();
        for file in &files {
            expected.files += 1;
            expected.bytes += file.bytes as u64;
            expected.artifacts += u64::from(file.dirs.iter().any(|dir| is_artifact(dir)));
            let part = file.dirs.iter().map(|dir| part(dir)).min().unwrap();
            *expected.parts.entry(part).or_default() += file.bytes as u64;
        }
        expected.parts.retain(|_, bytes| *bytes > 0);
        let progress = Progress::default();
        let root = Directory::open(dir.path()).unwrap();
        let found = Tally::of(root, None, &progress).unwrap();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!((progress.files(), progress.bytes()), (found.files, found.bytes));

        let mut expected = BTreeMap::<_, (u64, u64, u64)>::new();
        for (number, file) in files.iter().enumerate() {
            for dir in &file.dirs {
                let entry = dir.first().map_or(number.to_string(), |name| NAMES[*name].to_owned());
                let sum = expected.entry(entry).or_default();
                *sum = (
                    sum.0 + 1,
                    sum.1 + file.bytes as u64,
                    sum.2 + u64::from(file.dirs.len() > 1),
                );
            }
        }
        let found = holdings(&Directory::open(dir.path()).unwrap(), &Progress::default()).unwrap();
        let found: BTreeMap<_, _> = found
            .into_iter()
            .map(|found| (found.name.into_string().unwrap(), (found.files, found.bytes, found.linked.len() as u64)))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn of_several_obstacles_the_first_of_the_alphabet_is_told() {
    let dir = TempDir::new().unwrap();
    for at in ["c/.git/x", "b/deep/down/.hg/x", "b/deep/up/.git/x", "d/x"] {
        put_quickly(dir.path(), at, 1);
    }
    for _ in 0..20 {
        let root = Directory::open(dir.path()).unwrap();
        let found = Tally::of(root, None, &Progress::default()).unwrap();
        assert_eq!(found.obstacle, Some((PathBuf::from("b/deep/down/.hg"), "a repository")));
    }
}

#[test]
fn a_holding_is_as_new_as_the_newest_thing_in_it() {
    use std::time::{Duration, SystemTime};

    let dir = TempDir::new().unwrap();
    put_quickly(dir.path(), "unit/deep/old", 1);
    put_quickly(dir.path(), "unit/new", 1);
    put_quickly(dir.path(), "alone", 1);
    let day = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(number * 86_400);
    // The directories themselves are of now, whenever that is; so this is later.
    let later = SystemTime::now() + Duration::from_secs(86_400);
    let set = |path: &str, time| {
        let file = File::options().write(true).open(dir.path().join(path)).unwrap();
        file.set_modified(time).unwrap();
    };
    set("unit/deep/old", later);
    set("unit/new", day(2));
    set("alone", day(3));
    let found = holdings(&Directory::open(dir.path()).unwrap(), &Progress::default()).unwrap();
    let found: Vec<_> =
        found.iter().map(|found| (found.name.to_str().unwrap(), found.newest)).collect();
    assert_eq!(found, [("alone", day(3)), ("unit", later)]);
}

#[test]
fn work_that_is_watched_is_looked_at_and_its_result_handed_back() {
    use std::time::Duration;

    let progress = Progress::default();
    let mut looks = 0;
    let done = progress.watched(
        Duration::from_millis(1),
        |progress| {
            looks += 1;
            if looks == 3 {
                progress.stop();
            }
        },
        |progress| {
            while !progress.is_stopped() {
                std::thread::yield_now();
            }
            "stopped"
        },
    );
    assert_eq!(done, "stopped");
    assert!(looks >= 3);
}
