//! Reading and editing dependency declarations and profiles in manifests (toml_edit documents).
//!
//! No I/O. Every edit accepts inline, dotted and standard tables alike and leaves comments, order
//! and quotes of what it does not name as they were.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, TableLike, Value};

mod directories;
pub(crate) mod edit;

pub(crate) use directories::{patched_directories, source_directories};

/// The kind of a dependency table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Normal, Self::Dev, Self::Build];

    /// Names of the table; the second is the old spelling that cargo still reads.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Normal => &["dependencies"],
            Self::Dev => &["dev-dependencies", "dev_dependencies"],
            Self::Build => &["build-dependencies", "build_dependencies"],
        }
    }
}

/// A dependency table of a member, such as `[target.'cfg(unix)'.dev-dependencies]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DepTable {
    pub(crate) target: Option<String>,
    pub(crate) kind: Kind,
}

impl DepTable {
    /// Key paths at which the table may stand.
    pub(crate) fn key_paths(&self) -> Vec<Vec<String>> {
        let prefix: Vec<String> = match &self.target {
            Some(target) => vec!["target".to_owned(), target.clone()],
            None => Vec::new(),
        };
        let names = self.kind.names().iter();
        names.map(|name| [prefix.clone(), vec![(*name).to_owned()]].concat()).collect()
    }
}

impl fmt::Display for DepTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Some(target) => write!(f, "[target.'{target}'.{}]", self.kind.names()[0]),
            None => write!(f, "[{}]", self.kind.names()[0]),
        }
    }
}

/// Where a dependency is declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Site {
    /// `[workspace.dependencies]` of the root manifest.
    Workspace,
    /// A table of a member; the manifest's path is relative to the workspace root.
    Member { manifest: PathBuf, table: DepTable },
}

/// What an entry of a dependency table says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// The name in the table.
    pub(crate) key: String,
    /// `package = "…"`, when renamed.
    pub(crate) rename_of: Option<String>,
    pub(crate) requirement: Option<String>,
    pub(crate) default_features: Option<bool>,
    pub(crate) features: Vec<String>,
    pub(crate) optional: bool,
    /// `workspace = true`
    pub(crate) inherits: bool,
    /// `path`, `git`, `registry` and the like, with their values: where the crate comes from.
    pub(crate) source: Vec<(String, String)>,
    /// Keys that inheriting would lose, because neither an heir nor this crate knows what they mean.
    pub(crate) unknown: Vec<String>,
}

impl Declaration {
    /// Name of the package in the registry.
    pub(crate) fn package(&self) -> &str {
        self.rename_of.as_deref().unwrap_or(&self.key)
    }
}

/// Keys of an entry that are the same for whoever writes them, in the workspace or in a member.
const KNOWN_KEYS: [&str; 13] = [
    "workspace",
    "version",
    "package",
    "path",
    "git",
    "branch",
    "tag",
    "rev",
    "registry",
    "features",
    "default-features",
    "default_features",
    "optional",
];

/// Keys of an entry that say where the crate comes from.
const SOURCE_KEYS: [&str; 9] =
    ["path", "git", "branch", "tag", "rev", "registry", "registry-index", "base", "artifact"];

/// Reads one entry.
fn declaration(key: &str, item: &Item) -> Declaration {
    let mut found = Declaration { key: key.to_owned(), ..Declaration::default() };
    if let Some(version) = item.as_str() {
        found.requirement = Some(version.to_owned());
        return found;
    }
    let Some(table) = item.as_table_like() else {
        return found;
    };
    let text = |name: &str| table.get(name).and_then(Item::as_str).map(str::to_owned);
    let flag = |name: &str| table.get(name).and_then(Item::as_bool);
    found.requirement = text("version");
    found.rename_of = text("package");
    found.default_features = flag("default-features").or_else(|| flag("default_features"));
    found.optional = flag("optional").unwrap_or(false);
    found.inherits = flag("workspace").unwrap_or(false);
    found.features = strings(table.get("features"));
    found.source = SOURCE_KEYS
        .iter()
        .filter_map(|name| {
            let item = table.get(name)?;
            Some(((*name).to_owned(), item.as_str().map_or_else(|| plain(item), str::to_owned)))
        })
        .collect();
    let keys = table.iter().map(|(key, _)| key).filter(|key| !KNOWN_KEYS.contains(key));
    found.unknown = keys.map(str::to_owned).collect();
    found
}

