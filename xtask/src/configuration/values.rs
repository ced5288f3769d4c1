//! Single values of the configuration: which file or variable sets a key, and what `[env]` hands on.
//!
//! Pure. Of several files that set a key the one that wins is named, and no other.

use std::path::Path;

use super::Stack;

/// An entry of `[env]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EnvEntry<'a> {
    pub(crate) file: &'a Path,
    /// It wins over the environment.
    pub(crate) force: bool,
}

impl Stack {
    /// What a key is set to, and by which file.
    pub(crate) fn value_of(&self, path: &[&str]) -> Option<(String, &Path)> {
        self.layers.iter().find_map(|layer| {
            let leaves = layer.leaves();
            let leaf = leaves.iter().find(|leaf| leaf.steps == path)?;
            Some((leaf.text(), layer.path.as_path()))
        })
    }

    /// A variable by which builds are configured, as the environment has it.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The entries of `[env]` in all files, by name. As cargo does, each key of an entry is taken from the file that wins
    /// for that key; the file that is named has the value.
    pub(crate) fn env(&self) -> Vec<(String, String, EnvEntry<'_>)> {
        let mut out: Vec<(String, String, EnvEntry<'_>)> = Vec::new();
        for layer in &self.layers {
            for leaf in layer.leaves() {
                let (["env", name] | ["env", name, "value"]) = leaf.steps.as_slice() else {
                    continue;
                };
                if out.iter().any(|(known, ..)| known == name) {
                    continue;
                }
                let is_set = |key| {
                    let found = self.value_of(&["env", name, key]);
                    found.is_some_and(|(value, _)| value == "true")
                };
                let text = leaf.text();
                // Relative to the directory above `.cargo`.
                let above = layer.path.parent().and_then(Path::parent);
                let value = match above {
                    Some(above) if is_set("relative") => above.join(&text).display().to_string(),
                    _ => text,
                };
                let entry = EnvEntry { file: &layer.path, force: is_set("force") };
                out.push(((*name).to_owned(), value, entry));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_wins_is_named_for_keys_and_for_variables() {
        let near =
            "[build]\nrustc-wrapper = 'near'\n[env]\nA = '1'\nB = { value = '2', force = true }\n";
        let far = "[build]\nrustc-wrapper = 'far'\n[env]\nA = '3'\nC = '4'\n";
        let stack = Stack::of(&[("/near", near), ("/far", far)], &[("RUSTC_WRAPPER", "w")]);
        let found = stack.value_of(&["build", "rustc-wrapper"]);
        assert_eq!(found, Some(("near".to_owned(), Path::new("/near"))));
        assert_eq!(stack.value_of(&["build", "rustc"]), None);
        assert_eq!(stack.variable("RUSTC_WRAPPER"), Some("w"));
        let env: Vec<String> = stack
            .env()
            .into_iter()
            .map(|(name, value, it)| format!("{name}={value} {} {}", it.file.display(), it.force))
            .collect();
        assert_eq!(env, ["A=1 /near false", "B=2 /near true", "C=4 /far false"]);
    }

    #[test]
    fn entries_are_merged_key_by_key_and_paths_are_relative_to_their_file() {
        let near = "[env]\nA = { value = '1' }\nB = { force = true }\n";
        let far =
            "[env]\nA = { value = '2', force = true }\nB = { value = 'c', relative = true }\n";
        let stack =
            Stack::of(&[("/near/.cargo/config.toml", near), ("/far/.cargo/config.toml", far)], &[]);
        let env: Vec<String> = stack
            .env()
            .into_iter()
            .map(|(name, value, it)| format!("{name}={value} {}", it.force))
            .collect();
        assert_eq!(env, ["A=1 true", "B=/far/c true"]);
    }
}
