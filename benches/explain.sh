#!/usr/bin/env bash
# How long `httpwhy explain 404` takes from start to end, beside /bin/true: what starting any process costs here.
#
#   benches/explain.sh [RUNS]      200
set -euo pipefail
cd "$(dirname "$0")/.."

runs="${1:-200}"
export LC_ALL=C

. benches/binary.sh

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# took NAME COMMAND…: microseconds of one run, into NAME.rows
took() {
    local name="$1" start end
    shift
    start="${EPOCHREALTIME/./}"
    "$@" >/dev/null
    end="${EPOCHREALTIME/./}"
    echo $((end - start)) >>"$work/$name.rows"
}

for _ in $(seq "$runs"); do
    took true /bin/true
    took explain "$httpwhy" explain 404
    took json "$httpwhy" explain 404 --json
    took search "$httpwhy" explain --search "certificate expired"
done

printf '%-48s %10s %10s %10s\n' "$runs runs each, milliseconds" "median" "95 %" "least"
for name in true explain json search; do
    case "$name" in
    true) title=/bin/true ;;
    explain) title="httpwhy explain 404" ;;
    json) title="httpwhy explain 404 --json" ;;
    *) title='httpwhy explain --search "certificate expired"' ;;
    esac
    sort -n "$work/$name.rows" | awk -v t="$title" '
        { v[NR] = $1 / 1000 }
        END { printf "%-48s %10.2f %10.2f %10.2f\n", t, v[int((NR + 1) / 2)], v[int(NR * 0.95 + 0.5)], v[1] }'
done
