//! The compiler's stand-in of a rehearsal: this program, started by cargo in rustc's place.
//!
//! It leaves empty files by the names that rustc would give its own, and compiles nothing. What cargo asks rustc about
//! itself, rustc answers. What was "compiled" is this program again, and does nothing when it is run.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::{LOG, OF, STAGE};
use crate::{cargo, disk};

/// The name of the crate by which cargo asks rustc how it names its files.
/// Source: cargo's `src/cargo/core/compiler/build_context/target_info.rs`.
const QUESTION: &str = "___";

/// Plays the part, if this process was started for one; then there is nothing else to do in it.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let stage = PathBuf::from(env::var_os(STAGE)?);
    let mut arguments = env::args_os();
    let own = PathBuf::from(arguments.next().unwrap_or_default());
    // A build script, a test or a program that a rehearsal made.
    if std::path::absolute(&own).is_ok_and(|own| own.starts_with(&stage)) {
        return Some(ExitCode::SUCCESS);
    }
    let arguments: Vec<OsString> = arguments.collect();
    Some(play(&stage, &arguments).unwrap_or_else(|error| {
        // To cargo, which shows it to whoever started the rehearsal.
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    }))
}

fn play(stage: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let starts = arguments.iter().position(|argument| is_flag(argument));
    let (programs, _) = arguments.split_at(starts.unwrap_or(arguments.len()));
    // Rustdoc stands in no wrapper: what is before its flags is this program. It leaves nothing that has a unit's name.
    let Some(rustc) = programs.last() else { return Ok(ExitCode::SUCCESS) };
    let Some(compilation) = Compilation::parse(&spelled_out(arguments)?) else {
        let Some((program, rest)) = arguments.split_first() else {
            bail!("started as a compiler without a compiler's name");
        };
        let code = cargo::hand_over(program, rest)
            .with_context(|| format!("failed to start `{}`", Path::new(program).display()))?;
        return Ok(code);
    };
    let Some(out_dir) = &compilation.out_dir else {
        bail!("`{}` is to be compiled without `--out-dir`", compilation.crate_name);
    };
    if !out_dir.starts_with(stage) {
        bail!("`{}` lies outside of the rehearsal", out_dir.display());
    }
    for (name, output) in compilation.outputs() {
        let path = out_dir.join(name);
        match output {
            Output::DepInfo => disk::write(&path, format!("{}:\n", path.display()).as_bytes())?,
            Output::File => disk::write(&path, b"")?,
            Output::Program => made(&path)?,
        }
    }
    let is_known = match &compilation.incremental {
        Some(incremental) => name_incremental(stage, &compilation, incremental, rustc)?,
        None => true,
    };
    let noted = Noted {
        out_dir: out_dir.clone(),
        crate_name: compilation.crate_name.clone(),
        incremental: compilation.incremental.clone().filter(|_| !is_known),
    };
    let line = serde_json::to_string(&noted).context("failed to note what was compiled")? + "\n";
    let log = stage.join(LOG);
    let file = fs::OpenOptions::new().create(true).append(true).open(&log);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .with_context(|| format!("failed to write `{}`", log.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// What the log of a rehearsal says of one compilation, a line each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) out_dir: PathBuf,
    pub(super) crate_name: String,
    /// Where incremental state would lie, if rustc did not say by what name.
    pub(super) incremental: Option<PathBuf>,
}

fn is_flag(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().first().is_some_and(|first| matches!(first, b'-' | b'@'))
}

/// The arguments as text, with those in a file (`@path`, by which cargo keeps a long command line short) in its place.
fn spelled_out(arguments: &[OsString]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for argument in arguments {
        let argument = argument.to_string_lossy();
        match argument.strip_prefix('@') {
            Some(path) => {
                let bytes = disk::read_optional(Path::new(path))?.unwrap_or_default();
                out.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
            }
            None => out.push(argument.into_owned()),
        }
    }
    Ok(out)
}

/// Puts this program where a compiled one would be.
fn made(path: &Path) -> Result<()> {
    let context = || format!("failed to make `{}`", path.display());
    let own = env::current_exe().context("failed to find this program")?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(own, path).with_context(context);
    #[cfg(not(unix))]
    return fs::hard_link(&own, path)
        .or_else(|_| fs::copy(&own, path).map(drop))
        .with_context(context);
}

/// Lets rustc make the directory of its incremental state, whose name it alone knows, by compiling an empty source
/// with the same identity. False: it would not.
fn name_incremental(
    stage: &Path,
    compilation: &Compilation,
    incremental: &Path,
    rustc: &OsStr,
) -> Result<bool> {
    let Ok(below) = incremental.strip_prefix(stage) else {
        bail!("`{}` lies outside of the rehearsal", incremental.display());
    };
    // Nothing to tell apart where the real directory has no state of such a crate.
    let real = env::var_os(OF)
        .map(|of| below.iter().skip(1).fold(PathBuf::from(of), |path, step| path.join(step)));
    let prefix = format!("{}-", compilation.crate_name);
    let has_some = real.is_none_or(|real| {
        let entries = fs::read_dir(real).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
    });
    if !has_some {
        return Ok(true);
    }
    let directory = tempfile::tempdir_in(stage).context("failed to make a directory")?;
    let source = directory.path().join("empty.rs");
    disk::write(&source, b"fn main() {}\n")?;
    let mut arguments = compilation.identity.iter().map(OsString::from).collect::<Vec<_>>();
    let mut incremental_flag = OsString::from("incremental=");
    incremental_flag.push(incremental);
    let more: [OsString; 7] = [
        "-C".into(),
        incremental_flag,
        "--emit=metadata".into(),
        "--cap-lints=allow".into(),
        "-o".into(),
        directory.path().join("empty.rmeta").into(),
        source.into(),
    ];
    arguments.extend(more);
    Ok(cargo::run_unheard(rustc, &arguments).is_ok_and(|success| success))
}

/// What rustc is asked to compile, as far as it decides the names of what it writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Compilation {
    crate_name: String,
    out_dir: Option<PathBuf>,
    extra_filename: String,
    incremental: Option<PathBuf>,
    crate_types: Vec<String>,
    emits_link: bool,
    emits_metadata: bool,
    is_test: bool,
    target: Option<String>,
    /// The flags by which rustc tells this crate from every other.
    identity: Vec<String>,
}

/// What a stand-in leaves by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    /// A file that says what it was made from: nothing.
    DepInfo,
    File,
    Program,
}

