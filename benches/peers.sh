#!/usr/bin/env bash
# One list of URLs on a local nginx, walked by httpwhy and by the tools people use for it, in interleaved rounds:
# CPU seconds for 10,000 URLs, rate, peak memory, connections, and each in proportion to wrk in the same round.
#
#   benches/peers.sh [URLS [ROUNDS [CONCURRENCY…]]]      200000, 3, 50 200
#
# Needs nginx, curl, time and wrk of Debian. oha, ffuf, hey and lychee take part where they are installed. The tools
# that need ten times wrk's time get a tenth of the list, lychee a hundredth; their figures are for 10,000 URLs like all.
# Ends with 2 when something is missing, with 1 when httpwhy gave a wrong outcome or not a record for every URL.
set -euo pipefail
cd "$(dirname "$0")/.."

urls="${1:-200000}"
rounds="${2:-3}"
shift "$(($# < 2 ? $# : 2))"
together=("${@:-50}")
[ "$#" -gt 0 ] || together=(50 200)
distinct=20000
export LC_ALL=C PATH="$PATH:/usr/sbin:$HOME/.cargo/bin"

missing=()
for need in nginx curl wrk; do command -v "$need" >/dev/null || missing+=("$need"); done
[ -x /usr/bin/time ] || missing+=(time)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "peers.sh: missing: ${missing[*]}; apt-get install ${missing[*]}" >&2
    exit 2
fi

. benches/binary.sh
. benches/nginx.sh
# `return 500 "…"` keeps the connection where `return 500` closes it, so that connections are the client's own choice.
serve '
        location /200/ { return 200 "fine\n"; }
        location /301/ { return 301 /200/x; }
        location /403/ { return 403; }
        location /404/ { return 404; }
        location /500/ { return 500 "broken\n"; }'

# Six of ten are 200, one each 301, 403, 404, 500.
awk -v n="$urls" -v distinct="$distinct" 'BEGIN {
    split("200 200 301 200 403 200 404 200 500 200", kinds, " ")
    for (i = 0; i < n; i++) printf "/%s/%d\n", kinds[i % 10 + 1], i % distinct
}' >"$work/paths.txt"
# list NAME COUNT: the first COUNT of them as URLs
list() { head -n "$2" "$work/paths.txt" | sed "s|^|$base|" >"$work/$1.txt"; }
tenth=$((urls / 10))
hundredth=$((urls / 100))
list all "$urls"
list tenth "$tenth"
list hundredth "$hundredth"
sed 's|.*|url = "&"\noutput = "/dev/null"|' "$work/tenth.txt" >"$work/curl.cfg"
cat >"$work/walk.lua" <<LUA
local paths, at = {}, 0
for line in io.lines("$work/paths.txt") do
    paths[#paths + 1] = line
    if #paths == $distinct then break end
end
function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end
LUA

# "accepted requests" so far
counts() { curl -s "$base/counts" | awk 'NR == 3 { print $1, $3 }'; }

# measure NAME COMMAND…: one row "seconds cpu KiB connections requests" into NAME.rows
measure() {
    local name="$1" before after
    shift
    before="$(counts)"
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >"$work/$name.out" 2>"$work/$name.err" || {
        case "$name" in lychee) ;; *)
            echo "peers.sh: $name failed:" >&2
            tail -5 "$work/$name.err" >&2
            exit 1
            ;;
        esac
    }
    after="$(counts)"
    # Asking for the counts is a connection and a request itself.
    echo "$(tail -1 "$work/time") $before $after" |
        awk '{ print $1, $2 + $3, $4, $7 - $5 - 1, $8 - $6 - 1 }' >>"$work/$name.rows"
}

check_httpwhy() {
    awk -v n="$urls" '
        function member(key,    start) {
            if (!match($0, "\"" key "\":\"[^\"]*\"")) return ""
            start = RSTART + length(key) + 4
            return substr($0, start, RLENGTH - length(key) - 5)
        }
        {
            split(member("target"), part, "/")
            if (member("outcome") != "http/" part[4] && wrong++ < 5) print "wrong: " $0 > "/dev/stderr"
        }
        END {
            if (NR != n) { print NR " records for " n " URLs" > "/dev/stderr"; exit 1 }
            exit wrong > 0
        }' "$1"
}

# The median of a column.
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

has() { command -v "$1" >/dev/null; }

for c in "${together[@]}"; do
    rm -f "$work"/*.rows
    # As many seconds of wrk as it needs for about the whole list.
    seconds=$((urls / 80000 + 1))
    for round in $(seq "$rounds"); do
        measure wrk wrk -t1 -c"$c" -d"${seconds}s" -s "$work/walk.lua" "$base"
        walk=("$httpwhy" probe "$work/all.txt" --json --quiet --max-redirects 0 --concurrency "$c")
        measure httpwhy "${walk[@]}"
        check_httpwhy "$work/httpwhy.out"
        # oha writes nothing about a URL: beside it stands what is written into nothing.
        measure unwritten sh -c 'exec "$@" >/dev/null' sh "${walk[@]}"
        if has oha; then
            measure oha oha --no-tui -n "$urls" -c "$c" --redirect 0 --urls-from-file "$work/all.txt"
        fi
        measure curl curl --silent --parallel --parallel-max "$c" --write-out '%{http_code} %{url}\n' --config "$work/curl.cfg"
        if has ffuf; then
            measure ffuf ffuf -s -t "$c" -mc all -of json -o "$work/ffuf.json" -w "$work/tenth.txt" -u FUZZ
        fi
        if has hey; then
            measure hey hey -n "$tenth" -c "$c" -disable-redirects "$base/200/1"
        fi
        if has lychee; then
            measure lychee lychee --no-progress --format json --max-concurrency "$c" --host-concurrency "$c" \
                --host-request-interval 0ms --max-redirects 0 --max-retries 0 "$work/hundredth.txt"
        fi
        echo "concurrency $c, round $round: every outcome of httpwhy right" >&2
    done

    printf '\n%d URLs (%d distinct), %d at a time, medians of %d rounds, one nginx worker, %d cores\n' \
        "$urls" "$distinct" "$c" "$rounds" "$(nproc)"
    printf '%-28s %12s %9s %11s %9s %9s %12s\n' "" "CPU s/10k" "x wrk" "requests/s" "x wrk" "peak MiB" "connections"
    for name in wrk httpwhy unwritten oha curl hey ffuf lychee; do
        [ -s "$work/$name.rows" ] || continue
        case "$name" in
        wrk) title="wrk, list in Lua" ;;
        httpwhy) title="httpwhy, JSON, diagnosed" ;;
        unwritten) title="the same, to /dev/null" ;;
        oha) title="oha, random pick of list" ;;
        curl) title="curl --parallel" ;;
        hey) title="hey, one URL" ;;
        ffuf) title="ffuf, JSON" ;;
        lychee) title="lychee, no host limits" ;;
        esac
        # Beside the wrk row of the same round.
        paste -d' ' "$work/$name.rows" "$work/wrk.rows" |
            awk '{ cpu = $2 / $5 * 10000; rate = $5 / $1; wcpu = $7 / $10 * 10000; wrate = $10 / $6
                   print cpu, cpu / wcpu, rate, rate / wrate, $3 / 1024, $4 }' >"$work/figures"
        column() { awk -v n="$1" '{ print $n }' "$work/figures" | median; }
        printf '%-28s %12.3f %9.2f %11.0f %9.2f %9.1f %12d\n' "$title" "$(column 1)" "$(column 2)" "$(column 3)" \
            "$(column 4)" "$(column 5)" "$(column 6)"
    done
done
