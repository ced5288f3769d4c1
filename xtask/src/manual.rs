//! `completions` and `man`: what shells and `man` are told, made from the definition of the command line.
//!
//! Both are of the installed program: it is the one that shells can complete and `man` can find by name.

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};

use crate::{cli, disk, output, shell::Shell};

/// Prints the completions for a shell.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn completions(args: &cli::Completions) -> Result<ExitCode> {
    output::exact(&script(args.shell)?)?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: clap_complete::Shell) -> Result<String> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut cli::command(cli::INSTALLED), cli::INSTALLED, &mut bytes);
    String::from_utf8(bytes).context("the completions are not UTF-8")
}

/// Prints the manual, or writes its pages to a directory.
///
/// # Errors
/// When stdout or a file cannot be written.
pub(crate) fn man(args: &cli::Man, shell: &Shell) -> Result<ExitCode> {
    let pages = pages()?;
    match &args.dir {
        Some(dir) => write(dir, &pages, shell)?,
        None => output::exact(&pages.into_iter().map(|(_, page)| page).collect::<String>())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn write(dir: &Path, pages: &[(String, String)], shell: &Shell) -> Result<()> {
    std::fs::create_dir_all(dir)
        .with_context(|| format!("failed to create `{}`", dir.display()))?;
    for (name, page) in pages {
        disk::replace(&dir.join(name), page.as_bytes())?;
    }
    shell.status("Written", format!("{} pages to `{}`", pages.len(), dir.display()));
    Ok(())
}

/// File name and text of each page, the top one first.
fn pages() -> Result<Vec<(String, String)>> {
    let mut top = cli::command(cli::INSTALLED).disable_help_subcommand(true);
    top.build();
    let mut out = Vec::new();
    add(&top, &mut out)?;
    Ok(out)
}

fn add(command: &clap::Command, out: &mut Vec<(String, String)>) -> Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    let mut bytes = Vec::new();
    page.render(&mut bytes).context("failed to render the manual")?;
    let text = String::from_utf8(bytes).context("a page of the manual is not UTF-8")?;
    out.push((page.get_filename(), text));
    command.get_subcommands().filter(|it| !it.is_hide_set()).try_for_each(|below| add(below, out))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["xtask.1", "xtask-optimize.1", "xtask-cache-setup.1", "xtask-man.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        for (name, page) in &pages {
            assert!(page.starts_with(".ie"), "{name}: {page}");
            assert!(page.contains(".TH "), "{name}: {page}");
            assert!(page.contains("Exit codes:"), "{name}: {page}");
            assert!(!page.contains("cargo xtask"), "{name}: {page}");
        }
    }

    #[test]
    fn every_shell_is_told_every_command() {
        for shell in clap_complete::Shell::value_variants() {
            let script = script(*shell).unwrap();
            for command in ["optimize", "validate", "restore", "completions"] {
                assert!(script.contains(command), "{shell} lacks {command}");
            }
        }
    }
}
