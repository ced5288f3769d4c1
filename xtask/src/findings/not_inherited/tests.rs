use std::path::PathBuf;

use cargo_metadata::{Package, PackageId};
use serde_json::json;
use toml_edit::DocumentMut;

use super::*;
use crate::{
    plan,
    record::ChangeRecord,
    snapshot::{Member, ROOT_MANIFEST},
    usage::Usage,
};

mod habit;
mod properties;
mod requirements;

/// A workspace of nothing but manifests. Whatever is required by version is locked in one version for
/// each major. What is optional is not active, so that nobody knows its version; nor is it known of
/// names that start with `lost`.
struct World {
    documents: BTreeMap<PathBuf, DocumentMut>,
    members: Vec<Member>,
    packages: Vec<Package>,
}

const ROOT: &str = "/base/ws";

impl World {
    /// A root manifest and those of the members `a`, `b` and so on, without their `[package]`.
    fn new(root: &str, members: &[&str]) -> Self {
        let mut documents = BTreeMap::from([(PathBuf::from(ROOT_MANIFEST), root.parse().unwrap())]);
        let mut world =
            Self { documents: BTreeMap::new(), members: Vec::new(), packages: locked() };
        for (name, text) in ["a", "b", "c", "d", "e"].into_iter().zip(members) {
            let path = PathBuf::from(name).join(ROOT_MANIFEST);
            documents.insert(path.clone(), text.parse().unwrap());
            world.members.push(member(name, Some(path)));
        }
        world.documents = documents;
        world
    }

    fn uses(&self) -> Vec<Use<'_>> {
        graph::uses_in(&self.documents, &self.members, |_, _, effective| {
            let requirement: semver::VersionReq = effective.requirement.as_ref()?.parse().ok()?;
            let is_lost = effective.optional || effective.package().starts_with("lost");
            let fits = |package: &&Package| requirement.matches(&package.version);
            self.packages.iter().find(fits).filter(|_| !is_lost)
        })
    }

    fn judge(&self, heirs: Heirs, aligned: &[&str]) -> (Vec<Change>, Vec<ChangeRecord>) {
        let shared = manifest::workspace_declarations(&self.documents[Path::new(ROOT_MANIFEST)]);
        let generated = manifest::generated(&self.documents);
        let workspace = Workspace { root: Path::new(ROOT), shared: &shared, heirs, generated };
        let aligned = aligned.iter().map(|name| (*name).to_owned()).collect();
        let (mut changes, mut left) = (Vec::new(), Vec::new());
        for finding in judge(&workspace, &self.uses(), &aligned) {
            match finding {
                Finding::Remedy(change) => changes.push(change),
                Finding::Left(record) => left.push(record),
            }
        }
        (changes, left)
    }

    /// The workspace after the changes.
    fn after(&self, changes: &[Change]) -> Self {
        let edited = plan::edited(&self.documents, &changes.iter().collect::<Vec<_>>()).unwrap();
        let mut documents = self.documents.clone();
        for (path, document) in edited {
            documents.insert(path, document.to_string().parse().expect("the result parses"));
        }
        Self { documents, members: self.members.clone(), packages: locked() }
    }

    fn text(&self, path: &str) -> String {
        self.documents[Path::new(path)].to_string()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts =
            self.documents.iter().map(|(path, doc)| format!("-- {}\n{doc}", path.display()));
        f.write_str(&texts.collect::<String>())
    }
}

fn member(name: &str, manifest: Option<PathBuf>) -> Member {
    let id = PackageId { repr: name.to_owned() };
    Member { id, name: name.to_owned(), manifest, usage: Usage::default() }
}

fn locked() -> Vec<Package> {
    let package = |version: &str| {
        serde_json::from_value(json!({
            "name": "any", "version": version, "id": version, "manifest_path": "/any/Cargo.toml",
            "targets": [], "features": {}, "dependencies": [],
        }))
        .unwrap()
    };
    ["1.9.0", "2.0.3"].map(package).to_vec()
}

/// Root and members as they are, and as they are to be; a second look finds nothing.
#[track_caller]
fn becomes(before: (&str, &[&str]), after: (&str, &[&str])) {
    let world = World::new(before.0, before.1);
    let result = world.after(&world.judge(Heirs::AllRead, &[]).0);
    let expected = World::new(after.0, after.1);
    for path in world.documents.keys() {
        let path = path.to_str().unwrap();
        assert_eq!(result.text(path), expected.text(path), "{path}");
    }
    let again = result.judge(Heirs::AllRead, &[]).0;
    assert!(again.is_empty(), "{again:?}");
}

