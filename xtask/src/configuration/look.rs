//! How to look at a workspace that nobody has agreed to run: what of its configuration cargo must not heed.
//!
//! Whoever runs this decides by the environment and by cargo's home; files beside the workspace do not.

use super::{Layer, Stack, words};

/// Providers of credentials that are part of cargo and run nothing.
/// Source: <https://doc.rust-lang.org/cargo/reference/registry-authentication.html>.
const BUILT_IN: [&str; 4] =
    ["cargo:token", "cargo:libsecret", "cargo:macos-keychain", "cargo:wincred"];

/// Variables that take a key of the configuration back, the names by which a user may have set it already, and
/// the value.
const TAKEN_BACK: [(&str, &[&str], &str); 4] = [
    ("RUSTC", &["CARGO_BUILD_RUSTC"], "rustc"),
    ("RUSTC_WRAPPER", &["CARGO_BUILD_RUSTC_WRAPPER"], ""),
    ("RUSTC_WORKSPACE_WRAPPER", &["CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER"], ""),
    ("CARGO_ENCODED_RUSTFLAGS", &["RUSTFLAGS"], ""),
];

impl Stack {
    /// Environment variables by which cargo asks the compiler itself, without wrapper and flags, unless the
    /// user's environment says otherwise.
    pub(crate) fn variables_to_look(&self) -> Vec<(&'static str, &'static str)> {
        let is_set = |key: &str| self.variables.iter().any(|(known, _)| known == key);
        let free = TAKEN_BACK
            .iter()
            .filter(|(key, others, _)| !is_set(key) && !others.iter().any(|other| is_set(other)));
        free.map(|(key, _, value)| (*key, *value)).collect()
    }

    /// Values for cargo's `--config` that take back what `[env]` sets: cargo hands it to the compiler, so that a
    /// `PATH` or `LD_PRELOAD` there runs whatever it likes.
    pub(crate) fn overrides_to_look(&self) -> Vec<String> {
        let mut out = Vec::new();
        for leaf in self.layers.iter().flat_map(Layer::leaves) {
            let ["env", name, rest @ ..] = leaf.steps.as_slice() else { continue };
            let key = format!("env.{}", quoted(name));
            match rest {
                [] => out.push(format!("{key}=\"\"")),
                _ => {
                    out.push(format!("{key}.value=\"\""));
                    out.push(format!("{key}.force=false"));
                    out.push(format!("{key}.relative=false"));
                }
            }
        }
        out.sort();
        out.dedup();
        out
    }

    /// Why cargo could run a program of the workspace's choice although it only looks; `None` where it could
    /// not. Each of these cannot be taken back for one run.
    pub(crate) fn refusal_to_look(&self, offline: bool) -> Option<String> {
        self.layers.iter().filter(|layer| !layer.is_users).find_map(|layer| {
            let leaves = layer.leaves();
            leaves.iter().find_map(|leaf| {
                let asks = match leaf.steps.as_slice() {
                    ["registry", "credential-provider" | "global-credential-providers"]
                    | ["registries", _, "credential-provider"]
                    | ["credential-alias", _] => !offline && !is_built_in(leaf.value),
                    ["host", ..] => leaf.steps.last() == Some(&"rustflags"),
                    _ => return None,
                };
                asks.then(|| {
                    format!(
                        "`{}` sets `{}`, by which cargo may run a program, and this command only looks\n\
                         hint: if you trust it, set it in the configuration of your own home \
                         directory instead{}",
                        layer.path.display(),
                        leaf.key().escape_debug(),
                        if leaf.steps[0] == "host" { "" } else { ", or run again with `--offline`" }
                    )
                })
            })
        })
    }
}

fn quoted(name: &str) -> String {
    toml_edit::Value::from(name).to_string()
}

/// Whether every provider that a value names is part of cargo and runs nothing.
fn is_built_in(value: &toml_edit::Value) -> bool {
    words(value)
        .iter()
        .flat_map(|word| word.split_whitespace())
        .all(|word| BUILT_IN.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says_is_the_users() {
        assert_eq!(Stack::of(&[], &[]).variables_to_look().len(), 4);
        let set = [("RUSTC", "mine"), ("CARGO_BUILD_RUSTC_WRAPPER", "sccache"), ("RUSTFLAGS", "")];
        let left = Stack::of(&[], &set).variables_to_look();
        assert_eq!(left, [("RUSTC_WORKSPACE_WRAPPER", "")]);
    }

    #[test]
    fn every_form_of_a_variable_is_taken_back() {
        let text = "[env]\nLD_PRELOAD = 'x.so'\nPATH = { value = 'evil', relative = true, force = true }\n\
            [env.'A.\"B']\nvalue = 'x'\n";
        assert_eq!(
            Stack::of(&[("/a", text), ("/b", text)], &[]).overrides_to_look(),
            [
                "env.\"LD_PRELOAD\"=\"\"",
                "env.\"PATH\".force=false",
                "env.\"PATH\".relative=false",
                "env.\"PATH\".value=\"\"",
                "env.'A.\"B'.force=false",
                "env.'A.\"B'.relative=false",
                "env.'A.\"B'.value=\"\"",
            ]
        );
    }

    #[test]
    fn a_foreign_provider_of_credentials_is_refused_unless_it_is_the_users_or_nothing_is_asked() {
        let foreign = [
            "[registry]\nglobal-credential-providers = ['cargo:token', './steal']\n",
            "[registries.x]\ncredential-provider = ['cargo:token-from-stdout', 'sh', '-c', 'x']\n",
            "[credential-alias]\nx = 'sh -c y'\n",
        ];
        for text in foreign {
            let refusal = |path| Stack::of(&[(path, text)], &[]).refusal_to_look(false);
            let said = refusal("/ws/.cargo/config.toml").unwrap();
            assert!(said.contains("`/ws/.cargo/config.toml` sets `") && said.contains("hint: "));
            assert_eq!(refusal("/home/me/.cargo/config.toml"), None);
            assert_eq!(Stack::of(&[("/ws", text)], &[]).refusal_to_look(true), None);
        }
        let own = "[registry]\nglobal-credential-providers = ['cargo:token', 'cargo:libsecret']\n";
        assert_eq!(Stack::of(&[("/ws", own)], &[]).refusal_to_look(false), None);
        let flags = "[host]\nrustflags = ['-Zcodegen-backend=x.so']\n";
        assert!(Stack::of(&[("/ws", flags)], &[]).refusal_to_look(true).is_some());
    }
}
