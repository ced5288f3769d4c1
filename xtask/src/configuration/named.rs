//! What of the configuration changes how things are built or run, in words.
//!
//! Nothing is said of a key that another file or a variable outdoes, nor of other hosts.

use std::{collections::BTreeSet, path::Path, str::FromStr as _};

use cargo_metadata::cargo_platform::{Cfg, Platform};

use super::{Leaf, Stack, words};

/// What builds run on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host<'a> {
    pub(crate) triple: &'a str,
    pub(crate) cfg: &'a [Cfg],
}

/// One key that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// A sentence: who sets which key to what, and what that means.
    pub(crate) text: String,
    /// Tests run with more rights than whoever started them.
    pub(crate) is_privileged: bool,
}

/// Programs that run another with other rights.
const PRIVILEGED: [&str; 20] = [
    "sudo",
    "sudo-rs",
    "doas",
    "su",
    "su-exec",
    "gosu",
    "pkexec",
    "run0",
    "runuser",
    "setpriv",
    "please",
    "dzdo",
    "pbrun",
    "calife",
    "super",
    "systemd-run",
    "machinectl",
    "nsenter",
    "gsudo",
    "runas",
];

/// Longer values are cut off.
const SHOWN_CHARS: usize = 120;

impl Stack {
    /// The keys that are set, the one that wins first.
    pub(crate) fn settings(&self, host: Host<'_>) -> Vec<Setting> {
        let mut known = BTreeSet::new();
        let mut out = Vec::new();
        for (key, value) in &self.variables {
            let Some((name, triple)) = normal(key) else { continue };
            // A variable of another target configures nothing here, and an empty one takes back.
            if triple.is_some_and(|triple| triple != shouted(host.triple)) {
                known.insert(name);
                continue;
            }
            if known.insert(name.clone()) && !value.is_empty() {
                out.push(said("the environment", key, value, &name));
            }
            if name == "RUSTFLAGS" {
                known.insert("BUILD_RUSTFLAGS".to_owned());
                known.insert(format!("TARGET_{}_RUSTFLAGS", shouted(host.triple)));
            }
        }
        let flagged = known.contains("RUSTFLAGS");
        for layer in &self.layers {
            let leaves = layer.leaves();
            for leaf in leaves.iter().filter(|leaf| counts(leaf, host)) {
                let name = shouted(&leaf.steps.join("_"));
                let is_flags = leaf.steps.last() == Some(&"rustflags");
                // Flags of all files are put together; of everything else one wins.
                if is_flags && (flagged || known.contains(&name))
                    || !is_flags && !known.insert(name)
                {
                    continue;
                }
                out.push(of_file(&layer.path, leaf));
            }
        }
        out
    }
}

/// A variable as cargo spells a key, without `CARGO_`; and the target it is for.
fn normal(variable: &str) -> Option<(String, Option<String>)> {
    let name = match variable {
        "RUSTC" => "BUILD_RUSTC",
        "RUSTC_WRAPPER" => "BUILD_RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER" => "BUILD_RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" => "RUSTFLAGS",
        other => other.strip_prefix("CARGO_")?,
    };
    let triple = name.strip_prefix("TARGET_").and_then(|rest| rest.rsplit_once('_'));
    Some((name.to_owned(), triple.map(|(triple, _)| triple.to_owned())))
}

fn shouted(key: &str) -> String {
    key.replace(['-', '.'], "_").to_uppercase()
}

/// Whether a key changes how this host builds or runs.
fn counts(leaf: &Leaf<'_>, host: Host<'_>) -> bool {
    match leaf.steps.as_slice() {
        ["build", key] => matches!(
            *key,
            "rustc" | "rustc-wrapper" | "rustc-workspace-wrapper" | "rustflags" | "target"
        ),
        ["target", target, "runner" | "linker" | "rustflags"] => {
            Platform::from_str(target).is_ok_and(|platform| platform.matches(host.triple, host.cfg))
        }
        ["profile", _, ..] | ["env", _] | ["env", _, "value"] => true,
        _ => false,
    }
}

fn of_file(path: &Path, leaf: &Leaf<'_>) -> Setting {
    let name = shouted(&leaf.steps.join("_"));
    let source = format!("`{}`", path.display());
    if let ["env", variable, ..] = leaf.steps.as_slice() {
        // Its value may be a password, and reports are passed on.
        let variable = printable(variable);
        let text = format!(
            "{source} sets the variable `{variable}` (`[env]`) for compilations, build scripts and tests"
        );
        return Setting { text, is_privileged: false };
    }
    let all = words(leaf.value).join(" ");
    let value = if all.is_empty() { leaf.text() } else { all };
    said(&source, &leaf.key(), &value, &name)
}

fn said(source: &str, key: &str, value: &str, name: &str) -> Setting {
    let is_runner = name.ends_with("_RUNNER");
    let is_privileged = is_runner && is_privileged(value);
    let meaning = match name {
        _ if is_privileged => "tests run through it, with privileges; `--no-test` leaves them out",
        _ if is_runner => "tests and benches run through it",
        _ if name.starts_with("PROFILE_") => {
            "it wins over the profiles of the manifest, also over what `optimize` writes there"
        }
        "BUILD_RUSTC" => "that is the compiler",
        "BUILD_RUSTC_WRAPPER" => "every compilation runs through it",
        "BUILD_RUSTC_WORKSPACE_WRAPPER" => "compilations of members run through it",
        "BUILD_TARGET" => "builds are for that target",
        _ if name.ends_with("_LINKER") => "everything is linked by it",
        _ => "these flags are part of every compilation",
    };
    // Between the flags in CARGO_ENCODED_RUSTFLAGS stands a control character.
    let value = printable(&value.replace('\x1f', " "));
    Setting {
        text: format!("{source} sets `{}` to `{value}`: {meaning}", printable(key)),
        is_privileged,
    }
}

