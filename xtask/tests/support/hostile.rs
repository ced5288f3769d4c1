//! A workspace in which every place that could name a program names one that leaves a mark.
//!
//! Whatever only looks must leave no mark.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use snapbox::cmd::Command;

use super::Fixture;

const FILES: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one", "macros"]
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
shelf = "5"
macros = { path = "../macros" }
-- one/src/lib.rs --
macros::mark!();
-- macros/Cargo.toml --
[package]
name = "macros"
version = "0.1.0"
edition = "2021"

[lib]
proc-macro = true

[dependencies]
shelf = "6"
-- macros/src/lib.rs --
-- .gitignore --
/target
"#;

/// Programs in the workspace, each of which leaves its name in `marks` beside it.
const PROGRAMS: [&str; 19] = [
    "cargo",
    "rustc",
    "rustup",
    "git",
    "sccache",
    "cargo-metadata",
    "tools/wrapper",
    "tools/workspace-wrapper",
    "tools/rustc",
    "tools/runner",
    "tools/linker",
    "tools/credentials",
    "tools/alias",
    "hooks/monitor",
    "hooks/post-checkout",
    "hooks/post-index-change",
    "hooks/reference-transaction",
    "hooks/filter",
    "hooks/ssh",
];

/// Such a workspace. Every mark is a line of [`marks`].
pub(crate) fn hostile() -> Fixture {
    let fixture = Fixture::new(FILES);
    let marks = place(&fixture).display().to_string();
    for name in PROGRAMS {
        fixture.put(&format!("-- {name} --\n#!/bin/sh\necho '{name}' >> '{marks}'\nexit 1\n"));
        fs::set_permissions(fixture.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let code = format!(
        "use std::io::Write as _;\n\
         let mut file = std::fs::OpenOptions::new().create(true).append(true).open({marks:?}).unwrap();\n"
    );
    fixture.put(&format!(
        "-- one/build.rs --\nfn main() {{\n{code}writeln!(file, \"build.rs\").unwrap();\n}}\n\
         -- macros/src/lib.rs --\n#[proc_macro]\n\
         pub fn mark(_: proc_macro::TokenStream) -> proc_macro::TokenStream {{\n{code}\
         writeln!(file, \"macro\").unwrap();\nproc_macro::TokenStream::new()\n}}\n"
    ));
    fixture.commit();
    let tools = fixture.path("tools").display().to_string();
    fixture.put(&format!(
        "-- .cargo/config.toml --\ninclude = [\"more.toml\"]\n\
         [alias]\nmetadata = \"run\"\nlocate-project = [\"run\"]\nupdate = \"run\"\n\
         [build]\nrustc = \"{tools}/rustc\"\nrustc-workspace-wrapper = \"tools/workspace-wrapper\"\n\
         rustflags = [\"-Clinker={tools}/linker\"]\n\
         [target.'cfg(all())']\nrunner = \"{tools}/runner\"\nlinker = \"{tools}/linker\"\n\
         [net]\ngit-fetch-with-cli = true\n\
         [env]\nPATH = {{ value = \"../tools\", relative = true, force = true }}\nRUSTC_BOOTSTRAP = \"1\"\n\
         LD_PRELOAD = \"{tools}/library.so\"\n\
         -- .cargo/more.toml --\n[build]\nrustc-wrapper = \"{tools}/wrapper\"\n"
    ));
    for (key, value) in [
        ("core.fsmonitor", "hooks/monitor"),
        ("core.hooksPath", "hooks"),
        ("core.sshCommand", "hooks/ssh"),
        ("filter.x.smudge", "hooks/filter"),
        ("filter.x.clean", "hooks/filter"),
        ("core.pager", "hooks/filter"),
        ("alias.rev-parse", "!hooks/filter"),
    ] {
        let value = match value.strip_prefix('!') {
            Some(rest) => format!("!{}", fixture.path(rest).display()),
            None => fixture.path(value).display().to_string(),
        };
        let git = Command::new("git").args(["config", key, &value]);
        git.current_dir(fixture.root()).assert().success();
    }
    fixture.put("-- .gitattributes --\n* filter=x\n");
    fixture
}

fn place(fixture: &Fixture) -> PathBuf {
    fixture.path("../marks")
}

/// What ran, by name, each time that it ran.
pub(crate) fn marks(fixture: &Fixture) -> Vec<String> {
    let text = fs::read_to_string(place(fixture)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
