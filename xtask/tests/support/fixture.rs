//! A workspace in a temporary directory, and a directory of fake registry crates beside it.
//!
//! Sources are written as one text, `-- path --` above the content of each file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use snapbox::cmd::Command;
use tempfile::TempDir;

use super::{Run, Tree, run, tree};

/// Where things lie: `base/ws` is the workspace, `base/vendor` stands for the registry,
/// `base/.cargo` says so, and `tmp` is the temporary directory that the program is given.
pub(crate) struct Fixture {
    outer: TempDir,
}

impl Fixture {
    /// A workspace with these files, and no lock file yet. The registry lies beside it.
    pub(crate) fn unlocked(files: &str) -> Self {
        let fixture = Self::bare(files);
        let vendor = fixture.base().join("vendor");
        fs::create_dir_all(&vendor).unwrap();
        let config = source_replacement(&vendor.display().to_string());
        put(&fixture.base().join(".cargo/config.toml"), config.as_bytes());
        fixture
    }

    /// The same with every fake crate of these tests to depend on, and a lock file.
    pub(crate) fn new(files: &str) -> Self {
        let fixture = Self::unlocked(files);
        fixture.vendor_all();
        fixture.lock();
        fixture
    }

    /// A workspace that keeps its registry in `vendor/` of its own, as `cargo vendor` makes it.
    pub(crate) fn with_vendor_inside(files: &str) -> Self {
        let fixture = Self::bare(files);
        let config = source_replacement("vendor");
        put(&fixture.path(".cargo/config.toml"), config.as_bytes());
        fixture
    }

    fn bare(files: &str) -> Self {
        let outer = tempfile::Builder::new().prefix("cli-").tempdir().unwrap();
        let fixture = Self { outer };
        fs::create_dir_all(fixture.temporary()).unwrap();
        fs::create_dir_all(fixture.root()).unwrap();
        fixture.put(files);
        fixture
    }

    fn base(&self) -> PathBuf {
        // On some systems the temporary directory is reached through a link.
        fs::canonicalize(self.outer.path()).unwrap().join("base")
    }

    /// The temporary directory that the program is given.
    pub(crate) fn temporary(&self) -> PathBuf {
        fs::canonicalize(self.outer.path()).unwrap().join("tmp")
    }

    /// The workspace root.
    pub(crate) fn root(&self) -> PathBuf {
        self.base().join("ws")
    }

    /// A path of the workspace.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    /// A file of the workspace as text.
    pub(crate) fn read(&self, relative: &str) -> String {
        let bytes = fs::read(self.path(relative)).unwrap_or_else(|e| panic!("{relative}: {e}"));
        String::from_utf8(bytes).unwrap()
    }

    /// Writes files; paths may lead out of the workspace with `../`.
    pub(crate) fn put(&self, files: &str) {
        for (path, content) in parse(files) {
            put(&self.path(path), content.as_bytes());
        }
    }

    /// Writes one file as it is.
    pub(crate) fn put_bytes(&self, path: &str, bytes: &[u8]) {
        put(&self.path(path), bytes);
    }

