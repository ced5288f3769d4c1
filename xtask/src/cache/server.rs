//! A server of sccache: one that is running, and one of this tool's own for a time.
//!
//! Invariant: the own one has a port of its own and ends when it is dropped, or by an interrupt. No other is ended.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::found::Found;
use crate::{
    cargo::{Background, Cargo},
    disk, interrupt,
    sccache::{self, Answer, PORT, Trouble},
    shadow,
    snapshot::Snapshot,
};

/// How long a server is waited for: a little more than the ten seconds that a client of sccache waits.
const PATIENCE: Duration = Duration::from_secs(13);

/// How long an answer of a server on the network is waited for.
const KNOCK: Duration = Duration::from_secs(3);

const STEP: Duration = Duration::from_millis(25);

/// Variables that a file of the workspace must not set for a command that only looks: with them sccache reads or writes
/// a file of the workspace's choice, or takes a directory for its cache and deletes the oldest of what lies in it.
const NOT_TO_LOOK: [&str; 8] = [
    "SCCACHE_CACHED_CONF",
    "SCCACHE_CACHE_SIZE",
    "SCCACHE_CONF",
    "SCCACHE_DIR",
    "SCCACHE_ERROR_LOG",
    "SCCACHE_MULTILEVEL_CHAIN",
    "SCCACHE_SERVER_UDS",
    "SCCACHE_STARTUP_NOTIFY",
];

/// Sccache as builds of the workspace run it, with `more` besides.
pub(super) fn cargo(snapshot: &Snapshot, found: &Found, more: &[(String, String)]) -> Cargo {
    Cargo::new(&snapshot.root, true)
        .with_variables(found.added.iter().cloned())
        .with_variables(more.iter().cloned())
}

/// The same for a workspace that nobody has agreed to build: it touches no file that a file of it names.
pub(super) fn that_looks(snapshot: &Snapshot, found: &Found) -> Cargo {
    Cargo::new(&snapshot.root, true).with_variables(harmless(&found.added))
}

fn harmless(added: &[(String, String)]) -> Vec<(String, String)> {
    let is_harmless = |(name, _): &&(String, String)| !NOT_TO_LOOK.contains(&name.as_str());
    added.iter().filter(is_harmless).cloned().collect()
}

/// What the server that builds would use says of itself; none where none runs.
pub(super) fn running(cargo: &Cargo, found: &Found) -> Option<Answer> {
    if std::env::var_os("SCCACHE_SERVER_UDS").is_none() && !listens(port_of_builds(found)) {
        return None;
    }
    ask(cargo).ok()
}

/// The port that builds look for a server at.
pub(super) fn port_of_builds(found: &Found) -> u16 {
    found.value("SCCACHE_SERVER_PORT").and_then(|port| port.parse().ok()).unwrap_or(PORT)
}

fn ask(cargo: &Cargo) -> Result<Answer> {
    let printed = cargo.capture(sccache::PROGRAM, &["--show-stats", "--stats-format", "json"])?;
    Answer::parse(&printed).context("failed to read what `sccache --show-stats` printed")
}

/// What sccache takes its settings to mean, server or not.
pub(super) fn as_configured(cargo: &Cargo) -> Option<Answer> {
    // Where no server listens, it answers from the configuration and starts none.
    let nowhere = free_port().ok()?;
    ask(&cargo.clone().with_variables([("SCCACHE_SERVER_PORT", nowhere.to_string())])).ok()
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("failed to find a free port")?;
    Ok(listener.local_addr().context("failed to find a free port")?.port())
}

/// A server that did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotStarted {
    pub(super) trouble: Trouble,
    /// Its own words, without credentials.
    pub(super) said: String,
}

/// A server of this tool's own.
#[derive(Debug)]
pub(super) struct OwnServer {
    port: u16,
    cargo: Cargo,
    /// What it writes before and after it has set up its log, with whatever credentials are in its settings.
    logs: [PathBuf; 2],
    /// Where the log is to lie afterwards, without them.
    kept: Option<PathBuf>,
    process: Background,
    /// With the log: removed after the process has ended.
    _private: TempDir,
}

impl OwnServer {
    /// Starts a server with the settings of `cargo` and waits until it answers. It tries its storage first, as by
    /// default, whatever the settings say. Its log is kept at `kept`.
    ///
    /// # Errors
    /// When it cannot be tried, or the user interrupts. That it does not start is no error.
    pub(super) fn start(cargo: Cargo, kept: Option<&Path>) -> Result<Result<Self, NotStarted>> {
        let port = free_port()?;
        let (private, dir) = shadow::temporary()?;
        let logs = ["start.log", "server.log"].map(|name| dir.join(name));
        let own: [(&str, OsString); 9] = [
            ("SCCACHE_SERVER_PORT", port.to_string().into()),
            ("SCCACHE_START_SERVER", "1".into()),
            ("SCCACHE_NO_DAEMON", "1".into()),
            ("SCCACHE_LOG", "sccache=debug".into()),
            // Else what it says would go where the user has it go.
            ("SCCACHE_ERROR_LOG", logs[1].clone().into()),
            ("SCCACHE_IDLE_TIMEOUT", "0".into()),
            ("SCCACHE_SKIP_CACHE_CHECK", "0".into()),
            ("SCCACHE_CLIENT_SIDE", "0".into()),
            ("RUST_BACKTRACE", "0".into()),
        ];
        let process = cargo.clone().with_variables(own).background(sccache::PROGRAM, &logs[0])?;
        let kept = kept.map(Path::to_path_buf);
        let server = Self { port, cargo, logs, kept, process, _private: private };
        let start = Instant::now();
        loop {
            interrupt::check()?;
            if listens(port) {
                return Ok(Ok(server));
            }
            let (has_ended, waited) = (server.process.has_ended(), start.elapsed());
            if has_ended || waited > PATIENCE {
                return Ok(Err(server.not_started(has_ended)));
            }
            thread::sleep(STEP);
        }
    }

