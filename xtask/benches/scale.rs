//! How `optimize --dry-run` grows with the workspace: everything but cargo's own time.
//!
//! The real cargo answers once for each size; the program then runs with stand-ins that repeat the
//! answers. What is printed are times and ratios; nothing here passes or fails by a clock.

#![expect(clippy::disallowed_methods, reason = "starts the program and makes workspaces")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};

mod scale {
    pub(crate) mod workspace;
}

use scale::workspace::Workspace;

const SIZES: [usize; 5] = [50, 100, 200, 500, 1000];
/// Runs of each size for the table; the median counts.
const RUNS: usize = 9;

fn main() {
    let base = tempfile::tempdir().unwrap();
    let workspaces: Vec<Workspace> = SIZES
        .iter()
        .map(|members| Workspace::generate(&base.path().join(members.to_string()), *members))
        .collect();
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("dry-run");
    for workspace in &workspaces {
        let id = BenchmarkId::from_parameter(workspace.members);
        group.bench_function(id, |bencher| bencher.iter(|| run(workspace)));
    }
    group.finish();
    criterion.final_summary();
    table(&workspaces);
}

/// Wall time of one run.
fn run(workspace: &Workspace) -> Duration {
    let start = Instant::now();
    let status = workspace.dry_run().status().unwrap();
    let time = start.elapsed();
    assert!(status.success());
    time
}

fn table(workspaces: &[Workspace]) {
    println!("\nmembers   lines  programs   changes    median       min       max      peak");
    let mut medians = Vec::new();
    for workspace in workspaces {
        let watched = workspace.watched();
        let mut runs: Vec<Duration> = (0..RUNS).map(|_| run(workspace)).collect();
        runs.sort_unstable();
        let [median, min, max] =
            [RUNS / 2, 0, RUNS - 1].map(|at| format!("{:.1} ms", runs[at].as_secs_f64() * 1e3));
        println!(
            "{:7} {:7} {:9} {:9} {median:>9} {min:>9} {max:>9} {:5.1} MiB",
            workspace.members,
            workspace.lines,
            watched.calls.len(),
            watched.changes,
            watched.peak_bytes as f64 / 1024.0 / 1024.0
        );
        medians.push(runs[RUNS / 2].as_secs_f64());
    }
    let (few, many) = (SIZES[0] as f64, SIZES[SIZES.len() - 1] as f64);
    println!(
        "time({many}) / time({few}) = {:.1}; n log n would be {:.1}, n {:.1}",
        medians[medians.len() - 1] / medians[0],
        many * many.ln() / (few * few.ln()),
        many / few
    );
}