    /// Replaces a text that must be in a file.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "`{path}` has no `{old}`:\n{text}");
        self.put_bytes(path, text.replace(old, new).as_bytes());
    }

    /// Adds a crate to the registry that lies beside the workspace.
    pub(crate) fn vendor(&self, name: &str, version: &str, manifest: &str, lib: &str) {
        add_crate(&self.base().join("vendor"), name, version, manifest, lib);
    }

    /// Adds the crates of [`CRATES`] to a registry directory of the workspace.
    pub(crate) fn vendor_all_in(&self, directory: &str) {
        add_all(&self.path(directory));
    }

    pub(crate) fn vendor_all(&self) {
        add_all(&self.base().join("vendor"));
    }

    /// Makes the lock file.
    pub(crate) fn lock(&self) {
        self.cargo(&["generate-lockfile"]);
    }

    /// Runs cargo in the workspace; it must succeed. Returns what it printed.
    pub(crate) fn cargo(&self, args: &[&str]) -> String {
        self.real("cargo", &[], args)
    }

    /// Runs any program in the workspace; it must succeed. Returns what it printed.
    pub(crate) fn real(
        &self,
        program: &str,
        environment: &[(&str, &str)],
        args: &[&str],
    ) -> String {
        let command = run::clean(Command::new(program), self).envs(environment.iter().copied());
        let output = command.args(args).current_dir(self.root()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {}:\n{text}", args.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Commits the workspace, as the only thing in a new repository around it.
    pub(crate) fn commit(&self) {
        for arguments in [
            ["init", "--quiet"].as_slice(),
            &["add", "ws"],
            &[
                "-c",
                "user.name=T",
                "-c",
                "user.email=t@t.invalid",
                "commit",
                "--quiet",
                "-m",
                "first",
            ],
        ] {
            Command::new("git").args(arguments).current_dir(self.base()).assert().success();
        }
    }

    /// Everything in the workspace but what builds, backups and timed runs leave.
    pub(crate) fn tree(&self) -> Tree {
        let left = ["target", ".xtask-history"];
        tree(&self.root(), &|name| left.contains(&name) || name.starts_with("backup-"))
    }

    /// Everything in the workspace.
    pub(crate) fn whole_tree(&self) -> Tree {
        tree(&self.root(), &|_| false)
    }

    /// Holds the workspace to files in the same form as [`Fixture::new`] takes them.
    #[track_caller]
    pub(crate) fn assert_files(&self, expected: &str) {
        for (path, content) in parse(expected) {
            snapbox::assert_data_eq!(self.read(path), snapbox::Data::text(content).raw());
        }
    }

    /// Names of the backup directories, oldest first.
    pub(crate) fn backups(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("backup-")).collect();
        names.sort();
        names
    }

    /// `optimize` with the arguments, JSON on stdout.
    pub(crate) fn optimize(&self, args: &[&str]) -> Run {
        self.run(&[&["optimize", "--format", "json"], args].concat())
    }

    /// `optimize --yes` without timed builds and without running tests, for what needs neither.
    #[track_caller]
    pub(crate) fn optimized(&self, args: &[&str]) -> Run {
        let fixed = ["--yes", "--measure", "none", "--no-test"];
        self.optimize(&[&fixed, args].concat()).exits(0)
    }

    /// Any command on the workspace.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_on(&self.path("Cargo.toml"), args)
    }

    /// Any command on the workspace, as another user, for which `setpriv` and being root are needed.
    #[cfg(target_os = "linux")]
    pub(crate) fn run_as(&self, user: u32, args: &[&str]) -> Run {
        // Where the program was built the other user may not be able to look.
        let program = self.base().join("program");
        fs::copy(env!("CARGO_BIN_EXE_xtask"), &program).unwrap();
        let user = user.to_string();
        let as_user = ["--reuid", &user, "--regid", &user, "--clear-groups"];
        let command =
            run::clean(Command::new("setpriv"), self).args(as_user).arg(&program).args(args);
        let command = command.arg("--manifest-path").arg(self.path("Cargo.toml"));
        let output = command.current_dir(self.base()).output().unwrap();
        fs::remove_file(program).unwrap();
        Run::new(args, output)
    }

    /// Any command on the workspace, with these variables besides.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Run {
        self.run_in(&self.path("Cargo.toml"), variables, args)
    }

    /// Any command on any manifest. Whatever it does, it leaves no temporary files.
    pub(crate) fn run_on(&self, manifest: &Path, args: &[&str]) -> Run {
        self.run_in(manifest, &[], args)
    }

    /// Any command on any manifest, with these variables besides.
    pub(crate) fn run_in(&self, manifest: &Path, variables: &[(&str, &str)], args: &[&str]) -> Run {
        let program = run::clean(Command::new(env!("CARGO_BIN_EXE_xtask")), self);
        let program = program.envs(variables.iter().copied());
        let program = program.args(args).arg("--manifest-path").arg(manifest);
        let output = program.current_dir(self.base()).output().unwrap();
        let left: Vec<_> = fs::read_dir(self.temporary()).unwrap().collect();
        assert!(left.is_empty(), "left in the temporary directory: {left:?}");
        Run::new(args, output)
    }
}

