//! Odd bytes in contents, names and paths: edited where they can be, refused by name where not, and restored to the
//! byte.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use crate::support::{Fixture, Tree, assert_same, tree};

/// Every file that the tool edits, with something to edit in each.
const FILES: [(&str, &str); 5] = [
    (
        "Cargo.toml",
        "# The shop.\n[workspace]\nresolver = \"2\"\nmembers = [\n    \"core\",\n    \"app\",\n]\n\n\
         [workspace.dependencies]\n# everything\n\
         tokio = { version = \"1.40\", features = [\"full\"] } # yes\nshelf = \"5.5\"\n\n# one day\nghoul = \"0.3\"\n\n\
         [profile.release]\nlto = \"thin\"\n\n# The end.\n",
    ),
    (
        "core/Cargo.toml",
        "[package]\nname = \"core-types\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ndoctest = false\n\n\
         [dependencies]\nshelf.workspace = true\ntokio.workspace = true\n# haunts the place\nghost = \"1.2\"\n\n\
         [features]\n# none\n",
    ),
    (
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
         core-types = { path = \"../core\" }\n# new\nshelf = \"6.1\"\ntokio = { version = \"1.40\", features = [\"full\"] }\n",
    ),
    (".gitignore", "# built\n/target/\n\n# mine\n*.orig\n"),
    (".cargo/config.toml", "# mine\n[net]\nretry = 3\n\n[alias]\nb = \"build\"\n"),
];

const SOURCES: &str = "-- core/src/lib.rs --\npub fn one() {\n    tokio::time::sleep();\n    shelf::width();\n}\n\
    -- app/src/main.rs --\nfn main() {\n    core_types::one();\n    tokio::time::sleep();\n    shelf::width();\n}\n";

/// A name of a form, and what it makes of a text with `\n` endings.
type Form = (&'static str, fn(&str) -> String);

const FORMS: [Form; 8] = [
    ("as everybody writes", str::to_owned),
    ("CRLF", |text| text.replace('\n', "\r\n")),
    ("mixed endings", |text| {
        let lines = text.split_inclusive('\n').enumerate();
        lines
            .map(
                |(at, line)| if at % 3 == 0 { line.replace('\n', "\r\n") } else { line.to_owned() },
            )
            .collect()
    }),
    ("a byte order mark", |text| format!("\u{feff}{text}")),
    ("no final newline", |text| text.trim_end().to_owned()),
    ("tabs", |text| text.replace("    ", "\t").replace(" = ", "\t=\t").replace('#', "\t#")),
    ("a mark, CRLF and no final newline", |text| {
        format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"))
    }),
    ("blank lines and blanks at the ends of lines", |text| {
        format!("\n\n{}\n\n\n", text.replace("\n\n", " \t\n\n \n"))
    }),
];

/// Lines with their endings.
fn lines(text: &str) -> Vec<&str> {
    text.strip_prefix('\u{feff}').unwrap_or(text).split_inclusive('\n').collect()
}

/// Holds an edited file to the form of what it was.
#[track_caller]
fn keeps_its_form(what: &str, before: &str, after: &str) {
    assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'), "{what}: the mark");
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
    let old = lines(before);
    let exact: BTreeSet<&str> = old.iter().copied().collect();
    // The last line without an ending gets one when another follows it.
    let known: BTreeSet<String> =
        old.iter().filter(|line| line.ends_with('\n')).map(|line| bare(line)).collect();
    let crlf = old.iter().filter(|line| line.ends_with("\r\n")).count();
    let is_crlf = crlf > before.matches('\n').count() - crlf;
    for line in lines(after) {
        let is_new = !exact.contains(line);
        assert!(!(is_new && known.contains(&bare(line))), "{what}: {line:?} has another ending");
        let is_last = !line.ends_with('\n');
        assert!(!is_new || is_last || line.ends_with("\r\n") == is_crlf, "{what}: {line:?}");
    }
}

#[test]
fn every_form_of_every_file_is_edited_and_restored() {
    for (form, of) in FORMS {
        let fixture = Fixture::unlocked(SOURCES);
        for (path, text) in FILES {
            fixture.put_bytes(path, of(text).as_bytes());
        }
        fixture.vendor_all();
        fixture.lock();
        if form != "a byte order mark" && !form.starts_with("a mark") {
            // Cargo's own parser of the lock file takes no mark.
            let lock = of(&fixture.read("Cargo.lock"));
            fixture.put_bytes("Cargo.lock", lock.as_bytes());
        }
        let before = fixture.tree();
        let texts = FILES.map(|(path, _)| (path, fixture.read(path)));
        let run = fixture.optimized(&[]);
        for code in [
            "gitignore",
            "unused-dependency",
            "duplicate-version",
            "not-inherited",
            "broad-features",
            "unused-workspace-dependency",
            "profile",
            "cargo-config",
        ] {
            let applied = run.ids("applied");
            assert!(applied.iter().any(|id| id.starts_with(code)), "{form}: {code} in {run:?}");
        }
        for (path, text) in &texts {
            let after = fixture.read(path);
            assert_ne!(text, &after, "{form}: `{path}` is not edited");
            keeps_its_form(&format!("{form}: `{path}`"), text, &after);
        }
        assert_ne!(before["Cargo.lock"], fixture.tree()["Cargo.lock"], "{form}");
        fixture.cargo(&["check", "--workspace", "--locked", "--quiet"]);
        fixture.run(&["optimize", "--check"]).exits(0);
        fixture.run(&["restore"]).exits(0);
        assert_same(&before, &fixture.tree());
    }
}

/// A workspace whose members lie in these directories, each with something to edit.
fn members_in(directories: &[&str]) -> Fixture {
    let quoted: Vec<String> =
        directories.iter().map(|name| toml_edit::value(*name).to_string()).collect();
    let fixture = Fixture::unlocked("");
    let root = format!("[workspace]\nresolver = \"2\"\nmembers = [{}]\n", quoted.join(", "));
    fixture.put_bytes("Cargo.toml", root.as_bytes());
    for (number, directory) in directories.iter().enumerate() {
        let manifest = format!(
            "[package]\nname = \"m{number}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ndoctest = false\n\n\
             [dependencies]\nghoul = \"0.3\"\n"
        );
        fixture.put_bytes(&format!("{directory}/Cargo.toml"), manifest.as_bytes());
        fixture.put_bytes(&format!("{directory}/src/lib.rs"), b"pub fn here() {}\n");
    }
    fixture.vendor_all();
    fixture.lock();
    fixture
}

#[test]
fn members_may_lie_in_directories_of_any_name_that_cargo_takes() {
    let long = format!("l{}", "o".repeat(254));
    let directories = [
        "sp ace",
        " lead and trail ",
        "ünï→ö",
        "tab\tbed",
        "two\nlines",
        "esc\u{1b}(31m",
        "-dash",
        "q'uo\"te",
        "back\\slash",
        "$HOME;#%20",
        "a/b.. ./c",
        ".hidden",
        &long,
    ];
    let fixture = members_in(&directories);
    let before = fixture.tree();
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    assert_eq!(run.ids("applied").len(), directories.len(), "{run:?}");
    for directory in directories {
        assert!(
            !fixture.read(&format!("{directory}/Cargo.toml")).contains("ghoul"),
            "{directory:?}"
        );
    }
    let listed = fixture.run(&["restore", "--list", "--format", "json"]).exits(0).json();
    assert_eq!(listed["backups"][0]["damage"], serde_json::Value::Null, "{listed:#}");
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

/// A name that is not UTF-8.
fn odd(prefix: &str, suffix: &str) -> PathBuf {
    let bytes = [prefix.as_bytes(), b"\xff\xfe", suffix.as_bytes()].concat();
    OsStr::from_bytes(&bytes).into()
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::create(path).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
}

#[test]
fn files_whose_names_are_not_utf8_are_copied_and_left_as_they_are() {
    let fixture = members_in(&["core"]);
    // Whether they are in the copy, the build script of the copy knows.
    fixture.put_bytes(
        "core/build.rs",
        br#"use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

fn main() {
    let name = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
    assert_eq!(fs::read(name(b"asset\xff\xfe.txt")).unwrap(), b"asset\xff");
    assert_eq!(fs::read(name(b"dir\xff\xfe/deep/file")).unwrap(), b"deep");
    assert_eq!(fs::read(name(b"src/link\xff\xfe")).unwrap(), b"asset\xff");
    assert!(fs::read(name(b"src/spare\xff\xfe.rs")).is_ok());
    assert!(fs::symlink_metadata(name(b"dangling\xff\xfe")).is_ok());
}
"#,
    );
    put(&fixture.path("core").join(odd("asset", ".txt")), b"asset\xff");
    put(&fixture.path("core").join(odd("dir", "")).join("deep/file"), b"deep");
    put(&fixture.path("core/src").join(odd("spare", ".rs")), b"pub fn spare\xff() {}\n");
    put(&fixture.path("").join(odd("top", "")), b"");
    let link = |to: &Path, at: &Path| std::os::unix::fs::symlink(to, at).unwrap();
    link(
        &Path::new("..").join(odd("asset", ".txt")),
        &fixture.path("core/src").join(odd("link", "")),
    );
    link(&odd("nowhere", ""), &fixture.path("core").join(odd("dangling", "")));
    let before = fixture.tree();
    let run = fixture.optimized(&[]);
    assert_eq!(run.json()["baseline"]["targets_failed"].as_array().unwrap().len(), 0, "{run:?}");
    assert!(run.ids("applied").contains(&"unused-dependency:m0/ghoul".to_owned()), "{run:?}");
    fixture.run(&["validate", "--quick"]).exits(0);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_workspace_whose_own_path_is_not_utf8_is_refused_as_cargo_refuses_it() {
    let (fixture, before) = Fixture::of_optimized_members();
    let root = fixture.root().parent().unwrap().join(odd("ws", ""));
    fs::rename(fixture.root(), &root).unwrap();
    let left = |name: &str| name.starts_with("backup-");
    let after = tree(&root, &left);
    let manifest = root.join("Cargo.toml");
    for command in [["optimize", "--yes"].as_slice(), &["optimize", "--check"], &["validate"]] {
        let run = fixture.run_on(&manifest, command).exits(2);
        run.says("characters not representable in Unicode").says("/base/ws");
    }
    assert_same(&after, &tree(&root, &left));
    // Cargo has no say in what is restored.
    let listed = fixture.run_on(&manifest, &["restore", "--list", "--format", "json"]).exits(0);
    assert_eq!(listed.json()["backups"][0]["damage"], serde_json::Value::Null, "{listed:?}");
    let restored = fixture.run_on(&manifest, &["restore", "--format", "json"]).exits(0);
    assert!(restored.json()["restored"]["id"].is_string(), "{restored:?}");
    assert_same(&before, &tree(&root, &left));
}

#[test]
fn contents_that_are_not_utf8_are_refused_by_name() {
    for path in ["Cargo.toml", "core/Cargo.toml", "Cargo.lock", ".cargo/config.toml", ".gitignore"]
    {
        let fixture = members_in(&["core"]);
        let mut bytes = fs::read(fixture.path(path)).unwrap_or_default();
        bytes.extend_from_slice(b"# caf\xe9\n");
        fixture.put_bytes(path, &bytes);
        let before = fixture.whole_tree();
        let run = fixture.optimize(&["--yes", "--measure", "none"]).exits(2);
        run.says(path).says("error: ");
        assert!(run.stdout.is_empty(), "{run:?}");
        assert_same(&before, &fixture.whole_tree());
    }
}

/// A workspace of these files at the end of a path of so many bytes.
fn at_depth(fixture: &Fixture, bytes: usize, files: &[(&str, &str)]) -> PathBuf {
    let mut root = fixture.root();
    while root.as_os_str().len() + 202 < bytes {
        root.push("d".repeat(200));
    }
    root.push("e".repeat(bytes - root.as_os_str().len() - 1));
    for (path, text) in files {
        put(&root.join(path), text.as_bytes());
    }
    let cargo = snapbox::cmd::Command::new("cargo").arg("generate-lockfile").current_dir(&root);
    cargo.env("CARGO_NET_OFFLINE", "true").assert().success();
    root
}

/// But for what is built, and for backups.
fn files_at(root: &Path) -> Tree {
    tree(root, &|name| name == "target" || name.starts_with("backup-"))
}

#[test]
fn a_workspace_at_a_very_long_path_is_worked_on_or_refused_as_a_whole() {
    const SMALL: [(&str, &str); 2] = [
        (
            "Cargo.toml",
            "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
             [dependencies]\nghoul = \"0.3\"\n",
        ),
        ("src/lib.rs", ""),
    ];
    let optimize = ["optimize", "--yes", "--measure", "none", "--no-test"];
    for (bytes, works) in [(1000, true), (3900, true), (4060, false)] {
        let fixture = Fixture::unlocked("");
        fixture.vendor_all();
        let root = at_depth(&fixture, bytes, &SMALL);
        let manifest = root.join("Cargo.toml");
        let before = files_at(&root);
        let run = fixture.run_on(&manifest, &optimize);
        if works {
            run.exits(0);
            assert_ne!(before, files_at(&root), "{bytes}");
            fixture.run_on(&manifest, &["restore"]).exits(0);
        } else {
            run.exits(2).says("File name too long").says("move the workspace to a shorter path");
        }
        assert_same(&before, &files_at(&root));
    }
}

/// Where no copy is made, the backup has the longest paths.
#[test]
fn a_backup_whose_paths_would_be_too_long_is_not_begun() {
    const TINY: [(&str, &str); 3] = [
        ("Cargo.toml", "[package]\nname = \"one\"\n"),
        ("src/lib.rs", ""),
        (".gitignore", "/target/\n"),
    ];
    let mut ended = BTreeSet::new();
    for bytes in (4000..4082).step_by(9) {
        let fixture = Fixture::unlocked("");
        let root = at_depth(&fixture, bytes, &TINY);
        let manifest = root.join("Cargo.toml");
        let before = files_at(&root);
        let args = ["optimize", "--yes", "--measure", "none", "--only", "gitignore"];
        let run = fixture.run_on(&manifest, &args);
        let is_old = files_at(&root) == before;
        ended.insert(is_old);
        if is_old {
            run.exits(2).says("File name too long");
            let left = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name());
            let left: Vec<_> =
                left.filter(|name| name.as_bytes().starts_with(b"backup-")).collect();
            assert!(left.is_empty(), "{bytes}: {left:?}");
        } else {
            // A report may be too long for its place, after the commit.
            fixture.run_on(&manifest, &["restore"]).exits(0);
            assert_same(&before, &files_at(&root));
        }
    }
    assert_eq!(ended.len(), 2, "all lengths ended alike");
}