impl Compilation {
    /// Reads the arguments; `None` if they are a question and compile nothing.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut out = Self::default();
        let mut rest = arguments.iter();
        let mut has_input = false;
        while let Some(argument) = rest.next() {
            let (flag, given) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = || given.clone().or_else(|| rest.next().cloned()).unwrap_or_default();
            match flag {
                "--crate-name" => {
                    out.crate_name = value();
                    out.identity.extend([flag.to_owned(), out.crate_name.clone()]);
                }
                "--crate-type" => {
                    let types = value();
                    out.crate_types.extend(types.split(',').map(str::to_owned));
                    out.identity.extend([flag.to_owned(), types]);
                }
                "--target" => {
                    let target = value();
                    out.identity.extend([flag.to_owned(), target.clone()]);
                    out.target = Some(target);
                }
                "--test" => {
                    out.is_test = true;
                    out.identity.push(flag.to_owned());
                }
                "--out-dir" => out.out_dir = Some(value().into()),
                "--emit" => {
                    let emit = value();
                    let kinds =
                        || emit.split(',').map(|kind| kind.split('=').next().unwrap_or_default());
                    out.emits_link |= kinds().any(|kind| kind == "link");
                    out.emits_metadata |= kinds().any(|kind| kind == "metadata");
                }
                "--print" => return None,
                "-C" | "--codegen" => out.codegen(&value()),
                _ if flag.starts_with("-C") => out.codegen(&argument[2..]),
                "-" => return None,
                _ => has_input |= argument.ends_with(".rs"),
            }
        }
        let asks = out.crate_name.is_empty()
            || out.crate_name == QUESTION
            || !has_input && out.out_dir.is_none();
        (!asks).then_some(out)
    }

    fn codegen(&mut self, option: &str) {
        match option.split_once('=') {
            Some(("extra-filename", suffix)) => suffix.clone_into(&mut self.extra_filename),
            Some(("incremental", path)) => self.incremental = Some(path.into()),
            Some(("metadata", _)) => self.identity.extend(["-C".to_owned(), option.to_owned()]),
            _ => {}
        }
    }

    /// The files in the output directory, by name. Where a platform names them otherwise, cargo passes over what is
    /// missing.
    fn outputs(&self) -> Vec<(String, Output)> {
        let stem = format!("{}{}", self.crate_name, self.extra_filename);
        let mut out = vec![(format!("{stem}.d"), Output::DepInfo)];
        if self.emits_metadata {
            out.push((format!("lib{stem}.rmeta"), Output::File));
        }
        if !self.emits_link {
            return out;
        }
        let is_web = self.target.as_deref().is_some_and(|target| target.starts_with("wasm"));
        let program = || {
            let suffix = if is_web { ".wasm" } else { env::consts::EXE_SUFFIX };
            (format!("{stem}{suffix}"), Output::Program)
        };
        let library = |kind: &str| match kind {
            "lib" | "rlib" => Some((format!("lib{stem}.rlib"), Output::File)),
            "staticlib" => Some((format!("lib{stem}.a"), Output::File)),
            "cdylib" if is_web => Some((format!("{stem}.wasm"), Output::File)),
            "dylib" | "cdylib" | "proc-macro" => {
                let (prefix, suffix) = (env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
                Some((format!("{prefix}{stem}{suffix}"), Output::File))
            }
            _ => None,
        };
        if self.is_test || self.crate_types.iter().any(|kind| kind == "bin") {
            out.push(program());
        } else {
            out.extend(self.crate_types.iter().filter_map(|kind| library(kind)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Compilation> {
        Compilation::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    fn names(line: &str) -> Vec<String> {
        parse(line).unwrap().outputs().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_cargo_asks_about_the_compiler_itself_compiles_nothing() {
        for question in [
            "rustc -vV",
            "rustc --print cfg",
            "rustc - --crate-name ___ --print=file-names --crate-type bin --print=sysroot",
            "clippy-driver rustc - --crate-name ___ --print=file-names",
        ] {
            assert_eq!(parse(question), None, "{question}");
        }
    }

    #[test]
    fn files_are_named_as_rustc_names_them() {
        let fixed = "rustc --crate-name a --edition=2021 src/lib.rs -C metadata=1 -C extra-filename=-2 --out-dir /s/d";
        let emitting = |more: &str| names(&format!("{fixed} {more}"));
        let built = "--emit=dep-info,metadata,link";
        assert_eq!(
            emitting(&format!("--crate-type lib {built}")),
            ["a-2.d", "liba-2.rmeta", "liba-2.rlib"]
        );
        assert_eq!(
            emitting("--crate-type lib --emit=dep-info,metadata"),
            ["a-2.d", "liba-2.rmeta"]
        );
        let program = format!("a-2{}", env::consts::EXE_SUFFIX);
        assert_eq!(emitting("--crate-type bin --emit=dep-info,link"), ["a-2.d", &program]);
        assert_eq!(emitting("--test --emit=dep-info,link"), ["a-2.d", &program]);
        assert_eq!(
            emitting(
                "--crate-type cdylib --crate-type rlib --emit=dep-info,link --target wasm32-unknown-unknown"
            ),
            ["a-2.d", "a-2.wasm", "liba-2.rlib"]
        );
    }

    #[test]
    fn the_identity_of_a_crate_is_all_that_tells_its_incremental_state() {
        let found = parse(
            "rustc --crate-name a src/main.rs --crate-type bin --emit=dep-info,link -C opt-level=3 \
             -C metadata=12ab -Cincremental=/s/target/debug/incremental --out-dir=/s/d --extern b=libb.rlib",
        )
        .unwrap();
        assert_eq!(
            found.identity,
            ["--crate-name", "a", "--crate-type", "bin", "-C", "metadata=12ab"]
        );
        assert_eq!(found.incremental.unwrap(), Path::new("/s/target/debug/incremental"));
        assert_eq!(found.out_dir.unwrap(), Path::new("/s/d"));
    }
}
