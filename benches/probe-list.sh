#!/usr/bin/env bash
# 20,000 URLs on a local nginx, by httpwhy and by curl --parallel: memory, CPU, rate, connections, side by side.
#
#   benches/probe-list.sh [TARGETS [ROUNDS]]      20000 and 5
#
# Needs nginx, curl and time of Debian. Ends with 2 when one is missing, with 1 when an outcome is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."

targets="${1:-20000}"
rounds="${2:-5}"
together=50
export LC_ALL=C PATH="$PATH:/usr/sbin"

missing=()
command -v nginx >/dev/null || missing+=(nginx)
command -v curl >/dev/null || missing+=(curl)
[ -x /usr/bin/time ] || missing+=(time)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "probe-list.sh: missing: ${missing[*]}; apt-get install ${missing[*]}" >&2
    exit 2
fi

cargo build --release --quiet --package httpwhy
httpwhy="$(cargo metadata --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/httpwhy"

work="$(mktemp -d)"
nginx_pid=
clean_up() {
    [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

# A port that nobody answers on.
port=0
for _ in $(seq 100); do
    port=$((20000 + RANDOM % 30000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done
base="http://127.0.0.1:$port"

cat >"$work/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    default_type text/plain;
    server {
        listen 127.0.0.1:$port;
        location /200/ { return 200 "fine\n"; }
        location ~ ^/301/(.*)\$ { return 301 /200/\$1; }
        location /403/ { return 403; }
        location /404/ { return 404; }
        location /500/ { return 500; }
        location = /counts { stub_status; }
    }
}
CONF
nginx -p "$work" -c "$work/nginx.conf" -e "$work/error.log" &
nginx_pid=$!
for _ in $(seq 100); do
    curl -sf "$base/counts" >/dev/null && break
    sleep 0.05
done
curl -sf "$base/counts" >/dev/null || {
    echo "probe-list.sh: nginx did not start:" >&2
    cat "$work/error.log" >&2
    exit 2
}

awk -v n="$targets" -v base="$base" 'BEGIN {
    split("200 301 403 404 500", kinds, " ")
    for (i = 0; i < n; i++) printf "%s/%s/%d\n", base, kinds[i % 5 + 1], i
}' >"$work/urls.txt"
sed 's|.*|url = "&"\noutput = "/dev/null"|' "$work/urls.txt" >"$work/curl.cfg"

# Connections accepted so far.
accepted() { curl -s "$base/counts" | awk 'NR == 3 { print $1 }'; }

# measure NAME COMMAND…: one row "seconds user system KiB connections" into NAME.rows; standard output into NAME.out
measure() {
    local name="$1" before after
    shift
    before="$(accepted)"
    /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >"$work/$name.out" 2>"$work/$name.err" || {
        echo "probe-list.sh: $name failed:" >&2
        tail -5 "$work/$name.err" >&2
        exit 1
    }
    after="$(accepted)"
    # Asking for the count is a connection itself.
    echo "$(tail -1 "$work/time") $((after - before - 1))" >>"$work/$name.rows"
}

# Every target has the verdict that its path asks for.
check_httpwhy() {
    awk -v n="$targets" '
        function member(key,    start) {
            if (!match($0, "\"" key "\":\"[^\"]*\"")) return ""
            start = RSTART + length(key) + 4
            return substr($0, start, RLENGTH - length(key) - 5)
        }
        {
            visit = member("visit")
            if (!(visit in asked)) asked[visit] = member("target")
            verdict[visit] = member("outcome")
        }
        END {
            for (visit in asked) {
                count++
                split(asked[visit], part, "/")
                wanted = "http/" (part[4] == "301" ? "200" : part[4])
                if (verdict[visit] != wanted) {
                    if (wrong++ < 5) print "wrong: " asked[visit] " is " verdict[visit] > "/dev/stderr"
                }
            }
            if (count != n) { print count + 0 " records for " n " targets" > "/dev/stderr"; exit 1 }
            exit wrong > 0
        }' "$1"
}

check_curl() {
    awk -v n="$targets" '
        { split($2, part, "/"); if ($1 != (part[4] == "301" ? "200" : part[4])) wrong++ }
        END { if (NR != n || wrong) { print NR " records, " wrong + 0 " wrong, of curl" > "/dev/stderr"; exit 1 } }' "$1"
}

echo "$targets targets ($((targets / 5)) of them redirects), $together at a time, $rounds rounds, one nginx worker, $(nproc) cores"
for round in $(seq "$rounds"); do
    measure httpwhy "$httpwhy" probe "$work/urls.txt" --json --quiet --concurrency "$together"
    check_httpwhy "$work/httpwhy.out"
    measure httpwhy-2 "$httpwhy" probe "$work/urls.txt" --json --quiet --concurrency "$together" --threads 2
    check_httpwhy "$work/httpwhy-2.out"
    measure curl curl --silent --location --parallel --parallel-max "$together" \
        --write-out '%{http_code} %{url}\n' --config "$work/curl.cfg"
    check_curl "$work/curl.out"
    echo "round $round: every outcome right" >&2
done

# The median of a column.
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

requests=$((targets + targets / 5))
printf '\n%-24s %9s %9s %10s %12s %9s %8s\n' "median of $rounds" "seconds" "CPU s" "requests/s" "connections" "peak MiB" "output"
for name in httpwhy httpwhy-2 curl; do
    case "$name" in
    httpwhy) title="httpwhy, 1 thread" ;;
    httpwhy-2) title="httpwhy, 2 threads" ;;
    *) title="$(curl --version | awk 'NR == 1 { print $1, $2 }') --parallel" ;;
    esac
    seconds="$(awk '{ print $1 }' "$work/$name.rows" | median)"
    cpu="$(awk '{ print $2 + $3 }' "$work/$name.rows" | median)"
    memory="$(awk '{ print $4 / 1024 }' "$work/$name.rows" | median)"
    connections="$(awk '{ print $5 }' "$work/$name.rows" | median)"
    output="$(wc -c <"$work/$name.out")"
    awk -v t="$title" -v s="$seconds" -v c="$cpu" -v r="$requests" -v n="$connections" -v m="$memory" -v o="$output" \
        'BEGIN { printf "%-24s %9.2f %9.2f %10.0f %12d %9.1f %6.1fMB\n", t, s, c, r / s, n, m, o / 1e6 }'
done
