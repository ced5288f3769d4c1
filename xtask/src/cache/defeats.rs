//! What keeps sccache from being of use here: counted in the resolved graph, its cost from a recorded build.
//!
//! Pure but for [`environment`]. A cost is said in numbers only where a recorded build has them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CrateType, DependencyKind, PackageId, Target};
use serde::Serialize;
use toml_edit::DocumentMut;

use super::found::{Found, is_sccache};
use crate::{
    configuration::Stack,
    manifest,
    record::Timeline,
    sccache::{Version, WITHOUT_INCREMENTAL},
    snapshot::Snapshot,
    wording,
};

/// The mode of a unit that is the run of a build script: nothing is compiled.
const RUN: &str = "run-custom-build";

/// One thing that defeats the cache.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Defeat {
    /// `refused`, `wrapper`, `workspace-wrapper`, `incremental`, `linked`, `paths`, `cargo-home`, `variables`.
    pub(super) code: &'static str,
    /// Compilations of a clean dev build, where it is about some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) units: Option<usize>,
    /// Of all units of the recorded build, the share of unit time, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) share: Option<f64>,
    pub(super) text: String,
}

/// What a dev build of all members compiles on this host, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// Libraries of dependencies.
    pub(super) libraries: usize,
    pub(super) members: usize,
    /// Programs, build scripts, macros and dynamic libraries: whatever is linked.
    pub(super) macros: usize,
    pub(super) scripts: usize,
    pub(super) programs: usize,
    pub(super) dynamic: usize,
}

impl Kinds {
    fn linked(self) -> usize {
        self.macros + self.scripts + self.programs + self.dynamic
    }
}

/// Counts what is compiled, one for each target and package: for a macro and for the host some are compiled twice.
pub(super) fn kinds(snapshot: &Snapshot) -> Kinds {
    let members: BTreeSet<&PackageId> = snapshot.metadata.workspace_members.iter().collect();
    let mut pending: Vec<&PackageId> = members.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut kinds = Kinds::default();
    while let Some(id) = pending.pop() {
        let (Some(package), Some(node)) = (snapshot.package(id), snapshot.node(id)) else {
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        let is_member = members.contains(id);
        for target in &package.targets {
            count(&mut kinds, target, is_member);
        }
        let built = node.deps.iter().filter(|dep| {
            dep.dep_kinds.iter().any(|info| {
                let is_here = info.target.as_ref().is_none_or(|target| {
                    target.matches(&snapshot.machine.host, &snapshot.host_cfg)
                });
                info.kind != DependencyKind::Development && is_here
            })
        });
        pending.extend(built.map(|dep| &dep.pkg));
    }
    kinds
}

/// Names of packages that are macros.
pub(super) fn macros(snapshot: &Snapshot) -> BTreeSet<String> {
    let is_macro =
        |package: &&cargo_metadata::Package| package.targets.iter().any(Target::is_proc_macro);
    let packages = snapshot.metadata.packages.iter().filter(is_macro);
    packages.map(|package| package.name.to_string()).collect()
}

fn count(kinds: &mut Kinds, target: &Target, is_member: bool) {
    let has = |kind: &CrateType| target.crate_types.contains(kind);
    if target.is_custom_build() {
        kinds.scripts += 1;
    } else if target.is_proc_macro() {
        kinds.macros += 1;
    } else if target.is_bin() {
        kinds.programs += usize::from(is_member);
    } else if target.is_test() || target.is_bench() || target.is_example() {
        // No dev build compiles these.
    } else if has(&CrateType::CDyLib) || has(&CrateType::DyLib) {
        kinds.dynamic += 1;
    } else if is_member {
        kinds.members += 1;
    } else {
        kinds.libraries += 1;
    }
}

/// Variables with which sccache refuses to compile anything, if they are `1`.
/// Source: `incr_env_strs` in sccache's `src/commands.rs`, since 0.11.
const REFUSED: [&str; 2] = ["CARGO_BUILD_INCREMENTAL", "CARGO_INCREMENTAL"];

/// The variable of the environment with which this sccache refuses to compile anything.
pub(super) fn refused(
    version: Option<Version>,
    environment: &BTreeMap<String, String>,
) -> Option<&'static str> {
    let refuses = version.is_some_and(|version| version >= WITHOUT_INCREMENTAL);
    let is_set = |name: &&str| environment.get(*name).is_some_and(|value| value == "1");
    REFUSED.into_iter().find(is_set).filter(|_| refuses)
}

