use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// The command lines of a page: what follows a prompt, or a workflow's `run:`, up to a pipe or a file.
fn command_lines(page: &str) -> Vec<Vec<String>> {
    let folded =
        page.replace(">\n          cargo xtask", " cargo xtask").replace("\n          --", " --");
    let lines = folded.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        let rest = line.strip_prefix("$ ").or_else(|| line.strip_prefix("run:"))?.trim_start();
        let words = rest.strip_prefix("cargo xtask")?;
        let words = words.split(" | ").next()?.split(" > ").next()?.split(" #").next()?;
        // What stands in single quotes is one word.
        let parts = words.split('\'').enumerate().map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(|it| it.trim_matches('"').to_owned()).collect(),
            _ => vec![part.to_owned()],
        });
        Some(parts.collect::<Vec<Vec<String>>>().concat())
    });
    lines.collect()
}

/// A command and everything below it.
fn all_of(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().filter(|it| it.get_name() != "help").flat_map(all_of);
    std::iter::once(command.clone()).chain(below).collect()
}

#[test]
fn every_help_ends_with_examples_that_parse_and_names_exit_codes() {
    for program in ["cargo xtask", "xtask"] {
        let mut top = command(program);
        top.build();
        for mut it in all_of(&top) {
            let help = it.render_long_help().to_string();
            let name = it.get_name().to_owned();
            let has_heading = help.contains("\nExamples:\n") || help.contains("Where to begin:");
            assert!(has_heading && help.contains("Exit codes:"), "{name}: {help}");
            let end = help.rsplit_once("Options").map_or("", |(_, end)| end);
            assert!(end.contains("Exit codes:"), "{name}: not at the end of {help}");
            if let Some(wide) = help.lines().find(|line| line.chars().count() > 80) {
                panic!("{name}: wider than 80 columns: {wide}");
            }
            let as_alias = help.replace(&format!("$ {program} "), "$ cargo xtask ");
            let lines = command_lines(&as_alias);
            assert!((2..=5).contains(&lines.len()), "{name}: {lines:?}");
            for words in lines {
                let line = std::iter::once("xtask".to_owned()).chain(words);
                Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}

#[test]
fn the_codes_are_listed_once_and_the_short_help_is_short() {
    let mut top = command("xtask");
    let optimize = top.find_subcommand_mut("optimize").unwrap();
    let long = optimize.render_long_help().to_string();
    assert_eq!(long.matches("unused-workspace-dependency").count(), 1, "{long}");
    let short = optimize.render_help().to_string();
    assert!(!short.contains("Examples:") && short.lines().count() < long.lines().count());
}

#[test]
fn an_installed_program_is_called_by_its_own_name() {
    let help = command("xtask").render_long_help().to_string();
    assert!(help.contains("Usage: xtask ") && !help.contains("cargo xtask"), "{help}");
    let help = command("cargo xtask").render_long_help().to_string();
    assert!(help.contains("Usage: cargo xtask "), "{help}");
}

#[test]
fn every_command_line_in_the_documents_is_one() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut found = 0;
    for dir in [root.to_owned(), format!("{root}/docs"), format!("{root}/docs/workflows")] {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if !path.extension().is_some_and(|it| it == "md" || it == "yml") {
                continue;
            }
            for words in command_lines(&std::fs::read_to_string(&path).unwrap()) {
                let line = std::iter::once("xtask".to_owned()).chain(words.clone());
                if let Err(error) = Cli::try_parse_from(line) {
                    let is_text = !error.use_stderr();
                    assert!(is_text, "{}: {words:?}: {error}", path.display());
                }
                found += 1;
            }
        }
    }
    assert!(found > 10, "only {found} command lines were found: is the search broken?");
}

#[test]
fn durations_take_a_unit() {
    assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
    assert_eq!(duration("20m"), Ok(Duration::from_secs(1200)));
    assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
    assert!(duration("soon").is_err());
    assert!(duration("").is_err());
    assert!(duration("99999999999999999999h").is_err());
}
