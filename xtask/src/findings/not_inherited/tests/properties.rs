//! Any workspace: what its members ask for is the same before and after, and one run is enough.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::manifest::{DepTable, changed_keys};

/// An entry before it is written down.
#[derive(Debug, Clone)]
struct Entry {
    form: u8,
    kind: u8,
    requirement: usize,
    features: u8,
    default_features: Option<bool>,
    optional: bool,
    comment: bool,
    /// Inherit, where the workspace has the key.
    inherits: bool,
}

const KEYS: [&str; 4] = ["k", "lost", "m", "n"];
const TABLES: [&str; 4] = [
    "dependencies",
    "dev-dependencies",
    "target.'cfg(windows)'.dependencies",
    "build-dependencies",
];
const REQUIREMENTS: [&str; 5] = ["1", "1.2", "^1.4", "=1.9.0", "2"];

fn entry() -> impl Strategy<Value = Entry> {
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.4));
    let default_features = prop_oneof![3 => Just(None), 1 => any::<bool>().prop_map(Some)];
    // Mostly alike, so that something can be shared.
    let requirement = prop_oneof![4 => Just(0_usize), 2 => 1_usize..3, 1 => 3_usize..5];
    let kind = prop_oneof![6 => Just(0_u8), 1 => 1_u8..5];
    let rest = (0_u8..4, kind, requirement, 0_u8..8, default_features, flags);
    rest.prop_map(|(form, kind, requirement, features, default_features, flags)| {
        let (optional, comment, inherits) = flags;
        Entry { form, kind, requirement, features, default_features, optional, comment, inherits }
    })
}

/// A place for an entry: table and key.
type Places = BTreeMap<(usize, usize), Entry>;

fn places(tables: std::ops::Range<usize>) -> impl Strategy<Value = Places> {
    prop::collection::btree_map((tables, 0..KEYS.len()), entry(), 0..6)
}

impl Entry {
    /// Keys and values, in the order in which they are written.
    fn pairs(
        &self,
        key: &str,
        depth: &str,
        shared: Option<&BTreeSet<&str>>,
    ) -> Vec<(&str, String)> {
        let inherits = self.inherits && shared.is_some_and(|shared| shared.contains(key));
        let mut pairs = Vec::new();
        if inherits {
            pairs.push(("workspace", "true".to_owned()));
        } else {
            if self.kind != 2 {
                pairs.push(("version", format!("{:?}", REQUIREMENTS[self.requirement])));
            }
            match self.kind {
                1 => pairs.push(("package", "\"real\"".to_owned())),
                2 | 3 => pairs.push(("path", format!("\"{depth}elsewhere\""))),
                4 => pairs.push(("public", "true".to_owned())),
                _ => {}
            }
        }
        let features = ["f", "g", "h"].into_iter().enumerate();
        let features: Vec<String> = features
            .filter(|(at, _)| self.features & (1 << at) != 0)
            .map(|(_, name)| format!("{name:?}"))
            .collect();
        if !features.is_empty() {
            let list = if self.form == 1 && self.comment {
                format!("[\n  # own\n  {}, # last\n]", features.join(",\n  # own\n  "))
            } else {
                format!("[{}]", features.join(", "))
            };
            pairs.push(("features", list));
        }
        // What an heir says of default features counts only if the workspace turned them off.
        if let Some(flag) = self.default_features.filter(|flag| *flag || !inherits) {
            pairs.push(("default-features", flag.to_string()));
        }
        if self.optional && shared.is_some() {
            pairs.push(("optional", "true".to_owned()));
        }
        pairs
    }
}

