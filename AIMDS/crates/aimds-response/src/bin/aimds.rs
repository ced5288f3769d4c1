//! The `aimds` command: prompts as JSON Lines in, one decision as JSON for each
//! line out, in the same order. A line that cannot be processed gives an error
//! object in its place and never stops the rest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aimds_core::{Config, Prompt};
use aimds_response::{MemoryRecorder, Pipeline, Response};
use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// Decide about prompts.
///
/// Each input line is an object like {"text": "…", "user": "…"}; `text` is
/// required. Blank lines are skipped. The exit code is 1 when a line could not
/// be processed and 2 when the command could not run.
#[derive(Debug, Parser)]
#[command(name = "aimds", version)]
struct Arguments {
    /// Prompts as JSON Lines; standard input when missing or `-`.
    input: Option<PathBuf>,
    /// Configuration, TOML or JSON by its extension.
    #[arg(short, long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Write the audit log as JSON Lines to this file.
    #[arg(long, value_name = "PATH")]
    audit: Option<PathBuf>,
    /// Print counters to standard error at the end.
    #[arg(long)]
    stats: bool,
}

#[derive(Serialize)]
struct Answer {
    line: usize,
    #[serde(flatten)]
    response: Response,
}

#[derive(Serialize)]
struct Failure {
    line: usize,
    error: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    match run(&arguments).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Processes the input and gives the number of lines that failed.
async fn run(arguments: &Arguments) -> Result<usize> {
    let config = match &arguments.config {
        Some(path) => Config::from_path(path)
            .with_context(|| format!("failed to load `{}`", path.display()))?,
        None => Config::default(),
    };
    let recorder = MemoryRecorder::default();
    if arguments.stats {
        metrics::set_global_recorder(recorder.clone()).context("failed to install counters")?;
    }
    let pipeline = Pipeline::new(&config).context("failed to set up the pipeline")?;
    let mut audit = arguments
        .audit
        .as_deref()
        .map(AuditFile::create)
        .transpose()?;
    let mut input = open(arguments.input.as_deref())?;
    let mut output = BufWriter::new(io::stdout().lock());

    let mut failed = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .with_context(|| format!("failed to read line {number}"))?;
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let json = match process(&pipeline, &line).await {
            Ok(response) => serde_json::to_string(&Answer {
                line: number,
                response,
            }),
            Err(error) => {
                failed += 1;
                serde_json::to_string(&Failure {
                    line: number,
                    error: format!("{error:#}"),
                })
            }
        };
        let json = json.context("failed to write JSON")?;
        writeln!(output, "{json}").context("failed to write to standard output")?;
        // Whoever feeds lines one by one waits for each answer.
        output
            .flush()
            .context("failed to write to standard output")?;
        if let Some(audit) = &mut audit {
            audit.append(&pipeline)?;
        }
    }
    if arguments.stats {
        for (name, value) in recorder.snapshot() {
            eprintln!("{name} {value}");
        }
    }
    Ok(failed)
}

async fn process(pipeline: &Pipeline, line: &[u8]) -> Result<Response> {
    let text = std::str::from_utf8(line).context("the line is not UTF-8")?;
    let prompt = Prompt::from_json(text)?;
    Ok(pipeline.process(&prompt).await?)
}

fn open(path: Option<&Path>) -> Result<Box<dyn BufRead>> {
    match path {
        Some(path) if path != Path::new("-") => {
            let file =
                File::open(path).with_context(|| format!("failed to open `{}`", path.display()))?;
            Ok(Box::new(BufReader::new(file)))
        }
        _ => Ok(Box::new(io::stdin().lock())),
    }
}

/// Follows the audit log into a file.
struct AuditFile {
    file: File,
    path: PathBuf,
    written: u64,
}

impl AuditFile {
    fn create(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("failed to create `{}`", path.display()))?;
        Ok(AuditFile {
            file,
            path: path.to_owned(),
            written: 0,
        })
    }

    fn append(&mut self, pipeline: &Pipeline) -> Result<()> {
        for entry in pipeline.mitigator().audit().after(self.written) {
            let json = serde_json::to_string(&entry).context("failed to write JSON")?;
            writeln!(self.file, "{json}")
                .with_context(|| format!("failed to write `{}`", self.path.display()))?;
            self.written = entry.number;
        }
        Ok(())
    }
}
