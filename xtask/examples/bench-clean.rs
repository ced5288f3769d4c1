//! Taking stock of a target directory and deleting in one, each as a process of its own.
//!
//! `.ci/bench-clean` times these against other programs that do the same. Prints what was found or freed.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::{env, path::Path};

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
        _ => panic!("usage: bench-clean inventory|census|remove PATH"),
    }
}

fn opened(path: &Path) -> Directory {
    Directory::open_itself(&path.canonicalize().unwrap()).unwrap()
}