/// Whether any word of a command line names a program that changes rights, such as `env A=1 sudo -E`.
fn is_privileged(command: &str) -> bool {
    let name = |word: &str| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_lowercase();
        name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
    };
    let words =
        command.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | '&'));
    words.map(name).any(|name| PRIVILEGED.contains(&name.as_str()))
}

/// On one line, without control characters, and not too long.
fn printable(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.clone().take(SHOWN_CHARS).collect();
    if plain.count() > SHOWN_CHARS {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Vec<Setting> {
        let cfg = [Cfg::from_str("unix").unwrap(), Cfg::from_str("target_os=\"linux\"").unwrap()];
        Stack::of(files, variables).settings(Host { triple: "x86_64-unknown-linux-gnu", cfg: &cfg })
    }

    fn texts(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Vec<String> {
        settings(files, variables).into_iter().map(|setting| setting.text).collect()
    }

    #[test]
    fn an_ordinary_workspace_is_nothing_to_speak_of() {
        let ordinary = "[alias]\nx = 'run'\n[net]\noffline = true\n[build]\njobs = 2\ntarget-dir = 't'\n\
            [target.aarch64-unknown-linux-gnu]\nrunner = 'qemu-aarch64'\nlinker = 'a-gcc'\n\
            [target.'cfg(windows)']\nrustflags = ['-C', 'x']\n[source.crates-io]\nreplace-with = 'v'\n";
        assert!(settings(&[("/a/.cargo/config.toml", ordinary)], &[]).is_empty());
        assert!(settings(&[], &[("CARGO_TARGET_ARMV7_LINUX_RUNNER", "qemu")]).is_empty());
    }

    #[test]
    fn a_runner_with_privileges_is_named_as_such_in_every_form() {
        for (text, shown) in [
            ("[target.x86_64-unknown-linux-gnu]\nrunner = 'sudo -E'\n", "sudo -E"),
            ("target.'cfg(unix)'.runner = ['/usr/bin/doas', 'x']\n", "/usr/bin/doas x"),
            ("target = { 'cfg(all())' = { runner = 'env A=1 run0' } }\n", "env A=1 run0"),
            ("target.'cfg(unix)'.runner = ['sh', '-c', 'exec pkexec \"$@\"']\n", "exec pkexec"),
        ] {
            let found = settings(&[("/a/.cargo/config.toml", text)], &[]);
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].is_privileged, "{found:?}");
            for part in ["`/a/.cargo/config.toml` sets `target.", shown, "with privileges"] {
                assert!(found[0].text.contains(part), "`{part}` in {found:?}");
            }
        }
        let found = settings(&[], &[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", "sudo")]);
        assert!(
            found[0].is_privileged && found[0].text.starts_with("the environment"),
            "{found:?}"
        );
        let plain = "[target.'cfg(unix)']\nrunner = 'valgrind --suppressions=sudo.supp'\n";
        assert!(!settings(&[("/a/.cargo/config.toml", plain)], &[])[0].is_privileged);
    }

    #[test]
    fn each_key_is_named_with_what_it_means() {
        let text = "[build]\nrustc = 'r'\nrustc-wrapper = 'w'\nrustc-workspace-wrapper = 'ww'\n\
            rustflags = ['-C', 'target-cpu=native']\ntarget = 't'\n[profile.dev]\nopt-level = 3\n\
            [profile.dev.package.'*']\ndebug = false\n[target.'cfg(unix)']\nlinker = 'mold'\n";
        assert_eq!(
            texts(&[("/c", text)], &[]),
            [
                "`/c` sets `build.rustc` to `r`: that is the compiler",
                "`/c` sets `build.rustc-workspace-wrapper` to `ww`: compilations of members run through it",
                "`/c` sets `build.rustc-wrapper` to `w`: every compilation runs through it",
                "`/c` sets `build.rustflags` to `-C target-cpu=native`: these flags are part of every compilation",
                "`/c` sets `build.target` to `t`: builds are for that target",
                "`/c` sets `profile.dev.opt-level` to `3`: it wins over the profiles of the manifest, also over what `optimize` writes there",
                "`/c` sets `profile.dev.package.\"*\".debug` to `false`: it wins over the profiles of the manifest, also over what `optimize` writes there",
                "`/c` sets `target.\"cfg(unix)\".linker` to `mold`: everything is linked by it",
            ]
        );
    }

    #[test]
    fn what_is_outdone_is_not_named_and_flags_of_all_files_are() {
        let near = "[build]\nrustc-wrapper = 'near'\nrustflags = ['a']\n";
        let far = "[build]\nrustc-wrapper = 'far'\nrustflags = ['b']\n";
        let found = texts(&[("/near", near), ("/far", far)], &[]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|text| !text.contains("`far`")), "{found:?}");
        let found = texts(&[("/near", near)], &[("RUSTC_WRAPPER", ""), ("RUSTFLAGS", "-O")]);
        assert_eq!(
            found,
            ["the environment sets `RUSTFLAGS` to `-O`: these flags are part of every compilation"]
        );
    }

    #[test]
    fn a_value_in_env_is_not_repeated_and_no_control_character_is_printed() {
        let text =
            "[env]\nDATABASE_URL = 'postgres://u:secret@h'\nX = { value = 'y', force = true }\n";
        let found = texts(&[("/c", text)], &[]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`DATABASE_URL`") && !found[0].contains("secret"), "{found:?}");
        let odd = "[build]\nrustc-wrapper = \"a\\u001b[31m\\nb\"\n";
        assert!(!texts(&[("/c", odd)], &[])[0].contains(char::is_control));
    }
}
