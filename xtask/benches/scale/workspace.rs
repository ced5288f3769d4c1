//! A workspace of any size: members that depend on one another and on registry crates, which a
//! directory beside the workspace stands for. Nothing of it is ever compiled.

use std::{
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use wait4::Wait4 as _;

/// Lines of dependencies that each member has.
const LINES: usize = 4;
/// Functions in each of the two files of a member; each takes eleven lines.
const FUNCTIONS: usize = 20;

/// A generated workspace, and stand-ins for the programs that `optimize --dry-run` asks.
pub(crate) struct Workspace {
    pub(crate) members: usize,
    pub(crate) lines: usize,
    base: PathBuf,
}

impl Workspace {
    /// Generates it below `base` and records what the real programs answer.
    pub(crate) fn generate(base: &Path, members: usize) -> Self {
        let workspace = Self { members, lines: members * LINES, base: base.to_path_buf() };
        let crates = (members / 2).max(24);
        for number in 0..crates {
            workspace.add_crates(number);
        }
        workspace.add_umbrella();
        let mut root = "[workspace]\nresolver = \"2\"\nmembers = [\"m/*\"]\n\n\
                        [workspace.dependencies]\n"
            .to_owned();
        for number in 0..crates / 3 {
            writeln!(root, "crate-{number} = \"1\"").unwrap();
        }
        put(&workspace.root().join("Cargo.toml"), &root);
        for number in 0..members {
            workspace.add_member(number, crates);
        }
        put(
            &base.join(".cargo/config.toml"),
            "[source.crates-io]\nreplace-with = \"vendored\"\n\n\
             [source.vendored]\ndirectory = \"vendor\"\n\n[net]\noffline = true\n",
        );
        workspace.real("cargo", &["generate-lockfile", "--quiet"]);
        workspace.record();
        workspace
    }

    fn root(&self) -> PathBuf {
        self.base.join("ws")
    }

    /// One registry crate, every eighth in two versions, each over two others.
    fn add_crates(&self, number: usize) {
        for version in 1..=(1 + usize::from(number.is_multiple_of(8))) {
            let mut manifest = package(&format!("crate-{number}"), &format!("{version}.0.0"));
            manifest.push_str("[features]\ndefault = [\"std\"]\nstd = []\nextra = [\"std\"]\n");
            manifest.push_str("\n[dependencies]\n");
            if number > 1 {
                writeln!(manifest, "crate-{} = \"1\"", number / 2).unwrap();
                let other = number / 3;
                if other != number / 2 {
                    let off = "default-features = false";
                    writeln!(manifest, "crate-{other} = {{ version = \"1\", {off} }}").unwrap();
                }
            }
            self.vendor(&format!("crate-{number}-{version}"), &manifest);
        }
    }

    fn add_umbrella(&self) {
        let features = "[features]\nfull = [\"rt\", \"sync\", \"time\", \"net\"]\n\
                        rt = []\nsync = []\ntime = []\nnet = [\"rt\"]\n";
        self.vendor("tokio-1", &(package("tokio", "1.40.0") + features));
    }

    fn vendor(&self, directory: &str, manifest: &str) {
        let directory = self.base.join("vendor").join(directory);
        put(&directory.join("Cargo.toml"), manifest);
        put(&directory.join("src/lib.rs"), "");
        let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "5e".repeat(32));
        put(&directory.join(".cargo-checksum.json"), &checksum);
    }

    /// One member: over another one, an inherited entry, one that repeats the workspace's, and one of
    /// its own, which asks for a feature or for an umbrella, or is in one of two versions. Of every
    /// fifth member no code names the last one.
    fn add_member(&self, number: usize, crates: usize) {
        let shared = crates / 3;
        let (inherited, repeated) = (number % shared, (number + shared / 2) % shared);
        let own = shared + (number * 7) % (crates - shared);
        let mut manifest = package(&format!("m{number}"), "0.1.0") + "[dependencies]\n";
        match number {
            0 => manifest.push_str("tokio = \"1\"\n"),
            _ => {
                let below = (number - 1) / 2;
                writeln!(manifest, "m{below} = {{ path = \"../m{below}\" }}").unwrap();
            }
        }
        writeln!(manifest, "crate-{inherited}.workspace = true").unwrap();
        writeln!(manifest, "crate-{repeated} = \"1.0\"").unwrap();
        // The next member with the same crate is in another round.
        let is_second = own.is_multiple_of(8) && number / (crates - shared) % 2 == 1;
        let own = match number % 10 {
            3 => {
                manifest.push_str("tokio = { version = \"1\", features = [\"full\"] }\n");
                "tokio::sync".to_owned()
            }
            5 => {
                let extra = "features = [\"extra\"]";
                writeln!(manifest, "crate-{own} = {{ version = \"1\", {extra} }}").unwrap();
                format!("crate_{own}")
            }
            _ => {
                let version = if is_second { 2 } else { 1 };
                writeln!(manifest, "crate-{own} = \"{version}\"").unwrap();
                format!("crate_{own}")
            }
        };
        let directory = self.root().join(format!("m/m{number}"));
        put(&directory.join("Cargo.toml"), &manifest);
        let below = if number == 0 { "tokio".to_owned() } else { format!("m{}", (number - 1) / 2) };
        let mut names = vec![below, format!("crate_{inherited}"), format!("crate_{repeated}")];
        if !number.is_multiple_of(5) {
            names.push(own);
        }
        put(&directory.join("src/lib.rs"), &("mod part;\n".to_owned() + &source(&names)));
        put(&directory.join("src/part.rs"), &source(&names[..1]));
    }

    /// Lets the real programs answer once and puts scripts that repeat the answers into `bin/`.
    fn record(&self) {
        let records = self.base.join("records");
        let locate = ["locate-project", "--workspace", "--message-format=plain"];
        let metadata = ["metadata", "--format-version=1", "--locked"];
        for (program, name, args) in [
            ("cargo", "locate-project", &locate[..]),
            ("cargo", "metadata", &metadata),
            ("cargo", "--version", &["--version"]),
            ("rustc", "--version", &["--version"]),
            ("rustc", "-vV", &["-vV"]),
            ("rustc", "--print", &["--print", "cfg"]),
        ] {
            put(&records.join(program).join(name), &self.real(program, args));
        }
        // Nothing is newer than what is locked.
        put(&records.join("cargo/update"), "");
        let log = format!("echo \"${{0##*/}} $*\" >> '{}'\n", self.log().display());
        let answers = format!(
            "record='{}/'\"${{0##*/}}/$1\"\n\
             if [ -f \"$record\" ]; then exec /bin/cat \"$record\"; fi\n\
             echo \"there is no record of $0 $*\" >&2; exit 1\n",
            records.display()
        );
        for (program, script) in [
            ("cargo", answers.as_str()),
            ("rustc", &answers),
            ("git", "exit 1\n"),
            ("sccache", "exit 1\n"),
        ] {
            let path = self.bin().join(program);
            put(&path, &format!("#!/bin/sh\n{log}{script}"));
            make_executable(&path);
        }
    }

    fn bin(&self) -> PathBuf {
        self.base.join("bin")
    }

    fn log(&self) -> PathBuf {
        self.base.join("calls")
    }

    fn real(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        let output = command.args(args).current_dir(self.root()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {}: {said}", args.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The program on this workspace, with nothing but the stand-ins on its path.
    pub(crate) fn dry_run(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["optimize", "--dry-run", "--format", "json", "--manifest-path"])
            .arg(self.root().join("Cargo.toml"))
            .env("PATH", self.bin())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// One run, watched. The plan must be one that all passes had a part in.
    pub(crate) fn watched(&self) -> Watched {
        put(&self.log(), "");
        let mut child = self.dry_run().stdout(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let used = child.wait4().unwrap();
        assert!(used.status.success());
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        let changes = record["changes"].as_array().unwrap();
        let planned: Vec<_> = changes.iter().filter(|c| c["verdict"] == "planned").collect();
        for code in ["unused-dependency", "duplicate-version", "not-inherited", "broad-features"] {
            assert!(planned.iter().any(|change| change["code"] == code), "{code}");
        }
        let calls = fs::read_to_string(self.log()).unwrap();
        Watched {
            calls: calls.lines().map(str::to_owned).collect(),
            changes: planned.len(),
            peak_bytes: used.rusage.maxrss,
        }
    }
}

/// What is seen of a run.
pub(crate) struct Watched {
    /// The programs it started, with their arguments, in order.
    pub(crate) calls: Vec<String>,
    /// Changes in its plan.
    pub(crate) changes: usize,
    /// Peak resident memory of the largest process.
    pub(crate) peak_bytes: u64,
}

fn package(name: &str, version: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\n")
}

fn source(names: &[String]) -> String {
    let mut out = String::new();
    for (at, name) in names.iter().enumerate() {
        writeln!(out, "use {name} as name{at};").unwrap();
    }
    for number in 0..FUNCTIONS {
        write!(
            out,
            "\n/// Adds what `{number}` stands for to every value that is not empty.\n\
             pub fn step_{number}(values: &mut Vec<Option<u64>>, label: &str) -> Result<u64, String> {{\n    \
                 // What is missing counts as nothing.\n    \
                 let mut sum = 0_u64;\n    \
                 for value in values.iter_mut().flatten() {{\n        \
                     *value = value.checked_add({number}).ok_or_else(|| format!(\"{{label}}: too much\"))?;\n        \
                     sum += *value;\n    }}\n    Ok(sum)\n}}\n"
        )
        .unwrap();
    }
    out
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {
    panic!("the stand-ins are shell scripts, which this system does not run");
}