/// A manifest with these entries; `shared` has the keys of the workspace, for a member.
fn written(
    tables: &[&str],
    depth: &str,
    places: &Places,
    shared: Option<&BTreeSet<&str>>,
) -> String {
    let mut out = String::from("# top\n");
    for (at, table) in tables.iter().enumerate() {
        let mine = places.iter().filter(|((place, _), _)| *place == at);
        let (standard, lines): (Vec<_>, Vec<_>) = mine.partition(|(_, entry)| entry.form == 3);
        out.push_str(&format!("\n[{table}] # {at}\n"));
        for ((_, key), entry) in lines {
            let (key, mark) = (KEYS[*key], if entry.comment { " # why" } else { "" });
            let pairs = entry.pairs(key, depth, shared);
            let line = |(name, value): &(&str, String)| format!("{name} = {value}");
            match (entry.form, pairs.as_slice()) {
                (0, [("version", version)]) => out.push_str(&format!("{key} = {version}{mark}\n")),
                (2, pairs) => {
                    for pair in pairs {
                        out.push_str(&format!("{key}.{}{mark}\n", line(pair)));
                    }
                }
                (_, pairs) => {
                    let pairs: Vec<String> = pairs.iter().map(line).collect();
                    out.push_str(&format!("{key} = {{ {} }}{mark}\n", pairs.join(", ")));
                }
            }
        }
        for ((_, key), entry) in standard {
            out.push_str(&format!("\n# own\n[{table}.{}]\n", KEYS[*key]));
            for (name, value) in entry.pairs(KEYS[*key], depth, shared) {
                out.push_str(&format!(
                    "{name} = {value}{}\n",
                    if entry.comment { " # c" } else { "" }
                ));
            }
        }
    }
    out
}

/// What a member asks for, but for the requirement.
type Request = (String, Option<String>, bool, BTreeSet<String>, bool, Vec<(String, String)>);

fn requests(world: &World) -> BTreeMap<(PathBuf, DepTable, String), (Request, Option<String>)> {
    let of = |usage: &Use<'_>| {
        let effective = &usage.effective;
        let manifest =
            if usage.declared.inherits { Path::new(ROOT_MANIFEST) } else { usage.manifest };
        let request = (
            effective.package().to_owned(),
            effective.rename_of.clone(),
            effective.default_features != Some(false),
            effective.features.iter().cloned().collect(),
            effective.optional,
            graph::origin(Path::new(ROOT), manifest, effective),
        );
        let place = (usage.manifest.to_path_buf(), usage.table.clone(), usage.declared.key.clone());
        (place, (request, effective.requirement.clone()))
    };
    world.uses().iter().map(of).collect()
}

fn comments(world: &World) -> usize {
    world.documents.values().map(|document| document.to_string().matches("# ").count()).sum()
}

fn world() -> impl Strategy<Value = World> {
    (places(0..1), prop::collection::vec(places(0..4), 1..5)).prop_map(|(root, members)| {
        let shared: BTreeSet<&str> = root.keys().map(|(_, key)| KEYS[*key]).collect();
        let root = written(&["workspace.dependencies"], "", &root, None);
        let members: Vec<String> =
            members.iter().map(|places| written(&TABLES, "../", places, Some(&shared))).collect();
        World::new(&root, &members.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn every_member_asks_for_the_same_and_a_second_plan_is_empty(
        world in world(),
        outside in any::<bool>(),
    ) {
        let heirs = if outside { Heirs::SomeOutside } else { Heirs::AllRead };
        let (changes, _) = world.judge(heirs, &[]);
        // Panics where the result does not parse or a key changes that no edit names.
        let after = world.after(&changes);
        let subjects: BTreeSet<&str> = changes.iter().map(|change| change.subject.as_str()).collect();
        for (path, document) in &after.documents {
            for key in changed_keys(&world.documents[path], document) {
                prop_assert!(key.iter().any(|step| subjects.contains(step.as_str())), "{key:?}");
            }
        }
        let (before, now) = (requests(&world), requests(&after));
        prop_assert_eq!(before.len(), now.len());
        for ((place, (old, required)), (other, (new, requires))) in before.iter().zip(&now) {
            prop_assert_eq!(place, other);
            prop_assert_eq!(old, new, "{:?}", place);
            let (required, requires) = (required.as_deref(), requires.as_deref());
            let narrows = required.zip(requires).is_some_and(|(old, new)| graph::narrows(old, new));
            prop_assert!(required == requires || narrows, "{:?}", place);
        }
        prop_assert!(comments(&after) >= comments(&world), "a comment is lost");
        let again = after.judge(heirs, &[]).0;
        prop_assert!(again.is_empty(), "{again:?}");
        for document in after.documents.values() {
            prop_assert!(document.to_string().starts_with("# top\n"));
        }
    }
}
