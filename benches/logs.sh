#!/usr/bin/env bash
# Logs of a known content, read by httpwhy and by what people use for it, in interleaved rounds: CPU seconds a gigabyte,
# that in proportion to `wc -l` of the same round, megabytes a second, peak memory.
#
#   benches/logs.sh [SIZE [ROUNDS]]      1GB, 3
#
# Needs time of Debian. mawk, goaccess, lnav, agrind (angle-grinder) and a python with duckdb and polars (PYTHON=…) take part where they
# are installed; the slow ones read the first tenth. Ends with 2 when something is missing, with 1 when httpwhy's
# counts are not those of the truth file, and with 3 when a target is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

size="${1:-1GB}"
rounds="${2:-3}"
python="${PYTHON:-python3}"
export LC_ALL=C PATH="$PATH:$HOME/.cargo/bin"

[ -x /usr/bin/time ] || {
    echo "logs.sh: missing: time; apt-get install time" >&2
    exit 2
}
. benches/binary.sh
cargo build --release --quiet --package httpwhy-testkit --example logs

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$target/release/examples/logs" nginx "$size" "$work/combined.log"
"$target/release/examples/logs" nginx-json "$size" "$work/json.log"
bytes="$(stat -c %s "$work/combined.log")"
head -c "$((bytes / 10))" "$work/combined.log" >"$work/tenth.log"

# statuses FILE: `status count` of a truth file or of httpwhy's JSON
truth() { sed -E 's/.*"statuses":\{([^}]*)\}.*/\1/' "$1" | tr ',' '\n' | tr -d '"' | tr ':' ' ' | sort -n; }
found() {
    grep -m1 '"kind":"logs"' "$1" | sed -E 's/.*"statuses":\[([^]]*)\],"groups".*/\1/' | grep -oE '"(status|count)":[0-9]+' |
        sed -E 's/.*://' | paste -d' ' - - | sort -n
}

# measure NAME FILE COMMAND…: one row "bytes seconds cpu KiB" into NAME.rows
measure() {
    local name="$1" file="$2"
    shift 2
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >"$work/$name.out" 2>"$work/$name.err" || {
        echo "logs.sh: $name failed:" >&2
        tail -5 "$work/$name.err" >&2
        return 0
    }
    echo "$(stat -c %s "$file") $(tail -1 "$work/time")" | awk '{ print $1, $2, $3 + $4, $5 }' >>"$work/$name.rows"
}

check() {
    [ "$(truth "$work/$2.truth.json")" = "$(found "$work/$1.out")" ] || {
        echo "logs.sh: $1: not the truth's counts:" >&2
        diff <(truth "$work/$2.truth.json") <(found "$work/$1.out") >&2 || true
        exit 1
    }
}

has() { command -v "$1" >/dev/null; }
module() { "$python" -c "import $1" 2>/dev/null; }

cat >"$work/with_duckdb.py" <<'PY'
import sys, duckdb
print(duckdb.sql(f"""select split_part(trim(column2), ' ', 1) s, count(*) from read_csv('{sys.argv[1]}', delim='"', header=false,
  all_varchar=true, quote='', escape='', null_padding=true, strict_mode=false, ignore_errors=true, max_line_size=1000000, columns={{'column0':'varchar','column1':'varchar',
  'column2':'varchar','column3':'varchar','column4':'varchar','column5':'varchar','column6':'varchar'}}) group by 1""").fetchall())
PY
cat >"$work/with_polars.py" <<'PY'
import sys, polars as pl
frame = pl.scan_csv(sys.argv[1], separator='"', has_header=False, quote_char=None, infer_schema=False, ignore_errors=True, truncate_ragged_lines=True)
print(frame.group_by(pl.nth(2).str.slice(1, 3)).len().collect(engine="streaming"))
PY

echo "$size, $rounds rounds, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
for note in mawk goaccess lnav agrind; do has "$note" || echo "skipped: $note is not installed"; done
for note in duckdb polars; do module "$note" || echo "skipped: $python has no $note"; done
for round in $(seq "$rounds"); do
    measure wc "$work/combined.log" wc -l "$work/combined.log"
    measure counts "$work/combined.log" "$httpwhy" logs --json --counts "$work/combined.log"
    check counts combined.log
    measure triage "$work/combined.log" "$httpwhy" logs --json "$work/combined.log"
    check triage combined.log
    measure json "$work/json.log" "$httpwhy" logs --json --counts "$work/json.log"
    check json json.log
    measure jsontriage "$work/json.log" "$httpwhy" logs --json "$work/json.log"
    check jsontriage json.log
    ! has mawk || measure mawk "$work/combined.log" mawk -F'"' '{ split($3, a, " "); n[a[1]]++ } END { for (s in n) print s, n[s] }' "$work/combined.log"
    ! module duckdb || measure duckdb "$work/combined.log" "$python" "$work/with_duckdb.py" "$work/combined.log"
    ! module polars || measure polars "$work/combined.log" "$python" "$work/with_polars.py" "$work/combined.log"
    ! has goaccess || measure goaccess "$work/tenth.log" goaccess "$work/tenth.log" --log-format=COMBINED --no-global-config -o "$work/report.json"
    ! has lnav || measure lnav "$work/tenth.log" lnav -n -c ';select sc_status, count(*) from access_log group by 1' "$work/tenth.log"
    ! has agrind || measure agrind "$work/tenth.log" agrind -f "$work/tenth.log" '* | parse "* - * [*] \"*\" * *" as ip, user, time, request, status, rest | count by status'
    echo "round $round: every count of httpwhy is the truth's" >&2
done

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
missed=0
# row NAME TITLE [CPU-TARGET RATIO-TARGET]
row() {
    [ -s "$work/$1.rows" ] || return 0
    paste -d' ' "$work/$1.rows" "$work/wc.rows" |
        awk '{ cpu = $3 / $1 * 1e9; wc = $7 / $5 * 1e9
               # A small log takes less than the hundredth of a second that time tells.
               print cpu, wc ? cpu / wc : 0, $2 ? $1 / $2 / 1e6 : 0, $4 / 1024 }' >"$work/figures"
    column() { awk -v n="$1" '{ print $n }' "$work/figures" | median; }
    local cpu ratio speed memory note=""
    cpu="$(column 1)" ratio="$(column 2)" speed="$(column 3)" memory="$(column 4)"
    if [ -n "${3:-}" ]; then
        note="$(awk -v cpu="$cpu" -v ratio="$ratio" -v memory="$memory" -v most="$3" -v times="$4" 'BEGIN {
            if (cpu > most) printf "MISSED: at most %s CPU s/GB ", most
            if (ratio > times) printf "MISSED: at most %s x wc ", times
            if (memory * 1.048576 > 64) printf "MISSED: at most 64 MB" }')"
        [ -z "$note" ] || missed=3
    fi
    printf '%-34s %10.2f %8.1f %8.0f %9.1f  %s\n' "$2" "$cpu" "$ratio" "$speed" "$memory" "$note"
}
printf '%-34s %10s %8s %8s %9s\n' "" "CPU s/GB" "x wc -l" "MB/s" "peak MiB"
row wc "wc -l"
row counts "httpwhy logs --counts" 0.8 3
row triage "httpwhy logs" 2.0 6
row json "httpwhy logs --counts, JSON log" 1.2 1000
row jsontriage "httpwhy logs, JSON log"
row mawk "mawk -F'\"', count by status"
row duckdb "DuckDB, count by status"
row polars "polars, count by status"
row goaccess "GoAccess, a tenth"
row lnav "lnav, count by status, a tenth"
row agrind "angle-grinder, a tenth"
exit "$missed"