/// The strings of an array.
pub(crate) fn strings(item: Option<&Item>) -> Vec<String> {
    item.and_then(Item::as_array)
        .map(|array| array.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// Manifests whose dependencies are written by `cargo hakari`, which would write them again.
pub(crate) fn generated(documents: &BTreeMap<PathBuf, DocumentMut>) -> BTreeSet<&Path> {
    let is_marked = |document: &DocumentMut| document.to_string().contains("BEGIN HAKARI SECTION");
    let marked = documents.iter().filter(|(_, document)| is_marked(document));
    marked.map(|(path, _)| path.as_path()).collect()
}

/// Every declaration of a member's manifest with the table it stands in.
pub(crate) fn declarations(doc: &DocumentMut) -> Vec<(DepTable, Declaration)> {
    let mut found = Vec::new();
    collect(doc.as_table(), None, &mut found);
    if let Some(targets) = doc.get("target").and_then(Item::as_table_like) {
        for (target, item) in targets.iter() {
            if let Some(table) = item.as_table_like() {
                collect(table, Some(target), &mut found);
            }
        }
    }
    found
}

fn collect(table: &dyn TableLike, target: Option<&str>, out: &mut Vec<(DepTable, Declaration)>) {
    for kind in Kind::ALL {
        // Cargo ignores the old name where both are there.
        let name = kind.names().iter().find(|name| table.contains_key(name));
        let entries = name.and_then(|name| table.get(name)?.as_table_like());
        for (key, item) in entries.into_iter().flat_map(|entries| entries.iter()) {
            let table = DepTable { target: target.map(str::to_owned), kind };
            out.push((table, declaration(key, item)));
        }
    }
}

/// Every entry of `[workspace.dependencies]`.
pub(crate) fn workspace_declarations(doc: &DocumentMut) -> Vec<Declaration> {
    let entries = entries_at(doc, &["workspace", "dependencies"]);
    entries.into_iter().flat_map(|table| table.iter()).map(|(key, i)| declaration(key, i)).collect()
}

/// One entry, without reading the others.
pub(crate) fn declaration_at(doc: &DocumentMut, site: &Site, key: &str) -> Option<Declaration> {
    let table = match site {
        Site::Workspace => entries_at(doc, &["workspace", "dependencies"])?,
        Site::Member { table, .. } => table.key_paths().into_iter().find_map(|path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            entries_at(doc, &path)
        })?,
    };
    Some(declaration(key, table.get(key)?))
}

fn entries_at<'a>(doc: &'a DocumentMut, path: &[&str]) -> Option<&'a dyn TableLike> {
    item_at(doc, path)?.as_table_like()
}

/// The item at a path of keys, if each step is a table of any form.
pub(crate) fn item_at<'a>(doc: &'a DocumentMut, path: &[&str]) -> Option<&'a Item> {
    let mut item = doc.as_item();
    for key in path {
        item = item.as_table_like()?.get(key)?;
    }
    Some(item)
}

/// Values of `[features]` that concern a dependency by its key: `key`, `dep:key`, `key/…`, `key?/…`.
pub(crate) fn features_naming(doc: &DocumentMut, key: &str) -> Vec<String> {
    let Some(features) = doc.get("features").and_then(Item::as_table_like) else {
        return Vec::new();
    };
    let names = |value: &str| {
        let head = value.split('/').next().unwrap_or(value);
        head.strip_suffix('?').unwrap_or(head) == key || value.strip_prefix("dep:") == Some(key)
    };
    features
        .iter()
        .filter(|(_, values)| strings(Some(values)).iter().any(|value| names(value)))
        .map(|(feature, _)| feature.to_owned())
        .collect()
}

