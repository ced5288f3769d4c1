//! The program with nothing but stand-ins for cargo and rustc on its path, so that its own memory is seen.
//!
//! The real programs answer once; the stand-ins are shell scripts that repeat the answers.

use std::{
    fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Stdio, time::Duration,
};

use super::{Fixture, Run};

/// Stand-ins for one workspace as it is now.
pub(crate) struct StandIns<'a> {
    fixture: &'a Fixture,
}

impl<'a> StandIns<'a> {
    /// Records what the real programs answer.
    pub(crate) fn record(fixture: &'a Fixture) -> Self {
        let stand_ins = Self { fixture };
        let script = "#!/bin/sh\n\
             record=\"${0%/bin/*}/records/${0##*/}/$1\"\n\
             if [ -f \"$record\" ]; then exec /bin/cat \"$record\"; fi\n\
             echo \"there is no record of $0 $*\" >&2; exit 1\n";
        for (program, args) in [
            ("cargo", &["locate-project", "--workspace", "--message-format=plain"][..]),
            ("cargo", &["metadata", "--format-version=1", "--locked"]),
            ("cargo", &["--version"]),
            ("rustc", &["-vV"]),
            ("rustc", &["--print", "cfg"]),
        ] {
            let answer = fixture.real(program, &[], args);
            fixture.put_bytes(&format!("../records/{program}/{}", args[0]), answer.as_bytes());
        }
        for program in ["cargo", "rustc"] {
            let path = format!("../bin/{program}");
            fixture.put_bytes(&path, script.as_bytes());
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(fixture.path(&path), mode).unwrap();
        }
        stand_ins
    }

    fn bin(&self) -> PathBuf {
        self.fixture.path("../bin")
    }

    /// One run, and the most memory that was resident at a time, in bytes: the kernel's own high-water mark, which
    /// is read until the end. That of `wait4` would start from what this process had when it started the other.
    #[expect(clippy::disallowed_methods, reason = "watches the program itself")]
    pub(crate) fn watched(&self, args: &[&str]) -> (Run, u64) {
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(args)
            .arg("--manifest-path")
            .arg(self.fixture.path("Cargo.toml"))
            .env_clear()
            .env("PATH", self.bin())
            .env("TMPDIR", self.fixture.temporary())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        // A process that has ended has no such line.
        while let Some(kib) = high_water(&fs::read_to_string(&status).unwrap()) {
            peak = peak.max(kib * 1024);
            std::thread::sleep(Duration::from_millis(1));
        }
        (Run::new(args, child.wait_with_output().unwrap()), peak)
    }
}

/// `VmHWM:      1234 kB`
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
