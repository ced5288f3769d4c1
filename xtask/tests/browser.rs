//! `report.html` in a headless browser: it loads without complaint, says what `report.json` says, fits a
//! phone, can be read in light and dark, and is drawn.
//!
//! The browser is `XTASK_BROWSER`, else the first of Chromium and Chrome on `PATH`; without one the tests
//! say that they were skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use snapbox::cmd::Command;
use tempfile::TempDir;

/// The test record of the renderers.
const RECORD: &str = include_str!("fixtures/report.json");

/// Loads the page in a frame as wide as a phone and writes down what it measured.
const WRAPPER: &str = include_str!("browser/wrapper.html");

fn browser() -> Option<PathBuf> {
    if let Some(browser) = std::env::var_os("XTASK_BROWSER") {
        return Some(PathBuf::from(browser));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut found = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |directory| directory.join(name)));
    let browser = found.find(|candidate| candidate.is_file());
    if browser.is_none() {
        eprintln!("skipped: no {} on PATH, and XTASK_BROWSER is not set", names.join(", "));
    }
    browser
}

/// A report made by the program from the test record.
struct Page {
    browser: PathBuf,
    directory: TempDir,
    run: PathBuf,
}

impl Page {
    /// None where there is no browser.
    fn new() -> Option<Self> {
        let browser = browser()?;
        let directory = tempfile::Builder::new().prefix("browser-").tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        let manifest =
            "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n";
        put(&root.join("ws/Cargo.toml"), manifest);
        put(&root.join("ws/src/lib.rs"), "");
        put(
            &root.join("ws/Cargo.lock"),
            "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"0.1.0\"\n",
        );
        let run = root.join("ws/target/xtask/runs/sample");
        put(&run.join("report.json"), RECORD);
        let program = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let program = program.args(["report", "sample", "--offline", "--manifest-path"]);
        let program = program.arg(root.join("ws/Cargo.toml")).current_dir(root.join("ws"));
        let program = program.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
        let output = program.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Self { browser, directory, run })
    }

    fn html(&self) -> PathBuf {
        self.run.join("report.html")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.run.join("report.json")).unwrap()).unwrap()
    }

    /// Runs the browser on a file, with a profile of its own.
    fn browse(&self, file: &Path, args: &[String]) -> Output {
        let profile = tempfile::tempdir_in(self.directory.path()).unwrap();
        let command = Command::new(&self.browser)
            // The page is our own, and containers often allow no sandbox.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--enable-logging=stderr", "--v=0", "--hide-scrollbars", "--timeout=60000"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(args)
            .arg(format!("file://{}", file.display()));
        let output = command.output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} failed:\n{log}", self.browser.display());
        let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        output
    }

    fn dom(&self, file: &Path, args: &[&str]) -> String {
        let args: Vec<String> =
            ["--dump-dom"].iter().chain(args).map(|&it| it.to_owned()).collect();
        String::from_utf8(self.browse(file, &args).stdout).unwrap()
    }

    /// What the wrapper measured in one of the colour schemes of the page.
    fn measured(&self, scheme: &str) -> Value {
        let wrapper = self.run.join("wrapper.html");
        put(&wrapper, WRAPPER);
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        let dom = self.dom(&wrapper, &["--allow-file-access-from-files", &scheme]);
        let (_, text) = dom.split_once("<pre id=\"measured\">").unwrap();
        let (text, _) = text.split_once("</pre>").unwrap();
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in `{text}`"))
    }
}

#[expect(clippy::disallowed_methods, reason = "makes fixtures")]
fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn the_page_loads_without_complaint_and_its_figures_are_those_of_the_json() {
    let Some(page) = Page::new() else { return };
    let dom = page.dom(&page.html(), &[]);
    let rows = page.json()["measurements"].as_array().unwrap().clone();
    assert_eq!(dom.matches("<tr data-what=").count(), rows.len());
    for row in rows {
        let what = format!("data-what=\"{}\"", row["what"].as_str().unwrap());
        let tags = dom.split("<tr ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let tag = tags.filter(|tag| tag.contains(&what)).collect::<Vec<_>>().concat();
        for key in ["baseline", "candidate", "ratio"] {
            let (_, value) = tag.split_once(&format!("data-{key}=\"")).unwrap();
            assert_eq!(value.split('"').next().unwrap(), row[key].to_string(), "{key} in `{tag}`");
        }
    }
}

#[test]
fn nothing_but_what_scrolls_by_itself_is_wider_than_a_phone() {
    let Some(page) = Page::new() else { return };
    let measured = page.measured("1");
    assert_eq!(measured["width"], 360, "{measured:#}");
    assert_eq!(measured["scroll_width"], 360, "{measured:#}");
    assert_eq!(measured["wide"], Value::Array(Vec::new()));
    assert!(measured["scrolls"].as_u64().unwrap() > 5, "{measured:#}");
}

#[test]
fn all_text_has_enough_contrast_in_light_and_in_dark() {
    let Some(page) = Page::new() else { return };
    let (light, dark) = (page.measured("1"), page.measured("0"));
    assert_ne!(light["ground"], dark["ground"], "the page has two colour schemes");
    for measured in [light, dark] {
        assert!(measured["texts"].as_u64().unwrap() > 300, "{measured:#}");
        assert_eq!(measured["faint"], Value::Array(Vec::new()));
    }
}

#[test]
fn the_page_is_drawn() {
    let Some(page) = Page::new() else { return };
    for (scheme, name) in [("1", "report-light.png"), ("0", "report-dark.png")] {
        let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_file(&image);
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        let screenshot = format!("--screenshot={}", image.display());
        page.browse(&page.html(), &[scheme, screenshot, "--window-size=1100,2400".to_owned()]);
        let bytes = fs::read(&image).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{}", image.display());
        assert!(bytes.len() > 50_000, "{} bytes: a page that is nearly empty", bytes.len());
    }
}
