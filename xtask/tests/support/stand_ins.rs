//! The program with nothing but stand-ins for cargo and rustc on its path, so that its own memory is seen.
//!
//! The real programs answer once; the stand-ins are shell scripts that repeat the answers.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
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
            ("rustc", &["--print", "cfg", "--print", "sysroot"]),
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

    /// The program, or another one that starts it: `wrapper` comes before it.
    #[expect(clippy::disallowed_methods, reason = "watches the program itself")]
    pub(crate) fn command(&self, wrapper: &[&str], args: &[&str]) -> Command {
        let all = [wrapper, &[env!("CARGO_BIN_EXE_xtask")], args].concat();
        let mut command = Command::new(all[0]);
        command
            .args(&all[1..])
            .arg("--manifest-path")
            .arg(self.fixture.path("Cargo.toml"))
            .env_clear()
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.bin().display()))
            .env("TMPDIR", self.fixture.temporary())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// One run, started by another program.
    #[allow(dead_code, reason = "only the sweeps do so")]
    #[expect(clippy::disallowed_methods, reason = "starts the program itself")]
    pub(crate) fn run(&self, wrapper: &[&str], args: &[&str]) -> Run {
        let child = self.command(wrapper, args).spawn().unwrap();
        Run::new(args, child.wait_with_output().unwrap())
    }

    /// One run, and the most memory that was resident at a time, in bytes: the kernel's own high-water mark, which
    /// is read until the end. That of `wait4` would start from what this process had when it started the other.
    #[expect(clippy::disallowed_methods, reason = "watches the program itself")]
    pub(crate) fn watched(&self, args: &[&str]) -> (Run, u64) {
        let child = self.command(&[], args).spawn().unwrap();
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