/// The registry of the tests: name, version, the rest of the manifest, `lib.rs`.
const CRATES: [(&str, &str, &str, &str); 8] = [
    ("shelf", "5.5.3", "", "pub fn width() -> u32 {\n    5\n}\n\npub fn oak() {}\n"),
    ("shelf", "6.1.0", "", "pub fn width() -> u32 {\n    6\n}\n\npub fn pine() {}\n"),
    ("plume", "1.0.4", "[features]\ndefault = []\nink = []\nquill = []\n", PLUME),
    ("ghost", "1.2.0", "", "pub fn boo() {}\n"),
    ("ghoul", "0.3.1", "", "pub fn boo() {}\n"),
    ("tokio", "1.40.0", TOKIO_FEATURES, TOKIO),
    ("mimic", "2.0.0", "[lib]\nproc-macro = true\n", MIMIC),
    ("shadowy-name", "0.1.0", "[lib]\nname = \"other_name\"\n", "pub fn here() {}\n"),
];

const PLUME: &str = "pub fn write() {}\n\n#[cfg(feature = \"ink\")]\npub fn ink() {}\n";

const TOKIO_FEATURES: &str = "[features]\ndefault = []\n\
    full = [\"rt\", \"sync\", \"time\", \"net\", \"macros\"]\n\
    rt = []\nsync = []\ntime = []\nnet = [\"rt\"]\nmacros = []\n";

/// As the real one: modules behind features, `spawn` at the top behind `rt`.
const TOKIO: &str = "#[cfg(feature = \"sync\")]\npub mod sync {\n    pub struct Mutex;\n}\n\
    #[cfg(feature = \"time\")]\npub mod time {\n    pub fn sleep() {}\n}\n\
    #[cfg(feature = \"net\")]\npub mod net {\n    pub struct TcpStream;\n}\n\
    #[cfg(feature = \"rt\")]\npub fn spawn() {}\n\
    #[cfg(feature = \"macros\")]\n#[macro_export]\nmacro_rules! join {\n    () => {};\n}\n";

/// An attribute that leaves its item as it is.
const MIMIC: &str = "use proc_macro::TokenStream;\n\n\
    #[proc_macro_attribute]\n\
    pub fn mimic(_: TokenStream, item: TokenStream) -> TokenStream {\n    item\n}\n";

fn add_all(vendor: &Path) {
    for (name, version, manifest, lib) in CRATES {
        add_crate(vendor, name, version, manifest, lib);
    }
}

fn add_crate(vendor: &Path, name: &str, version: &str, manifest: &str, lib: &str) {
    let directory = vendor.join(format!("{name}-{version}"));
    let head =
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n");
    put(&directory.join("Cargo.toml"), format!("{head}\n{manifest}").as_bytes());
    put(&directory.join("src/lib.rs"), lib.as_bytes());
    let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "5e".repeat(32));
    put(&directory.join(".cargo-checksum.json"), checksum.as_bytes());
}

fn source_replacement(directory: &str) -> String {
    format!(
        "[source.crates-io]\nreplace-with = \"vendored\"\n\n\
         [source.vendored]\ndirectory = {directory:?}\n"
    )
}

/// `-- path --` above the content of each file.
fn parse(text: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let head = line.strip_prefix("-- ").and_then(|rest| rest.trim_end().strip_suffix(" --"));
        match (head, files.last_mut()) {
            (Some(path), _) => files.push((path, String::new())),
            (None, Some((_, content))) => content.push_str(line),
            (None, None) => assert!(line.trim().is_empty(), "`{line}` belongs to no file"),
        }
    }
    files
}

#[expect(clippy::disallowed_methods, reason = "makes fixtures")]
fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
