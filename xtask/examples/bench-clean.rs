//! Taking stock of a target directory and deleting in one, each as a process of its own.
//!
//! `.ci/bench-clean` times these against other programs that do the same, on trees that are made here. Prints what was
//! found or freed.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::Path,
};

#[expect(dead_code, unused_imports, reason = "it serves the whole program")]
#[path = "../src"]
mod source {
    pub(crate) mod processors;
    pub(crate) mod target_dir;
}

use source::{
    processors,
    target_dir::{Directory, Progress, holdings, remove_entries, watched_inventory},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let progress = Progress::default();
    match arguments[..] {
        ["inventory", path] => {
            let found = watched_inventory(Path::new(path), &progress).unwrap();
            println!("{} files, {} bytes", found.files, found.bytes);
        }
        ["census", path] => {
            let holdings = holdings(&opened(Path::new(path)), &progress).unwrap();
            let bytes: u64 = holdings.iter().map(|found| found.bytes).sum();
            println!("{} entries, {bytes} bytes", holdings.len());
        }
        ["remove", path] => {
            let path = Path::new(path).canonicalize().unwrap();
            let name = path.file_name().unwrap().to_os_string();
            let removed = remove_entries(&opened(path.parent().unwrap()), &[name], &progress);
            assert!(removed.kept.is_empty(), "{:?}", removed.left);
            println!("{} files, {} bytes", progress.files(), removed.freed_bytes);
        }
        ["make", path, files] => make(Path::new(path), files.parse().unwrap()),
        _ => panic!("usage: bench-clean inventory|census|remove PATH, or make PATH FILES"),
    }
}

fn opened(path: &Path) -> Directory {
    Directory::open_itself(&path.canonicalize().unwrap()).unwrap()
}

/// Makes a target directory of about so many files: small ones, shaped like what cargo leaves of a large workspace.
/// Of a unit there are a fingerprint and some files in `deps/`, of some units the output of a build script, and of
/// every fiftieth the objects of an incremental session.
fn make(target: &Path, files: u64) {
    let profile = target.join("debug");
    put(target, "CACHEDIR.TAG", 177);
    put(&profile, ".cargo-lock", 0);
    let (mut made, mut unit) = (2, 0);
    while made < files {
        unit += 1;
        // Spread over all numbers, as hashes are, and the same each time.
        let hash = format!("{:016x}", u64::wrapping_mul(unit, 0x9e37_79b9_7f4a_7c15));
        let name = format!("unit_{}-{hash}", unit % 400);
        let fingerprint = profile.join(".fingerprint").join(&name);
        for (file, bytes) in [
            ("invoked.timestamp", 48),
            ("lib-unit", 16),
            ("lib-unit.json", 700),
            ("dep-lib-unit", 90),
        ] {
            put(&fingerprint, file, bytes);
        }
        let deps = profile.join("deps");
        let sizes = [("rlib", 6000), ("rmeta", 3000), ("d", 400), ("o", 1500)];
        for (ending, bytes) in sizes {
            put(&deps, &format!("lib{name}.{ending}"), bytes);
        }
        made += 8;
        if unit % 5 == 0 {
            put(&fingerprint, "output-lib-unit", 300);
            let build = profile.join("build").join(&name);
            for (file, bytes) in
                [("output", 300), ("stderr", 0), ("root-output", 80), ("out/made.rs", 2500)]
            {
                put(&build, file, bytes);
            }
            made += 5;
        }
        if unit % 50 == 0 {
            let session = profile.join("incremental").join(format!("unit-{}", &hash[..13]));
            put(&session, "s-h1-1.lock", 0);
            let session = session.join("s-h1-1-abc");
            for object in 0..120 {
                put(&session, &format!("{object:025x}.o"), 200 + object * 40);
            }
            made += 121;
        }
    }
}

fn put(dir: &Path, name: &str, bytes: usize) {
    let path = dir.join(name);
    let mut file = File::create(&path)
        .or_else(|_| {
            fs::create_dir_all(path.parent().unwrap())?;
            File::create(&path)
        })
        .unwrap();
    file.write_all(&vec![b'x'; bytes]).unwrap();
}