/// Paths of keys whose values differ between two documents. Formatting and order do not count.
pub(crate) fn changed_keys(old: &DocumentMut, new: &DocumentMut) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    compare(old.as_item(), new.as_item(), &mut Vec::new(), &mut out);
    out
}

fn compare(old: &Item, new: &Item, path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match (old.as_table_like(), new.as_table_like()) {
        (Some(before), Some(after)) => {
            let mut keys: Vec<&str> = before.iter().map(|(key, _)| key).collect();
            keys.extend(after.iter().map(|(key, _)| key).filter(|key| !before.contains_key(key)));
            for key in keys {
                path.push(key.to_owned());
                match (before.get(key), after.get(key)) {
                    (Some(a), Some(b)) => compare(a, b, path, out),
                    _ => out.push(path.clone()),
                }
                path.pop();
            }
        }
        _ if plain(old) == plain(new) => {}
        _ => out.push(path.clone()),
    }
}

/// A value as text without its decoration.
fn plain(item: &Item) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Array(array) => {
                out.push('[');
                for value in array {
                    write(value, out);
                    out.push(',');
                }
                out.push(']');
            }
            Value::InlineTable(table) => {
                out.push('{');
                for (key, value) in table {
                    out.push_str(key);
                    out.push('=');
                    write(value, out);
                    out.push(',');
                }
                out.push('}');
            }
            Value::String(text) => out.push_str(&format!("{:?}", text.value())),
            Value::Integer(number) => out.push_str(&number.value().to_string()),
            Value::Float(number) => out.push_str(&number.value().to_string()),
            Value::Boolean(flag) => out.push_str(&flag.value().to_string()),
            Value::Datetime(time) => out.push_str(&time.value().to_string()),
        }
    }
    let mut out = String::new();
    match item {
        Item::Value(value) => write(value, &mut out),
        Item::ArrayOfTables(tables) => write(&Value::Array(tables.clone().into_array()), &mut out),
        Item::Table(table) => {
            write(&Value::InlineTable(table.clone().into_inline_table()), &mut out)
        }
        Item::None => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_an_entry_is_read() {
        let doc = doc(r#"
[dependencies]
a = "1"
b = { version = "2", default-features = false, features = ["x"], optional = true }
c.workspace = true
d = { package = "real", path = "../d", version = "0.1" }
g = { version = "1", public = true, artifact = "bin" }
[dependencies.e]
git = "https://example.com/e"
[target.'cfg(unix)'.dev-dependencies]
f = "3"
"#);
        let found = declarations(&doc);
        let by = |key: &str| &found.iter().find(|(_, d)| d.key == key).unwrap().1;
        assert_eq!(by("a").requirement.as_deref(), Some("1"));
        assert_eq!(by("b").default_features, Some(false));
        assert_eq!(by("b").features, ["x"]);
        assert!(by("b").optional);
        assert!(by("c").inherits);
        assert_eq!(by("d").package(), "real");
        assert_eq!(by("d").source, [("path".to_owned(), "../d".to_owned())]);
        assert_eq!(by("e").source[0].0, "git");
        assert_eq!(by("g").unknown, ["public", "artifact"]);
        let (table, _) = found.iter().find(|(_, d)| d.key == "f").unwrap();
        assert_eq!(table.to_string(), "[target.'cfg(unix)'.dev-dependencies]");
    }

    #[test]
    fn features_that_name_a_dependency_are_found() {
        let doc = doc(r#"
[features]
a = ["dep:x"]
b = ["x/std"]
c = ["x?/std"]
d = ["x"]
e = ["xy", "y/x"]
"#);
        assert_eq!(features_naming(&doc, "x"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn only_differing_keys_are_reported() {
        let old = doc("[a]\nx = 1\ny = [1, 2] # c\n[b]\nz = 1\n");
        let new = doc("[b]\nz = 1\n[a]\ny = [ 1,2 ]\nx = 2\n[c]\nw = 1\n");
        assert_eq!(changed_keys(&old, &new), [vec!["a", "x"], vec!["c"]]);
    }
}
