//! Cargo's configuration around a workspace: every file and variable that counts, and what they set.
//!
//! All that is said or decided comes from parsed documents and given variables: only [`Stack::read`] reads.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Value};

mod look;
mod named;
mod read;
mod values;

pub(crate) use named::{Host, Setting};

/// The configuration that counts in one directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    /// The files, the one that wins first.
    layers: Vec<Layer>,
    /// Environment variables by which builds are configured, by name.
    variables: Vec<(String, String)>,
}

/// One file.
#[derive(Debug, Clone)]
struct Layer {
    path: PathBuf,
    document: DocumentMut,
    /// It lies in cargo's home directory: whoever runs this wrote it.
    is_users: bool,
}

/// A key with a value that is no table.
struct Leaf<'a> {
    /// The steps of the key.
    steps: Vec<&'a str>,
    value: &'a Value,
}

impl Leaf<'_> {
    /// The key as one would write it.
    fn key(&self) -> String {
        let steps: Vec<String> =
            self.steps.iter().map(|step| toml_edit::Key::new(*step).to_string()).collect();
        steps.join(".")
    }

    /// The value as text, without the quotes and comments around it.
    fn text(&self) -> String {
        match self.value {
            Value::String(text) => text.value().clone(),
            Value::Array(_) => words(self.value).join(" "),
            other => other.clone().decorated("", "").to_string(),
        }
    }
}

/// The strings of a value that cargo takes as a list: an array, or one string with blanks in between.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.value().split_whitespace().map(str::to_owned).collect(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

impl Layer {
    /// Every key of the document.
    fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut out = Vec::new();
        let mut pending: Vec<(Vec<&str>, &Item)> = Vec::new();
        let top = self.document.as_table();
        pending.extend(top.iter().map(|(key, item)| (vec![key], item)));
        let mut nested: Vec<(Vec<&str>, &Value)> = Vec::new();
        while let Some((steps, item)) = pending.pop() {
            if let Some(value) = item.as_value() {
                nested.push((steps, value));
            } else if let Some(table) = item.as_table() {
                let below = table.iter().map(|(key, item)| ([&*steps, &[key]].concat(), item));
                pending.extend(below);
            }
        }
        while let Some((steps, value)) = nested.pop() {
            match value.as_inline_table() {
                Some(table) => nested
                    .extend(table.iter().map(|(key, value)| ([&*steps, &[key]].concat(), value))),
                None => out.push(Leaf { steps, value }),
            }
        }
        out.sort_by(|a, b| a.steps.cmp(&b.steps));
        out
    }
}

impl Stack {
    /// Every file that counts, the one that wins first.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.layers.iter().map(|layer| layer.path.as_path())
    }

    /// All of it as text, but for the files that are `known` otherwise: the same wherever cargo heeds the same.
    pub(crate) fn texts(&self, known: impl Fn(&Path) -> bool) -> Vec<String> {
        let files = self.layers.iter().filter(|layer| !known(&layer.path));
        let files = files.map(|layer| format!("{}\n{}", layer.path.display(), layer.document));
        let mut variables: Vec<String> =
            self.variables.iter().map(|(key, value)| format!("{key}={value}")).collect();
        variables.sort();
        files.chain(variables).collect()
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Self {
        let layers = files.iter().map(|(path, text)| Layer {
            path: PathBuf::from(path),
            document: text.parse().unwrap(),
            is_users: path.starts_with("/home/"),
        });
        let variables = variables.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        Self { layers: layers.collect(), variables: variables.collect() }
    }
}
