//! What stands at the end of each command's `--help`: examples and exit codes.
//!
//! Each line behind `$ ` is parsed by a test, and none is wider than 80 columns.

/// Where to begin, and the exit codes of every command.
pub(crate) const TOP: &str = "\
Where to begin:
  $ cargo xtask optimize --dry-run   # look: the plan, nothing written
  $ cargo xtask optimize             # prove them in a copy, ask, commit
  $ cargo xtask restore              # undo it, byte for byte

`<COMMAND> --help` has examples for each, `-h` a summary.

Exit codes:
  0    done, or nothing to do
  1    a check failed (`optimize --check`, `validate`, `cache status`,
       `cache verify`)
  2    it could not be done, and the error says the next step
  130  interrupted";

pub(crate) const OPTIMIZE: &str = "\
Examples:
  $ cargo xtask optimize --dry-run           # the plan; `--diff` adds every line
  $ cargo xtask optimize                     # the whole, with a question
  $ cargo xtask optimize --yes --measure none  # in minutes: proved, not timed
  $ cargo xtask optimize --only unused-dependency,duplicate-version
  $ cargo xtask optimize --check             # for CI

Exit codes: 0 done, or nothing to do; 1 with `--check`: changes are pending;
2 it could not be done; 130 interrupted. Undo: `cargo xtask restore`.";

pub(crate) const VALIDATE: &str = "\
Examples:
  $ cargo xtask validate --quick             # checks and tests, no timed builds
  $ cargo xtask validate                     # and timed, against the last run
  $ cargo xtask validate --against main      # build that revision and compare
  $ cargo xtask validate --quick --summary markdown  # for a pull request

Exit codes: 0 all is well; 1 something fails, or a budget is broken;
2 it could not be done; 130 interrupted.";

pub(crate) const CLEAN: &str = "\
Examples:
  $ cargo xtask clean --dry-run              # what would go, by kind and size
  $ cargo xtask clean                        # delete it
  $ cargo xtask clean --for 'build --release'  # keep what this build uses
  $ cargo xtask clean --max-size 5GB         # oldest first, down to 5 GB

Exit codes: 0 done, or nothing to do; 2 it could not be done; 130 interrupted.";

pub(crate) const RESTORE: &str = "\
Examples:
  $ cargo xtask restore --list               # the backups
  $ cargo xtask restore --dry-run            # what the newest would put back
  $ cargo xtask restore                      # put it back
  $ cargo xtask restore backup-20260102-030405  # another one

Exit codes: 0 done, or all is as it was; 2 refused, and nothing was changed;
130 interrupted.";

pub(crate) const REPORT: &str = "\
Examples:
  $ cargo xtask report --open                # the last run, in the browser
  $ cargo xtask report --list                # all runs
  $ cargo xtask report 20260102-030405       # one of them
  $ cargo xtask report --team-size 12 --hourly-rate 80

Exit codes: 0 done; 2 there is no such run, or it cannot be read;
130 interrupted.";

pub(crate) const CACHE: &str = "\
Examples:
  $ cargo xtask cache setup --backend local  # a directory of this machine
  $ cargo xtask cache status                 # what is set up, what defeats it
  $ cargo xtask cache verify                 # prove it by builds in copies
  $ cargo xtask cache remove                 # take the settings out again

Exit codes: 0 done; 1 with `status`: builds get nothing from a cache, with
`verify`: they get less than they must; 2 it could not be done;
130 interrupted.";

pub(crate) const CACHE_STATUS: &str = "\
Examples:
  $ cargo xtask cache status                 # in words
  $ cargo xtask cache status --format json   # for programs

Exit codes: 0 builds can use the cache; 1 they cannot, or none is set up;
2 it could not be found out; 130 interrupted.";

pub(crate) const CACHE_SETUP: &str = "\
Examples:
  $ cargo xtask cache setup --backend local --dry-run  # the diff only
  $ cargo xtask cache setup --backend redis --endpoint redis://cache:6379
  $ cargo xtask cache setup --backend s3 --bucket builds --region eu-west-1

Exit codes: 0 done, or nothing to do; 2 it could not be done; 130 interrupted.
Undo: `cargo xtask restore`, or `cargo xtask cache remove`.";

pub(crate) const CACHE_VERIFY: &str = "\
Examples:
  $ cargo xtask cache verify                 # one round of four builds
  $ cargo xtask cache verify --rounds 3      # for the spread
  $ cargo xtask cache verify --no-incremental  # as CI builds

Exit codes: 0 the cache serves; 1 it gave less than it must;
2 it could not be found out; 130 interrupted.";

pub(crate) const CACHE_REMOVE: &str = "\
Examples:
  $ cargo xtask cache remove --dry-run       # the diff only
  $ cargo xtask cache remove                 # with a question

Exit codes: 0 done, or nothing to do; 2 it could not be done; 130 interrupted.";

pub(crate) const COMPLETIONS: &str = "\
They complete the installed program, `xtask`, and no alias: shells leave what
follows `cargo` to cargo's own completions.

Examples:
  $ cargo xtask completions bash > xtask.bash   # then `source xtask.bash`
  $ cargo xtask completions zsh > ~/.zfunc/_xtask
  $ cargo xtask completions fish > ~/.config/fish/completions/xtask.fish

Exit codes: 0 printed; 2 stdout could not be written.";

pub(crate) const MAN: &str = "\
Examples:
  $ cargo xtask man | man -l -               # read it now
  $ cargo xtask man --dir ~/.local/share/man/man1  # then `man xtask`

Exit codes: 0 done; 2 it could not be written.";
