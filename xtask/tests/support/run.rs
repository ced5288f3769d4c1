//! One run of the program: how it ended and what it printed.

use std::{ffi::OsString, process::Output};

use serde_json::Value;
use snapbox::cmd::Command;

use super::Fixture;

/// The environment of somebody's shell, without what `cargo test` exports and without the network.
pub(super) fn clean(mut command: Command, fixture: &Fixture) -> Command {
    for key in exported() {
        command = command.env_remove(key);
    }
    environment(fixture).into_iter().fold(command, |command, (key, value)| command.env(key, value))
}

/// What `cargo test` exports, or may come from the shell it was started in.
pub(super) fn exported() -> Vec<OsString> {
    const ALSO: [&str; 8] = [
        "CARGO",
        "RUSTUP_TOOLCHAIN",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUST_BACKTRACE",
        "OUT_DIR",
    ];
    let is_left_out = |key: &OsString| {
        let name = key.to_string_lossy();
        let is_cargos = name.starts_with("CARGO_") && name != "CARGO_HOME";
        is_cargos || ALSO.contains(&name.as_ref())
    };
    std::env::vars_os().map(|(key, _)| key).filter(is_left_out).collect()
}

/// What the program is given instead.
pub(super) fn environment(fixture: &Fixture) -> [(&'static str, OsString); 5] {
    let temporary = fixture.temporary();
    [
        ("CARGO_NET_OFFLINE", "true".into()),
        ("CARGO_INCREMENTAL", "0".into()),
        ("NO_COLOR", "1".into()),
        ("GIT_CEILING_DIRECTORIES", temporary.parent().unwrap().into()),
        ("TMPDIR", temporary.into()),
    ]
}

/// A run that ended.
pub(crate) struct Run {
    what: String,
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(super) fn new(args: &[&str], output: Output) -> Self {
        Self {
            what: args.join(" "),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The exit code; none where a signal ended it.
    #[allow(dead_code, reason = "only the sweeps ask")]
    pub(crate) fn code(&self) -> Option<i32> {
        self.code
    }

    /// Whether it exited with 0.
    pub(crate) fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    /// Holds the run to an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of {self:?}");
        self
    }

    /// Holds stderr to a text, wherever it is folded.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let has = self.stderr.contains(text) || unfolded(&self.stderr, STATUS).contains(text);
        assert!(has, "`{text}` is missing on stderr of {self:?}");
        self
    }

    /// The object on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Ids of the changes with a verdict, in order.
    #[track_caller]
    pub(crate) fn ids(&self, verdict: &str) -> Vec<String> {
        let json = self.json();
        let all = json["changes"].as_array().unwrap();
        let chosen = all.iter().filter(|change| change["verdict"] == verdict);
        chosen.map(|change| change["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The change with an id.
    #[track_caller]
    pub(crate) fn change(&self, id: &str) -> Value {
        let json = self.json();
        let all = json["changes"].as_array().unwrap();
        let found = all.iter().find(|change| change["id"] == id);
        found.cloned().unwrap_or_else(|| panic!("no change `{id}` in {self:?}"))
    }

    /// Holds a change to a verdict, and its reason to a text.
    #[track_caller]
    pub(crate) fn holds(&self, id: &str, verdict: &str, reason: &str) {
        let change = self.change(id);
        assert_eq!(change["verdict"], verdict, "{change:#} in {self:?}");
        assert!(change["reason"].as_str().unwrap().contains(reason), "`{reason}` in {change:#}");
    }

    /// The notes of the record.
    #[track_caller]
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.json()["notes"].as_array().unwrap().clone();
        notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
    }
}

/// Columns in front of what was folded below a status line.
const STATUS: usize = 13;

/// A text with what was folded on one line again: lines with this indentation are joined to those above.
pub(crate) fn unfolded(text: &str, indent: usize) -> String {
    let below = |line: &str| {
        let inner = line.trim_start();
        !inner.is_empty() && line.len() - inner.len() == indent
    };
    let mut out = String::new();
    for line in text.lines() {
        if below(line) && out.pop().is_some() {
            out.push(' ');
            out.push_str(line.trim_start());
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, code, stdout, stderr } = self;
        write!(f, "`{what}` ({code:?})\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
