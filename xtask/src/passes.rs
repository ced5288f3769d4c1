//! The list of the passes, and the codes made of it. A new pass is a row here and a file below `findings/`.
//!
//! Nothing of a pass but its names and its help text is here: what it does is in its own file.

use clap::ValueEnum;

/// Hands the rows to a macro: here they become [`Code`], in `findings.rs` modules and their calls.
///
/// A row is the variant of [`Code`], the module below `findings/` (spelled as the code, with underscores), and the
/// help text. The order matters: changes are applied in it, and of two that conflict the earlier one is kept. Removal
/// comes first, so that nothing is aligned, inherited or trimmed that goes anyway; the workspace's own entries come
/// after everything that may inherit them.
macro_rules! passes {
    ($then:ident) => {
        $then! {
            PackageBloat in package_bloat: "Unpacked directories that `cargo package` left in the target directory",
            Gitignore in gitignore: "Generated directories that git does not ignore yet",
            UnusedDependency in unused_dependency: "Dependencies that nothing in the package names",
            DuplicateVersion in duplicate_version: "One crate that members require in several versions",
            NotInherited in not_inherited: "Dependencies that the workspace declares and a member repeats",
            BroadFeatures in broad_features: "Umbrella features of which the code needs a part",
            UnusedWorkspaceDependency in unused_workspace_dependency: "Workspace dependencies that no member inherits",
            Profile in profile: "Profile settings",
            CargoConfig in cargo_config: "`.cargo/config.toml`",
            Wasm in wasm: "A profile and an alias for members that are built for WebAssembly",
        }
    };
}
pub(crate) use passes;

macro_rules! codes {
    ($($variant:ident in $module:ident: $help:tt,)+) => {
        /// The passes, in the order in which their changes are applied.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
        pub(crate) enum Code {
            $(#[doc = $help] $variant,)+
        }

        impl Code {
            /// The code as written in flags, ids and JSON.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => {
                        const SPELLED: [u8; stringify!($module).len()] = spelled(stringify!($module));
                        match std::str::from_utf8(&SPELLED) {
                            Ok(code) => code,
                            Err(_) => unreachable!(),
                        }
                    })+
                }
            }
        }
    };
}

passes!(codes);

/// The name of a module of `LENGTH` bytes as a code: with hyphens.
const fn spelled<const LENGTH: usize>(module: &str) -> [u8; LENGTH] {
    let mut code = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        let byte = module.as_bytes()[at];
        code[at] = if byte == b'_' { b'-' } else { byte };
        at += 1;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_the_same_in_flags_and_in_json() {
        for code in Code::value_variants() {
            let flag = code.to_possible_value().unwrap();
            assert_eq!(flag.get_name(), code.as_str());
            assert!(flag.get_help().is_some(), "{} has no help text", code.as_str());
        }
    }

    #[test]
    fn every_pass_is_in_the_documents_in_the_order_of_the_list() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let codes: Vec<&str> = Code::value_variants().iter().map(|code| code.as_str()).collect();
        for (page, before, after) in [("docs/passes.md", "## `", "`"), ("README.md", "| `", "` | ")]
        {
            let text = std::fs::read_to_string(format!("{root}/{page}")).unwrap();
            let named = text.lines().filter_map(|line| {
                let (name, _) = line.strip_prefix(before)?.split_once(after)?;
                codes.contains(&name).then_some(name)
            });
            assert_eq!(named.collect::<Vec<_>>(), codes, "{page}");
        }
    }
}
