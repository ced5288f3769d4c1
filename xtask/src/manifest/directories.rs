//! Directories that a manifest or a cargo configuration names, as it writes them.

use toml_edit::{DocumentMut, Item};

use super::strings;

/// Directories with crates that a cargo configuration names: replaced sources, and `paths`.
pub(crate) fn source_directories(config: &DocumentMut) -> Vec<String> {
    let sources = config.get("source").and_then(Item::as_table_like);
    let directory = |source: &Item| {
        let source = source.as_table_like()?;
        let place = source.get("directory").or_else(|| source.get("local-registry"))?;
        place.as_str().map(str::to_owned)
    };
    let replaced = sources.into_iter().flat_map(|table| table.iter());
    let replaced = replaced.filter_map(|(_, source)| directory(source));
    replaced.chain(strings(config.get("paths"))).collect()
}

/// Directories of crates that `[patch]` or `[replace]` puts in place of others, of a manifest or a cargo
/// configuration. Cargo reads what a patch names even if nothing uses it.
pub(crate) fn patched_directories(document: &DocumentMut) -> Vec<String> {
    let table = |name: &str| document.get(name).and_then(Item::as_table_like);
    let patched = table("patch").into_iter().flat_map(|sources| sources.iter());
    let patched = patched.filter_map(|(_, source)| source.as_table_like());
    let entries = patched.chain(table("replace")).flat_map(|entries| entries.iter());
    let path = |entry: &Item| Some(entry.as_table_like()?.get("path")?.as_str()?.to_owned());
    entries.filter_map(|(_, entry)| path(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_patch_is_read() {
        let document = r#"
[patch.crates-io]
a = { path = "../a" }
b.path = "../b"
c = { git = "https://example.com/c" }
[patch."https://example.com/d".d]
path = "../d"
[replace]
"e:0.1.0" = { path = "../e" }
"#;
        let document: DocumentMut = document.parse().unwrap();
        assert_eq!(patched_directories(&document), ["../a", "../b", "../d", "../e"]);
        let none: DocumentMut = "patch = 1\n[replace]\nx = 1\n".parse().unwrap();
        assert!(patched_directories(&none).is_empty());
    }
}
