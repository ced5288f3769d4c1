//! How this program was called, so that help and messages name a command that works.
//!
//! Only looks at the environment and at where the program lies; nothing here starts anything.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};

use super::Cli;

/// Name of the program that `cargo install` puts on the path.
pub(crate) const INSTALLED: &str = "xtask";
/// The same through the alias.
const ALIAS: &str = "cargo xtask";
/// How the parser calls the flag that names the manifest.
const MANIFEST: &str = "manifest_path";

/// What to type to run this program again: `cargo xtask` where cargo has built it, `xtask` where it is installed.
pub(crate) fn called() -> &'static str {
    static CALLED: OnceLock<&str> = OnceLock::new();
    CALLED.get_or_init(|| {
        let program = std::env::current_exe().unwrap_or_default();
        if is_build_output(&program) { ALIAS } else { INSTALLED }
    })
}

/// Cargo leaves a `.d` file beside a program that it builds, and a lock and `deps/` in the directory; `cargo install`
/// copies none of them.
fn is_build_output(program: &Path) -> bool {
    let beside = |name: &str| program.with_file_name(name).exists();
    program.with_extension("d").is_file() || beside(".cargo-lock") || beside("deps")
}

/// The directory of this package, if `cargo run` has started the program, which the alias stands for. That of
/// another package, whose build or run has started an installed program, is none.
pub(crate) fn own_package(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let is_ours = variable("CARGO_PKG_NAME")? == env!("CARGO_PKG_NAME");
    variable("CARGO_MANIFEST_DIR").filter(|_| is_ours).map(Into::into)
}

/// The directory of this package, if the program was built in it, is not installed, and is called in its repository:
/// that is what the alias does, without the alias.
pub(crate) fn built_in(dir: &Path) -> Option<&'static Path> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_at_home = own.parent().is_some_and(|repository| dir.starts_with(repository));
    (called() == ALIAS && is_at_home).then_some(own)
}

/// A message with the commands in it as this program is called.
pub(crate) fn in_words_of<'a>(program: &str, text: &'a str) -> Cow<'a, str> {
    match program {
        ALIAS => text.into(),
        _ => text.replace(&format!("`{ALIAS} "), &format!("`{program} ")).into(),
    }
}

/// The command line as `--help` of a program of this name shows it.
pub(crate) fn command(program: &'static str) -> clap::Command {
    renamed(Cli::command(), program).name(program).bin_name(program)
}

/// Its examples under that name, at every depth.
fn renamed(command: clap::Command, program: &'static str) -> clap::Command {
    let command = match command.get_after_long_help().map(ToString::to_string) {
        Some(text) => command.after_long_help(text.replace(ALIAS, program)),
        None => command,
    };
    command.mut_subcommands(|below| renamed(below, program))
}

/// Parses the command line, or prints what is wrong with it, or the help, and exits.
pub(crate) fn parse() -> Cli {
    let mut command = command(called());
    let matches = command.get_matches_mut();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    cli.global.given = given(&command, &matches);
    cli
}

/// The flags of the command that were given, in the order of its help, a word each.
fn given(program: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    let Some((name, matches)) = matches.subcommand() else { return Vec::new() };
    let Some(command) = program.find_subcommand(name) else { return Vec::new() };
    let flags = command.get_arguments().filter(|arg| {
        let is_known =
            arg.get_id() != MANIFEST && matches.try_contains_id(arg.get_id().as_str()).is_ok();
        is_known && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    });
    let words = flags.filter_map(|arg| {
        let flag = format!("--{}", arg.get_long()?);
        if !arg.get_action().takes_values() {
            return Some(vec![flag]);
        }
        let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
        let values: Vec<_> = values.map(OsStr::to_string_lossy).collect();
        Some(vec![flag, values.join(",")])
    });
    words.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_of_this_package_is_one_through_the_alias() {
        let set = |name: &'static str| {
            move |key: &str| match key {
                "CARGO_PKG_NAME" => Some(name.into()),
                "CARGO_MANIFEST_DIR" => Some("/r/xtask".into()),
                _ => None,
            }
        };
        assert_eq!(own_package(set("xtask")), Some(PathBuf::from("/r/xtask")));
        assert_eq!(own_package(set("another")), None);
        assert_eq!(own_package(|_| None), None);
    }

    #[test]
    fn what_is_built_here_and_called_here_is_at_home() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(built_in(own), Some(own));
        assert_eq!(built_in(Path::new("/elsewhere")), None);
    }

    #[test]
    fn the_flags_given_are_kept_without_the_manifest() {
        let kept = |line: &str| {
            let mut program = command(ALIAS);
            let words = std::iter::once("xtask").chain(line.split(' '));
            let matches = program.try_get_matches_from_mut(words).unwrap();
            given(&program, &matches).join(" ")
        };
        assert_eq!(kept("optimize"), "");
        assert_eq!(
            kept(
                "--offline optimize -y --time-budget 1h --manifest-path /a/Cargo.toml --measure full"
            ),
            "--yes --measure full --time-budget 1h --offline"
        );
        assert_eq!(
            kept("optimize --only profile --only gitignore,wasm"),
            "--only profile,gitignore,wasm"
        );
        assert_eq!(kept("validate --against main --pairs 2"), "--against main --pairs 2");
    }

    #[test]
    fn messages_name_the_program_as_it_is_called() {
        let text = "`cargo xtask restore` undoes it";
        assert_eq!(in_words_of("cargo xtask", text), text);
        assert_eq!(in_words_of("xtask", text), "`xtask restore` undoes it");
    }

    #[test]
    fn what_cargo_has_built_is_told_from_what_is_installed() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("xtask");
        assert!(!is_build_output(&program));
        crate::disk::write(&program.with_extension("d"), b"").unwrap();
        assert!(is_build_output(&program));
    }
}