/// Nothing is done, for a reason with this id and these words.
#[track_caller]
fn stays(root: &str, members: &[&str], id: &str, words: &str) {
    let world = World::new(root, members);
    let (changes, left) = world.judge(Heirs::AllRead, &[]);
    assert!(changes.is_empty(), "{changes:?}");
    has(&left, id, words);
}

#[track_caller]
fn has(left: &[ChangeRecord], id: &str, words: &str) {
    let found = left.iter().find(|record| record.id == id);
    let record = found.unwrap_or_else(|| panic!("no `{id}` in {left:?}"));
    assert!(record.reason.contains(words), "`{words}` in {record:?}");
}

#[test]
fn what_one_entry_does_not_want_moves_to_the_heirs() {
    becomes(
        (
            "[workspace.dependencies]\nx = { version = \"1\", features = [\"f\", \"g\"] }\n",
            &[
                "[dependencies]\nx = { workspace = true }\n",
                "[dependencies]\nx = { version = \"1\", features = [\"g\", \"h\"] }\n",
            ],
        ),
        (
            "[workspace.dependencies]\nx = { version = \"1\", features = [\"g\"] }\n",
            &[
                "[dependencies]\nx = { workspace = true, features = [\"f\"] }\n",
                "[dependencies]\nx = { workspace = true, features = [\"h\"] }\n",
            ],
        ),
    );
}

#[test]
fn default_features_that_one_entry_turns_off_move_to_the_heirs() {
    becomes(
        (
            "[workspace.dependencies]\nx = \"1\"\n",
            &[
                "[dependencies]\nx.workspace = true\n",
                "[dev-dependencies]\nx = { version = \"1\", default-features = false }\n",
            ],
        ),
        (
            "[workspace.dependencies]\nx = { version = \"1\", default-features = false }\n",
            &[
                "[dependencies]\nx.workspace = true\nx.default-features = true\n",
                "[dev-dependencies]\nx = { workspace = true }\n",
            ],
        ),
    );
}

const SHORT: &str = "[dependencies]\nx = \"1\"\n";
const HEIR: &str = "[dependencies]\nx = { workspace = true }\n";

#[test]
fn an_entry_is_not_taken_apart_for_fewer_entries_than_heirs_to_edit() {
    let root = "[workspace.dependencies]\nx = { version = \"1\", features = [\"f\"] }\n";
    let reason = "would gain the features f; for the workspace's entry to do without, 2 heirs";
    stays(root, &[HEIR, HEIR, SHORT], "not-inherited:c/x", reason);
    // As many entries as heirs are enough; an heir that asks for it itself is not edited.
    let asking = "[dependencies]\nx = { workspace = true, features = [\"f\"] }\n";
    for members in [&[HEIR, HEIR, SHORT, SHORT][..], &[HEIR, asking, SHORT]] {
        let (changes, left) = World::new(root, members).judge(Heirs::AllRead, &[]);
        assert_eq!((changes.len(), left.len()), (1, 0), "{left:?}");
    }
}

#[test]
fn entries_that_lack_the_same_are_weighed_together() {
    // For `f` three heirs would be edited for one entry; for the default features none.
    let root = "[workspace.dependencies]\nx = { version = \"1\", features = [\"f\"] }\n";
    let heir = "[dependencies]\nx = { workspace = true, default-features = true }\n";
    let off =
        "[dependencies]\nx = { version = \"1\", default-features = false, features = [\"f\"] }\n";
    let world = World::new(root, &[heir, heir, heir, SHORT, off]);
    let (changes, left) = world.judge(Heirs::AllRead, &[]);
    assert_eq!(changes.len(), 1);
    has(&left, "not-inherited:d/x", "3 heirs");
    let after = world.after(&changes);
    assert_eq!(after.text("d/Cargo.toml"), SHORT);
    assert_eq!(after.text("e/Cargo.toml"), HEIR);
    assert!(after.judge(Heirs::AllRead, &[]).0.is_empty());
}

#[test]
fn an_entry_is_not_taken_apart_where_an_heir_may_be_unread() {
    let root = "[workspace.dependencies]\nx = { version = \"1\", features = [\"f\"] }\n";
    let (changes, left) = World::new(root, &[SHORT]).judge(Heirs::SomeOutside, &[]);
    assert!(changes.is_empty(), "{changes:?}");
    has(&left, "not-inherited:a/x", "a member outside the workspace directory may inherit");
    // Nor is its requirement raised.
    let newer = "[dependencies]\nx = \"1.5\"\n";
    let world = World::new("[workspace.dependencies]\nx = \"1\"\n", &[newer, SHORT]);
    let (changes, left) = world.judge(Heirs::SomeOutside, &[]);
    has(&left, "not-inherited:a/x", "it requires 1.5, the workspace 1");
    assert_eq!(world.after(&changes).text("b/Cargo.toml"), HEIR);
    assert_eq!(world.judge(Heirs::AllRead, &[]).0[0].title, "inherit x in a, b");
}

