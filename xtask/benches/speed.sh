#!/usr/bin/env bash
# How fast the tool itself is, as ratios to what docs/speed.md promises.
#
#   xtask/benches/speed.sh [cold|help|second|quick|all]      (default: all)
#
# cold    the build of xtask into an empty target directory, crates downloaded before
# help    `cargo xtask --help`, built before, against `cargo --version`
# second  `optimize` where an earlier run left nothing to do: what it takes beyond cargo
# quick   `optimize --measure quick` on a copy of AIMDS as committed, against one check, one update and one clean
#         build of it plus the baseline builds that the run compares with
#
# XTASK_RUNS      how many cold builds (default 3)
# XTASK_OFFLINE   if set, nothing is asked of the network; all crates must be there
# TMPDIR          where the copies and target directories go: a disk, if builds are to be what they are elsewhere
#
# Prints `met` or `missed` beside each target and exits with 0 either way; with another code if something failed to
# run. Times are wall times: on a machine that does something else they say nothing.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly RUNS=${XTASK_RUNS:-3}
readonly STARTS=20 AGAIN=5
readonly COLD_SECONDS=25 HELP_SECONDS=0.3 INSIDE_SHARE=0.9 QUICK_RATIO=1 SECOND_SECONDS=2
offline=()
if [ -n "${XTASK_OFFLINE:-}" ]; then offline=(--offline); fi

scratch=$(mktemp -d)
log="$scratch/log"
finish() {
    local code=$?
    if [ "$code" -ne 0 ] && [ -s "$log" ]; then
        echo "failed; the last lines of what ran:" >&2
        tail -n 20 "$log" >&2
    fi
    rm -rf "$scratch"
}
trap finish EXIT

# Wall seconds of a command; what it says goes to the log.
seconds() {
    local TIMEFORMAT=%3R
    { time "$@" >>"$log" 2>&1; } 2>&1
}