/// The variable for the setting of the dev profile.
const PROFILE: &str = "CARGO_PROFILE_DEV_INCREMENTAL";

/// Whether members are compiled incrementally in a dev build, and what says so.
pub(super) fn incremental(
    snapshot: &Snapshot,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    incremental_by(&snapshot.stack, snapshot.root_document(), environment)
}

/// The same from a configuration, the manifest of the workspace and an environment.
/// Source: `Profiles::new` and `get_profile` in cargo's `profiles.rs`.
fn incremental_by(
    stack: &Stack,
    manifest: &DocumentMut,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    let by_variable = |name: &str, on: &str| {
        let value = environment.get(name)?;
        Some((value == on).then(|| format!("{name}={value} in the environment")))
    };
    let by_file = |path: &[&str]| {
        let (value, file) = stack.value_of(path)?;
        let key = path.join(".");
        Some((value == "true").then(|| format!("`{key}` in `{}`", file.display())))
    };
    let by_manifest = || {
        let item = manifest::item_at(manifest, &["profile", "dev", "incremental"])?.as_bool()?;
        Some(item.then(|| "`profile.dev.incremental` in the manifest".to_owned()))
    };
    by_variable("CARGO_INCREMENTAL", "1")
        .or_else(|| by_variable("CARGO_BUILD_INCREMENTAL", "true"))
        .or_else(|| by_file(&["build", "incremental"]))
        .or_else(|| by_variable(PROFILE, "true"))
        .or_else(|| by_file(&["profile", "dev", "incremental"]))
        .or_else(by_manifest)
        .unwrap_or_else(|| Some("cargo's default for the dev profile".to_owned()))
}

/// The variables that [`incremental`] and [`refused`] look at, as the environment has them.
pub(super) fn environment() -> BTreeMap<String, String> {
    let names = [REFUSED[0], REFUSED[1], PROFILE];
    let set =
        names.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    set.collect()
}

/// What was read for [`defeats`].
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) found: &'a Found,
    pub(super) kinds: Kinds,
    /// As [`refused`] says it.
    pub(super) refused: Option<&'static str>,
    /// As [`incremental`] says it.
    pub(super) incremental: Option<String>,
    /// Names of the members, and of packages that are macros.
    pub(super) members: BTreeSet<String>,
    pub(super) macros: BTreeSet<String>,
    pub(super) root: String,
    pub(super) cargo_home: String,
    /// Names of variables of the environment that are part of every key.
    pub(super) hashed: Vec<String>,
    /// The newest recorded clean dev build.
    pub(super) timeline: Option<&'a Timeline>,
}

/// Everything that defeats the cache, the worst first.
pub(super) fn defeats(at: &Surroundings<'_>) -> Vec<Defeat> {
    let mut out = Vec::new();
    if let Some(variable) = at.refused {
        out.push(plain("refused", refusal(variable)));
    }
    if let Some(wrapper) = at.found.wrapper.as_ref().filter(|wrapper| !is_sccache(&wrapper.value)) {
        out.push(plain(
            "wrapper",
            format!(
                "{} sets the wrapper `{}`: with it, nothing goes through sccache",
                wrapper.by, wrapper.value
            ),
        ));
    }
    if let Some(wrapper) = &at.found.workspace_wrapper {
        out.push(plain(
            "workspace-wrapper",
            format!(
                "{} sets the wrapper `{}` for members: they are compiled by it and under other keys",
                wrapper.by,
                wrapper.value
            ),
        ));
    }
    let linked = at.kinds.linked();
    let is_linked = |unit: &Unit<'_>| {
        let is_macro = at.macros.contains(unit.package) && unit.target.is_empty();
        unit.mode != RUN
            && (is_macro || unit.target.contains("build-script") || unit.target.starts_with("bin"))
    };
    if linked > 0 {
        let share = at.timeline.map(|timeline| share(timeline, is_linked));
        out.push(Defeat {
            code: "linked",
            units: Some(linked),
            share,
            text: format!(
                "{} linked, which sccache does not cache ({}); every clean build compiles what is linked{}",
                match linked {
                    1 => "1 unit is".to_owned(),
                    count => format!("{count} units are"),
                },
                linked_by_kind(&at.kinds),
                of_time(share)
            ),
        });
    }
    if let Some(by) = &at.incremental {
        let is_member = |unit: &Unit<'_>| {
            at.members.contains(unit.package) && unit.mode != RUN && !is_linked(unit)
        };
        let share = at.timeline.map(|timeline| share(timeline, is_member));
        out.push(Defeat {
            code: "incremental",
            units: Some(at.kinds.members),
            share,
            text: format!(
                "{} compiled incrementally ({by}), which sccache does not cache{}; that keeps rebuilds after an edit \
                 short, so it is left. Where nothing is edited, as in CI, build with `--config \
                 profile.dev.incremental=false`; the variable CARGO_INCREMENTAL would be part of every key",
                match at.kinds.members {
                    1 => "1 member is".to_owned(),
                    count => format!("{count} members are"),
                },
                of_time(share)
            ),
        });
    }
    out.push(plain(
        "paths",
        format!(
            "the directory of a compilation is part of its key: members, compiled in `{}`, are found by builds in a \
             directory of that name only, and so are crates that include what their build script wrote into the \
             target directory, and what depends on those. `cache verify` counts them; the same path on all machines, \
             as in containers, avoids it",
            at.root
        ),
    ));
    out.push(plain(
        "cargo-home",
        format!(
            "dependencies are compiled in cargo's home, here `{}`: who has it elsewhere finds nothing. Set CARGO_HOME to \
             one path on all machines",
            at.cargo_home
        ),
    ));
    if !at.hashed.is_empty() {
        out.push(plain(
            "variables",
            format!(
                "{} in the environment here: every variable that begins with `CARGO_` is part of every key, so who has \
                 another value, or none, finds nothing. Unset them where builds are to share, or set them the same \
                 everywhere; files of cargo's configuration and flags are no part of keys",
                at.hashed.join(", ")
            ),
        ));
    }
    out
}