    fn not_started(&self, has_ended: bool) -> NotStarted {
        let log = self.log().unwrap_or_default();
        let line = |word: &str| log.lines().find(|line| line.to_lowercase().contains(word));
        let said = line("error: ").or_else(|| line("failed")).or_else(|| line("caused by"));
        let said = sccache::without_credentials(said.unwrap_or_default());
        let trouble = match sccache::trouble(&log) {
            Some(trouble) => trouble,
            None if has_ended => Trouble::Other,
            None => Trouble::Slow,
        };
        NotStarted { trouble, said }
    }

    /// The log so far. It may hold credentials.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn log(&self) -> Result<String> {
        let mut all = String::new();
        for path in &self.logs {
            let bytes = disk::read_optional(path)?.unwrap_or_default();
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok(all)
    }

    /// Variables by which a build uses this server.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        vec![
            ("RUSTC_WRAPPER".to_owned(), sccache::PROGRAM.to_owned()),
            ("SCCACHE_SERVER_PORT".to_owned(), self.port.to_string()),
        ]
    }

    fn own(&self) -> Cargo {
        self.cargo.clone().with_variables([("SCCACHE_SERVER_PORT", self.port.to_string())])
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn answer(&self) -> Result<Answer> {
        ask(&self.own())
    }

    /// What it has done since the last time this was asked.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn take(&self) -> Result<Answer> {
        let answer = self.answer()?;
        self.own().capture(sccache::PROGRAM, &["--zero-stats"])?;
        Ok(answer)
    }
}

impl Drop for OwnServer {
    /// Lets it write what it has begun to write, keeps its log, and ends it.
    fn drop(&mut self) {
        if !self.process.has_ended() && !interrupt::is_interrupted() {
            // Whether it heard or not, the process is ended next.
            let _ = self.own().capture(sccache::PROGRAM, &["--stop-server"]);
        }
        if let (Some(kept), Ok(log)) = (&self.kept, self.log()) {
            // A log that cannot be kept is no reason to lose what was measured.
            let _ = disk::write(kept, sccache::without_credentials(&log).as_bytes());
        }
    }
}

/// Whether anybody answers at the address that a setting names; none where it names no host and port.
pub(super) fn is_there(endpoint: &str) -> Option<bool> {
    let (host, port) = host_and_port(endpoint)?;
    let addresses = (host.as_str(), port).to_socket_addrs();
    Some(
        addresses
            .is_ok_and(|mut all| all.any(|one| TcpStream::connect_timeout(&one, KNOCK).is_ok())),
    )
}

/// Host and port of an endpoint, with the usual port of its scheme.
fn host_and_port(endpoint: &str) -> Option<(String, u16)> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("redis", endpoint));
    let usual = match scheme {
        "redis" | "rediss" | "tcp" => 6379,
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#', ',']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && !port.ends_with(']') => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Some((host.to_owned(), port.parse().ok()?))
        }
        _ if host.is_empty() => None,
        _ => Some((host.trim_start_matches('[').trim_end_matches(']').to_owned(), usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_read_from_every_form_of_an_endpoint() {
        for (endpoint, host, port) in [
            ("redis://h", "h", 6379),
            ("redis://h:1/0", "h", 1),
            ("h:7", "h", 7),
            ("rediss://@1.2.3.4:6379#insecure", "1.2.3.4", 6379),
            ("https://w.example/x", "w.example", 443),
            ("http://[::1]:8080/x", "::1", 8080),
            ("http://[::1]", "::1", 80),
        ] {
            assert_eq!(host_and_port(endpoint), Some((host.to_owned(), port)), "{endpoint}");
        }
        assert_eq!(host_and_port("unix:///run/redis.sock"), None);
        assert_eq!(host_and_port(""), None);
    }

    #[test]
    fn the_port_of_builds_is_that_of_the_configuration() {
        let found = |settings| Found { settings, ..Found::default() };
        assert_eq!(port_of_builds(&found(Vec::new())), PORT);
        // `[env]` of a file is handed to whatever cargo starts.
        let set = crate::cache::found::Setting {
            name: "SCCACHE_SERVER_PORT".to_owned(),
            value: "4300".to_owned(),
            by: ".cargo/config.toml".to_owned(),
        };
        assert_eq!(port_of_builds(&found(vec![set])), 4300);
    }

    #[test]
    fn who_only_looks_hands_no_file_or_directory_of_the_workspace_on() {
        let added = ["SCCACHE_DIR", "SCCACHE_ERROR_LOG", "SCCACHE_CONF", "SCCACHE_REDIS_ENDPOINT"];
        let added = added.map(|name| (name.to_owned(), "x".to_owned()));
        let names: Vec<String> = harmless(&added).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["SCCACHE_REDIS_ENDPOINT"]);
    }

    #[test]
    fn somebody_who_listens_is_there_and_nobody_is_not() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(is_there(&format!("redis://127.0.0.1:{port}")), Some(true));
        drop(listener);
        assert_eq!(is_there(&format!("redis://127.0.0.1:{port}")), Some(false));
        assert_eq!(is_there("unix:///run/x"), None);
    }
}