# Arithmetic, and comparison: awk knows fractions everywhere.
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
within() { if awk "BEGIN { exit !($1 <= $2) }"; then echo met; else echo missed; fi; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

row() { printf '%-58s %10s   %s\n' "$1" "$2" "${3:-}"; }

cold() {
    cargo fetch --locked ${offline[@]+"${offline[@]}"} >>"$log" 2>&1
    local times="" run best middle
    for ((run = 1; run <= RUNS; run++)); do
        times+=$(seconds env CARGO_TARGET_DIR="$scratch/cold" \
            cargo build --package xtask --locked --offline)$'\n'
        rm -rf "$scratch/cold"
    done
    best=$(printf %s "$times" | sort -n | head -n 1)
    middle=$(printf %s "$times" | median)
    row "cold build of xtask, best of $RUNS" "$(calc "$best" 1) s"
    row "cold build of xtask, median of $RUNS" "$(calc "$middle" 1) s"
    row "  median to $COLD_SECONDS s" "$(calc "$middle / $COLD_SECONDS")" "$(within "$middle" $COLD_SECONDS)"
}

help() {
    cargo xtask --help >>"$log" 2>&1
    local own="" cargos="" start added
    for ((start = 0; start < STARTS; start++)); do
        own+=$(seconds cargo xtask --help)$'\n'
        cargos+=$(seconds cargo --version)$'\n'
    done
    own=$(printf %s "$own" | median)
    cargos=$(printf %s "$cargos" | median)
    added=$(calc "$own - $cargos" 3)
    row "cargo xtask --help, median of $STARTS" "$(calc "$own" 3) s"
    row "cargo --version, median of $STARTS" "$(calc "$cargos" 3) s"
    row "  what the first takes longer" "$added s" "$(within "$added" $HELP_SECONDS)"
    row "  to $HELP_SECONDS s" "$(calc "$added / $HELP_SECONDS")"
}

# A copy of AIMDS as committed.
copy() {
    mkdir "$scratch/$1"
    git archive HEAD AIMDS | tar -x -C "$scratch/$1"
}

# Sum of the baseline samples in seconds of a record.
baseline_samples() {
    awk '/"what":/ { seconds = 0 }
        /"unit":/ { seconds = /"seconds"/ }
        /"baseline": \[/ { inside = 1 }
        /^ *\]/ { inside = 0 }
        inside && seconds && /"value":/ { gsub(/[^0-9.eE+-]/, "", $2); sum += $2 }
        END { printf "%.3f", sum }' "$1"
}

# A number of the record, or nothing.
number() { sed -n "s/^ *\"$1\": \([0-9.eE+-]*\),*\$/\1/p" "$2" | head -n 1; }

# What the record of a run says of its own time: timed builds have fields of these names too.
spent() { sed -n '/^  "spent": {/,/}/p' "$1" >"$scratch/spent"; }

# Builds the tool, and lets nothing be built where the user's builds go.
prepare() {
    unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR CARGO_BUILD_BUILD_DIR
    cargo build --package xtask --locked ${offline[@]+"${offline[@]}"} >>"$log" 2>&1
}

second() {
    prepare
    copy second
    local record="$scratch/second.json" spent="$scratch/spent" run walls="" beyond=""
    one_run() {
        cargo xtask optimize --yes --measure none --no-test --format json ${offline[@]+"${offline[@]}"} \
            --manifest-path "$scratch/second/AIMDS/Cargo.toml" >"$record" 2>>"$log"
    }
    one_run
    for ((run = 0; run < AGAIN; run++)); do
        one_run
        if grep -q '"verdict": "applied"' "$record"; then
            echo "a later run still applied something: its figures are no figures of a second run" >&2
            exit 1
        fi
        spent "$record"
        walls+=$(number wall_seconds "$spent")$'\n'
        beyond+=$(calc "$(number wall_seconds "$spent") - $(number cargo_seconds "$spent")" 3)$'\n'
    done
    row "optimize with nothing to do, median of $AGAIN" "$(calc "$(printf %s "$walls" | median)" 1) s"
    beyond=$(printf %s "$beyond" | median)
    row "  of it beyond cargo" "$(calc "$beyond" 2) s" "$(within "$beyond" $SECOND_SECONDS)"
    row "  to $SECOND_SECONDS s" "$(calc "$beyond / $SECOND_SECONDS")"
    rm -rf "$scratch/second"
}

quick() {
    prepare
    copy reference
    copy run
    local check update build reference checked
    (cd "$scratch/reference/AIMDS" && cargo fetch --locked ${offline[@]+"${offline[@]}"}) >>"$log" 2>&1
    pushd "$scratch/reference/AIMDS" >/dev/null
    check=$(seconds cargo check --workspace --offline)
    update=$(seconds cargo update ${offline[@]+"${offline[@]}"})
    cargo clean >>"$log" 2>&1
    # The same dependencies as the baseline of the run has, not those that the update brought.
    cp "$scratch/run/AIMDS/Cargo.lock" Cargo.lock
    build=$(seconds cargo build --workspace --timings --offline)
    # The check that the run makes of its baseline; cargo says there only what fails.
    checked=$(seconds env CARGO_TARGET_DIR="$scratch/check" \
        cargo check --workspace --all-targets --keep-going --offline)
    popd >/dev/null
    rm -rf "$scratch/reference" "$scratch/check"
    reference=$(calc "$check + $update + $build" 3)

    local record="$scratch/record.json" wall
    one_run() {
        cargo xtask optimize --yes --measure quick --format json ${offline[@]+"${offline[@]}"} \
            --manifest-path "$scratch/run/AIMDS/Cargo.toml" >"$record"
    }
    # Its stdout is the record: only what it says to people goes to the log.
    wall=$(local TIMEFORMAT=%3R; { time one_run 2>>"$log"; } 2>&1)

    local timed rest inside total names again
    timed=$(baseline_samples "$record")
    rest=$(calc "$wall - $timed - $checked" 3)
    row "one check, one update, one clean build of AIMDS" "$(calc "$reference" 1) s" \
        "$(calc "$check" 1) + $(calc "$update" 1) + $(calc "$build" 1)"
    row "optimize --measure quick" "$(calc "$wall" 1) s"
    row "  of it the check of the baseline (timed apart)" "$(calc "$checked" 1) s"
    row "  of it timed builds of the baseline" "$(calc "$timed" 1) s"
    row "  to the three commands and these two" "$(calc "$wall / ($reference + $timed + $checked)")" \
        "$(within "$wall" "($reference + $timed + $checked) * $QUICK_RATIO")"
    row "  the rest" "$(calc "$rest" 1) s"
    row "  the rest to the three commands" "$(calc "$rest / $reference")"

    spent "$record"
    inside=$(number cargo_seconds "$scratch/spent")
    total=$(number wall_seconds "$scratch/spent")
    if [ -n "$inside" ] && [ -n "$total" ]; then
        row "  share of the run inside cargo" "$(calc "100 * $inside / $total" 1) %" \
            "$(within $INSIDE_SHARE "$inside / $total")"
    else
        row "  share of the run inside cargo" "–" "the record does not say"
    fi

    # What was built of which manifests, lock file and configuration: the history has a line for each build.
    names=$(sed -n 's/.*"what":"\(clean-[a-z]*\)".*"configuration":"\([0-9a-f]*\)".*/\1 \2/p' \
        "$scratch/run/AIMDS/.xtask-history/samples.jsonl")
    again=$(printf '%s\n' "$names" | sort | uniq -c | awk '{ sum += $1 - 1 } END { print sum + 0 }')
    row "  clean builds that were timed" "$(printf '%s\n' "$names" | grep -c . || true)"
    row "  of them of what had been built before" "$again" "$(within "$again" 0)"
}

case ${1:-all} in
    cold | help | second | quick) "$1" ;;
    all)
        cold
        help
        second
        quick
        ;;
    *)
        echo "usage: ${BASH_SOURCE[0]} [cold|help|second|quick|all]" >&2
        exit 2
        ;;
esac