#[test]
fn default_features_stay_where_an_heir_turns_them_off_in_vain() {
    let root = "[workspace.dependencies]\nx = \"1\"\n";
    let vain = "[dependencies]\nx = { workspace = true, default-features = false }\n";
    let off = "[dependencies]\nx = { version = \"1\", default-features = false }\n";
    stays(
        root,
        &[vain, off],
        "not-inherited:b/x",
        "a says `default-features = false` and inherits",
    );
}

#[test]
fn a_key_that_an_heir_cannot_have_is_never_lost() {
    let root = "[workspace.dependencies]\nx = \"1\"\n";
    for key in ["public = true", "artifact = \"bin\"", "lib = true", "base = \"b\"", "novel = 1"] {
        let entry = format!("[dependencies]\nx = {{ version = \"1\", {key} }}\n");
        let name = key.split(' ').next().unwrap();
        stays(root, &[&entry], "not-inherited:a/x", &format!("it has the key `{name}`"));
        let unshared = "[workspace.dependencies]\ny = \"1\"\n";
        stays(unshared, &[&entry, SHORT], "not-inherited:a/x", &format!("the key `{name}`"));
        let shared = entry.replace("[dep", "[workspace.dep");
        stays(&shared, &[SHORT], "not-inherited:a/x", &format!("entry has the key `{name}`"));
    }
}

#[test]
fn what_two_members_repeat_is_declared_with_what_both_want() {
    becomes(
        (
            "[workspace.dependencies]\na = \"1\"\nz = \"1\"\n",
            &[
                "[dependencies]\nx = { version = \"1.2\", features = [\"f\", \"g\"], optional = true } # x\n",
                "[build-dependencies.x]\nversion = \"1\"\nfeatures = [\"h\", \"g\"]\ndefault-features = false\n",
                "[dependencies]\nonce = \"1\"\n",
            ],
        ),
        (
            "[workspace.dependencies]\na = \"1\"\n\
             x = { version = \"1.2\", default-features = false, features = [\"g\"] }\nz = \"1\"\n",
            &[
                "[dependencies]\nx = { workspace = true, features = [\"f\"], optional = true, default-features = true } # x\n",
                "[build-dependencies.x]\nworkspace = true\nfeatures = [\"h\"]\n",
                "[dependencies]\nonce = \"1\"\n",
            ],
        ),
    );
}

#[test]
fn a_path_is_declared_as_the_root_sees_it() {
    becomes(
        (
            "[workspace.dependencies]\nz = \"1\"\n",
            &[
                "[dependencies]\nc = { path = \"../c\", version = \"0.1\" }\nout = { path = \"../../out\" }\ntop = { path = \"..\" }\n",
                "[dependencies]\nc = { version = \"0.1\", path = \"./../c/\" }\nout = { path = \"../x/../../out\" }\ntop = { path = \"../\" }\n",
            ],
        ),
        (
            "[workspace.dependencies]\nc = { version = \"0.1\", path = \"c\" }\nout = { path = \"../out\" }\ntop = { path = \".\" }\nz = \"1\"\n",
            &["[dependencies]\nc = { workspace = true }\nout = { workspace = true }\ntop = { workspace = true }\n";
                2],
        ),
    );
}

#[test]
fn what_is_alike_in_most_members_is_declared_and_the_others_keep_theirs() {
    let root = "[workspace.dependencies]\nz = \"1\"\n";
    let git = "[dependencies]\nx = { git = \"https://example.com/x\", rev = \"1\" }\n";
    let other_git = "[dependencies]\nx = { git = \"https://example.com/x\", rev = \"2\" }\n";
    let renamed = "[dependencies]\nx = { version = \"1\", package = \"real\" }\n";
    let world = World::new(root, &[renamed, git, SHORT, git, other_git]);
    let (changes, left) = world.judge(Heirs::AllRead, &[]);
    has(&left, "not-inherited:a/x", "the workspace's `x` is another package");
    has(&left, "not-inherited:c/x", "another source");
    has(&left, "not-inherited:e/x", "another source");
    assert_eq!(changes[0].title, "declare x in the workspace and inherit it in b, d");
    let after = world.after(&changes);
    let entry = "[workspace.dependencies]\nx = { git = \"https://example.com/x\", rev = \"1\" }\nz = \"1\"\n";
    assert_eq!(after.text("Cargo.toml"), entry);
    assert!(after.judge(Heirs::AllRead, &[]).0.is_empty());
}