/// What [`refused`] means.
fn refusal(variable: &str) -> String {
    format!(
        "{variable}=1 in the environment: sccache refuses to compile anything with it, so every build through it fails; \
         unset it, or build with `RUSTC_WRAPPER=`"
    )
}

/// Whether a variable is part of the keys of sccache, and is not there only because cargo started this program.
/// Source: `generate_hash_key` in sccache's `src/compiler/rust.rs`.
pub(super) fn is_hashed(name: &str) -> bool {
    const SETTINGS: [&str; 15] = [
        "ALIAS_",
        "BUILD_",
        "CACHE_",
        "FUTURE_INCOMPAT_",
        "HTTP_",
        "INCREMENTAL",
        "INSTALL_",
        "LOG",
        "NET_",
        "PROFILE_",
        "REGISTRY_",
        "RESOLVER_",
        "TARGET_",
        "TERM_",
        "UNSTABLE_",
    ];
    let rest = name.strip_prefix("CARGO_");
    rest.is_some_and(|rest| SETTINGS.iter().any(|one| rest.starts_with(one)))
        && name != "CARGO_BUILD_JOBS"
}

fn plain(code: &'static str, text: String) -> Defeat {
    Defeat { code, units: None, share: None, text }
}

/// A unit of a recorded build, as far as it counts here.
struct Unit<'a> {
    package: &'a str,
    target: &'a str,
    mode: &'a str,
}

fn share(timeline: &Timeline, is_meant: impl Fn(&Unit<'_>) -> bool) -> f64 {
    let all: f64 = timeline.units.iter().map(|unit| unit.seconds).sum();
    let meant = timeline.units.iter().filter(|unit| {
        is_meant(&Unit { package: &unit.package, target: &unit.target, mode: &unit.mode })
    });
    // The sum of nothing is -0.0.
    let meant = meant.fold(0.0, |sum, unit| sum + unit.seconds);
    if all > 0.0 { meant / all } else { 0.0 }
}

/// `2 build scripts, 1 macro`
fn linked_by_kind(kinds: &Kinds) -> String {
    let dynamic = if kinds.dynamic == 1 { "library" } else { "libraries" };
    let parts = [
        (kinds.scripts, wording::count(kinds.scripts, "build script")),
        (kinds.macros, wording::count(kinds.macros, "macro")),
        (kinds.programs, wording::count(kinds.programs, "program")),
        (kinds.dynamic, format!("{} dynamic {dynamic}", kinds.dynamic)),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, part)| part).collect();
    parts.join(", ")
}

fn of_time(share: Option<f64>) -> String {
    share
        .map(|share| {
            format!(" ({:.0} % of the unit time of the last recorded build)", share * 100.0)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
