#!/usr/bin/env bash
# CPU seconds per gigabyte of `httpwhy logs` on nginx combined lines, beside `wc -l`: counts only, and the full triage.
# Runs are interleaved; the median of each counts, user and system time together.
#
#   benches/logs.sh [MEGABYTES] [RUNS]      1000 5
set -euo pipefail
cd "$(dirname "$0")/.."

megabytes="${1:-1000}"
runs="${2:-5}"
export LC_ALL=C

cargo build --release --quiet --package httpwhy-logs --example triage
triage="$(cargo metadata --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/examples/triage"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
log="$work/access.log"

# Deterministic lines of some 225 bytes: numbers in paths, a few per cent of failures, a hundred agents, many clients.
awk -v bytes="$((megabytes * 1000000))" 'BEGIN {
    srand(5)
    split("/ /cart /login /api/orders /api/v2/items /static/app.3f2a1b9c.js /img/logo.png /p/shoes /p/hats", fixed, " ")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537."
    while (written < bytes) {
        second = int(lines++ / 400)
        stamp = sprintf("%02d/Nov/2026:%02d:%02d:%02d +0000", 3 + int(second / 86400), int(second / 3600) % 24, int(second / 60) % 60, second % 60)
        dice = rand()
        path = dice < 0.45 ? "/users/" int(rand() * 200000) "/orders/" int(rand() * 9000) : dice < 0.6 ? "/api/items?id=" int(rand() * 99999) : fixed[1 + int(rand() * 9)]
        dice = rand()
        status = dice < 0.02 ? 404 : dice < 0.025 ? 502 : dice < 0.027 ? 499 : dice < 0.028 ? 503 : dice < 0.06 ? 304 : 200
        line = sprintf("%d.%d.%d.%d - - [%s] \"GET %s HTTP/1.1\" %d %d \"https://shop.example/\" \"%s%d\"", 1 + int(rand() * 220), int(rand() * 20), int(rand() * 256), 1 + int(rand() * 254), stamp, path, status, 100 + int(rand() * 90000), agent, int(rand() * 100))
        written += length(line) + 1
        print line
    }
}' >"$log"
size="$(stat -c %s "$log")"

# cpu NAME COMMAND…: user and system seconds of one run, into NAME.rows
cpu() {
    local name="$1" TIMEFORMAT='%U %S' spent
    shift
    spent="$({ time "$@" >/dev/null 2>&1; } 2>&1)"
    echo "$spent" | awk '{ print $1 + $2 }' >>"$work/$name.rows"
}

for _ in $(seq "$runs"); do
    cpu wc wc -l "$log"
    cpu counts "$triage" --counts "$log"
    cpu full "$triage" "$log"
done

printf '%-28s %12s %12s %10s\n' "$size bytes, $runs runs" "CPU s/GB" "of wc -l" "wanted"
median() { sort -n "$work/$1.rows" | awk '{ row[NR] = $1 } END { print row[int((NR + 1) / 2)] }'; }
floor="$(median wc)"
for name in wc counts full; do
    case "$name" in
    wc) title="wc -l" wanted="" ;;
    counts) title="httpwhy logs --counts" wanted="0.8" ;;
    *) title="httpwhy logs" wanted="2.0" ;;
    esac
    awk -v title="$title" -v spent="$(median "$name")" -v size="$size" -v floor="$floor" -v wanted="$wanted" \
        'BEGIN { printf "%-28s %12.2f %12.1f %10s\n", title, spent / size * 1e9, floor > 0 ? spent / floor : 0, wanted }'
done