#[test]
fn an_explicit_package_name_is_not_the_same_as_none() {
    // It makes the key the name in code, whatever the library calls itself.
    let root = "[workspace.dependencies]\nx = { version = \"1\", package = \"x\" }\n";
    stays(root, &[SHORT], "not-inherited:a/x", "only one of the two says `package`");
}

#[test]
fn a_workspace_that_declares_nothing_together_is_not_restyled() {
    for root in ["[workspace]\n", "[workspace.dependencies]\n"] {
        let (changes, left) = World::new(root, &[SHORT, SHORT]).judge(Heirs::AllRead, &[]);
        assert!(changes.is_empty() && left.is_empty(), "{changes:?} {left:?}");
    }
}

#[test]
fn what_a_program_writes_is_left_to_it() {
    let hakari = "### BEGIN HAKARI SECTION\n[dependencies]\nx = \"1\"\n### END HAKARI SECTION\n";
    for root in ["[workspace.dependencies]\nz = \"1\"\n", "[workspace.dependencies]\nx = \"1\"\n"] {
        stays(root, &[hakari], "not-inherited:a/*", "`cargo hakari` writes its dependencies");
        let world = World::new(root, &[hakari, SHORT, SHORT]);
        let after = world.after(&world.judge(Heirs::AllRead, &[]).0);
        assert_eq!([after.text("a/Cargo.toml"), after.text("b/Cargo.toml")], [hakari, HEIR]);
    }
}

#[test]
fn what_one_member_repeats_is_its_own_affair() {
    for other in ["1", "2"] {
        let both = format!("[dependencies]\nx = \"1\"\n[dev-dependencies]\nx = \"{other}\"\n");
        let world = World::new("[workspace.dependencies]\nz = \"1\"\n", &[&both]);
        let (changes, left) = world.judge(Heirs::AllRead, &[]);
        assert!(changes.is_empty() && left.is_empty(), "{changes:?} {left:?}");
    }
}

#[test]
fn what_is_aligned_anyway_is_left_to_that() {
    for root in ["[workspace.dependencies]\nz = \"1\"\n", "[workspace.dependencies]\nx = \"1\"\n"] {
        let world = World::new(root, &[SHORT, SHORT]);
        assert_eq!(world.judge(Heirs::AllRead, &[]).0.len(), 1);
        assert!(world.judge(Heirs::AllRead, &["x"]).0.is_empty());
    }
}

#[test]
fn a_declaration_without_two_heirs_left_is_not_made() {
    let world = World::new("[workspace.dependencies]\nz = \"1\"\n", &[SHORT, SHORT]);
    let changes = world.judge(Heirs::AllRead, &[]).0;
    let mut removal = Change::new(Code::UnusedDependency, "a/x", String::new(), String::new());
    removal.edits = vec![Edit::Remove { site: world.uses()[0].site(), key: "x".to_owned() }];
    let after = world.after(&[vec![removal], changes].concat());
    assert_eq!(after.text("Cargo.toml"), world.text("Cargo.toml"));
    assert_eq!(after.text("b/Cargo.toml"), SHORT);
}

#[test]
fn a_feature_that_moved_is_still_found_by_what_replaces_it() {
    let replace = |site: Site| Edit::ReplaceFeature {
        site,
        key: "x".to_owned(),
        feature: "full".to_owned(),
        by: vec!["rt".to_owned()],
    };
    let trimmed = |world: &World, sites: Vec<Site>| {
        let mut trim = Change::new(Code::BroadFeatures, "x", String::new(), String::new());
        trim.edits = sites.into_iter().map(replace).collect();
        let after = world.after(&[world.judge(Heirs::AllRead, &[]).0, vec![trim]].concat());
        after.documents.values().map(ToString::to_string).collect::<String>()
    };
    // From the members to the workspace.
    let full = "[dependencies]\nx = { version = \"1\", features = [\"full\"] }\n";
    let world = World::new("[workspace.dependencies]\nz = \"1\"\n", &[full, full]);
    let text = trimmed(&world, world.uses().iter().map(Use::site).collect());
    assert!(!text.contains("full") && text.contains("features = [\"rt\"]"), "{text}");
    // From the workspace to an heir.
    let root = "[workspace.dependencies]\nx = { version = \"1\", features = [\"full\"] }\n";
    let world = World::new(root, &[HEIR, SHORT]);
    let text = trimmed(&world, vec![Site::Workspace, world.uses()[0].site()]);
    assert!(!text.contains("full") && text.contains("features = [\"rt\"]"), "{text}");
}
