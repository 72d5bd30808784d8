#!/usr/bin/env bash
# What keeping a run costs beside not keeping it: one list of URLs on a local nginx, in interleaved rounds.
#
#   benches/store.sh [URLS [ROUNDS [CONCURRENCY]]]      50000, 5, 50
#
# Nine of ten URLs are answered 200, one 404. `save` keeps them as `probe --save` does: every row and count, the bytes of
# all failures, of the first 1,000 successes and of one in a hundred thereafter; `save all` the bytes of all. CPU seconds
# are those of the whole process, the thread that writes included; the rate is what somebody who waits sees.
# Needs nginx, curl and time of Debian. Ends with 2 when something is missing, with 1 when a run is not kept whole.
set -euo pipefail
cd "$(dirname "$0")/.."

urls="${1:-50000}"
rounds="${2:-5}"
together="${3:-50}"
export LC_ALL=C PATH="$PATH:/usr/sbin:$HOME/.cargo/bin"

missing=()
for need in nginx curl; do command -v "$need" >/dev/null || missing+=("$need"); done
[ -x /usr/bin/time ] || missing+=(time)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "store.sh: missing: ${missing[*]}; apt-get install ${missing[*]}" >&2
    exit 2
fi

. benches/binary.sh
. benches/nginx.sh
serve '
        location / { return 200 "fine\n"; }
        location /missing/ { return 404; }'

awk -v n="$urls" -v base="$base" 'BEGIN { for (i = 1; i <= n; i++)
    printf "%s/%s/%d/item-%d\n", base, i % 10 ? "shop" : "missing", i % 500, i }' >"$work/urls.txt"

# probe NAME OPTIONS…: seconds on the clock, CPU seconds and KiB of one run, into NAME.rows
probe() {
    local name="$1"
    shift
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' \
        "$httpwhy" probe "$work/urls.txt" -q -c "$together" -o "$work/out.jsonl" "$@"
    awk '{ print $1, $2 + $3, $4 }' "$work/time" >>"$work/$name.rows"
}

for _ in $(seq "$rounds"); do
    rm -f "$work"/*.db*
    probe none --no-save
    probe save "--save=$work/save.db"
    probe all "--save=$work/all.db" --save-sample 1
    for name in save all; do
        kept="$("$httpwhy" runs --store "$work/$name.db" list --json | sed 's/.*"targets":\([0-9]*\).*/\1/')"
        [ "$kept" = "$urls" ] || { echo "store.sh: $name keeps $kept of $urls" >&2; exit 1; }
    done
done

median() { sort -g | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
printf '%s URLs, %s at a time, %s rounds, medians\n' "$urls" "$together" "$rounds"
printf '%-10s %12s %12s %10s %12s\n' "" "rate /s" "CPU s/10k" "peak MiB" "bytes/URL"
for name in none save all; do
    seconds="$(awk '{ print $1 }' "$work/$name.rows" | median)"
    cpu="$(awk '{ print $2 }' "$work/$name.rows" | median)"
    peak="$(awk '{ print $3 }' "$work/$name.rows" | median)"
    size=0
    [ ! -e "$work/$name.db" ] || size="$(stat -c %s "$work/$name.db")"
    case "$name" in none) title="no save" ;; save) title=save ;; *) title="save all" ;; esac
    awk -v t="$title" -v n="$urls" -v s="$seconds" -v c="$cpu" -v p="$peak" -v b="$size" 'BEGIN {
        printf "%-10s %12.0f %12.3f %10.1f %12.0f\n", t, n / s, c * 1e4 / n, p / 1024, b / n }'
done
