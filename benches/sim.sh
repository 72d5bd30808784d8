#!/usr/bin/env bash
# `/status/503` of httpwhy sim beside `return 503` of nginx, go-httpbin and httpbin, in interleaved rounds: requests for
# each second of the server's own CPU (utime and stime of /proc/PID/stat, all processes of the server), on connections
# that stay and with a connection for each request; and how long httpwhy sim takes from its start to its first answer.
#
#   benches/sim.sh [ROUNDS [SECONDS]]      5 rounds of 4 s for each server and kind of connection
#
# Needs wrk and nginx of Debian. go-httpbin takes part when GO_HTTPBIN names its binary, httpbin when PYTHON (python3) has
# httpbin and gunicorn. One worker each: httpwhy sim with --threads 1, nginx with one worker, GOMAXPROCS=1, one gunicorn
# worker of 8 threads. Ends with 2 when something is missing, and with 3 when a target is missed: nginx's figure, 3.8 times
# go-httpbin's, 57 times httpbin's, 50 ms to the first answer.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds="${1:-5}"
seconds="${2:-4}"
python="${PYTHON:-python3}"
export LC_ALL=C PATH="$PATH:/usr/sbin:$HOME/.cargo/bin"

for tool in wrk nginx curl; do
    command -v "$tool" >/dev/null || {
        echo "sim.sh: missing: $tool; apt-get install wrk nginx curl" >&2
        exit 2
    }
done
. benches/binary.sh

work="$(mktemp -d)"
started=()
finish() {
    [ "${#started[@]}" -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

declare -A pid port path reply
names=()

# ready NAME: waits until it answers
ready() {
    for _ in $(seq 200); do
        curl -s -o /dev/null "http://127.0.0.1:${port[$1]}${path[$1]}" && return 0
        sleep 0.05
    done
    echo "sim.sh: $1 does not answer" >&2
    exit 2
}

# serve NAME PATH COMMAND…: starts it; its port is known already
serve() {
    local name="$1"
    path[$name]="$2"
    shift 2
    "$@" >"$work/$name.log" 2>&1 &
    pid[$name]=$!
    started+=("$!")
    names+=("$name")
    ready "$name"
}

port[httpwhy]="$(free_port)"
serve httpwhy /status/503 "$httpwhy" sim --port "${port[httpwhy]}" --threads 1

port[nginx]="$(free_port)"
mkdir -p "$work/nginx"
cat >"$work/nginx.conf" <<CONF
worker_processes 1; daemon off; pid $work/nginx/pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; server { listen 127.0.0.1:${port[nginx]} backlog=4096; return 503; } }
CONF
serve nginx / nginx -p "$work/nginx" -c "$work/nginx.conf"

if [ -n "${GO_HTTPBIN:-}" ]; then
    port[go-httpbin]="$(free_port)"
    GOMAXPROCS=1 serve go-httpbin /status/503 "$GO_HTTPBIN" -host 127.0.0.1 -port "${port[go-httpbin]}" -log-level OFF
else
    echo "skipped: go-httpbin (GO_HTTPBIN is not set)"
fi
if "$python" -c 'import httpbin, gunicorn' 2>/dev/null; then
    port[httpbin]="$(free_port)"
    serve httpbin /status/503 "$python" -m gunicorn --workers 1 --worker-class gthread --threads 8 --log-level critical \
        --bind "127.0.0.1:${port[httpbin]}" httpbin:app
else
    echo "skipped: httpbin ($python has no httpbin and gunicorn)"
fi

# ticks NAME: CPU of the process and its children, in clock ticks
ticks() {
    local all="${pid[$1]}" sum=0 one
    all="$all $(cat "/proc/${pid[$1]}/task/"*/children 2>/dev/null || true)"
    for one in $all; do
        sum=$((sum + $(sed -E 's/.*\) //' "/proc/$one/stat" | awk '{ print $12 + $13 }')))
    done
    echo "$sum"
}
hertz="$(getconf CLK_TCK)"

# load NAME KIND: one row "requests-per-cpu-second requests-per-second"
load() {
    local name="$1" kind="$2" before after options=(-t 1 -c 64 -d "${seconds}s")
    [ "$kind" = each ] && options+=(-H "Connection: close")
    before="$(ticks "$name")"
    wrk "${options[@]}" "http://127.0.0.1:${port[$name]}${path[$name]}" >"$work/wrk"
    after="$(ticks "$name")"
    awk -v ticks="$((after - before))" -v hertz="$hertz" '
        /requests in/ { requests = $1 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { failed = $NF }
        END { if (failed != requests) print "not all were 503: " failed " of " requests > "/dev/stderr"
              printf "%.0f %.0f\n", requests / (ticks / hertz), rate }' "$work/wrk" >>"$work/$name.$kind"
}

echo "$rounds rounds of $seconds s, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg); 64 connections, one worker each"
for name in "${names[@]}"; do
    reply[$name]="$(curl -s -i "http://127.0.0.1:${port[$name]}${path[$name]}" | wc -c)"
    for kind in keep each; do wrk -t 1 -c 64 -d 1s "http://127.0.0.1:${port[$name]}${path[$name]}" >/dev/null; done
done
for _ in $(seq "$rounds"); do
    for kind in keep each; do
        for name in "${names[@]}"; do load "$name" "$kind"; done
    done
done

# middle FILE COLUMN
middle() { awk -v column="$2" '{ print $column }' "$1" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
printf '%-12s %22s %14s %22s %14s %8s\n' server 'kept, per CPU second' 'seen, a second' 'each, per CPU second' 'seen, a second' bytes
for name in "${names[@]}"; do
    printf '%-12s %22s %14s %22s %14s %8s\n' "$name" "$(middle "$work/$name.keep" 1)" "$(middle "$work/$name.keep" 2)" \
        "$(middle "$work/$name.each" 1)" "$(middle "$work/$name.each" 2)" "${reply[$name]}"
done

missed=0
# beside NAME FACTOR KIND: the middle of the ratios of each round
beside() {
    [ -s "$work/$1.$3" ] || return 0
    paste -d' ' "$work/httpwhy.$3" "$work/$1.$3" | awk '{ print $1 / $3 }' >"$work/ratio"
    local ratio
    ratio="$(middle "$work/ratio" 1)"
    printf 'httpwhy beside %-12s %-5s %6.2f times, wanted %s\n' "$1" "$3" "$ratio" "$2"
    awk -v ratio="$ratio" -v wanted="$2" 'BEGIN { exit !(ratio >= wanted) }' || missed=3
}
for kind in keep each; do
    beside nginx 1 "$kind"
    beside go-httpbin 3.8 "$kind"
done
beside httpbin 57 keep

# From the start of the process to the first answer: the middle of 15.
cat >"$work/first.py" <<'PY'
import socket, subprocess, sys, time
times = []
for _ in range(15):
    free = socket.socket(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]; free.close()
    began = time.monotonic()
    server = subprocess.Popen([sys.argv[1], "sim", "--port", str(port)], stdout=subprocess.DEVNULL)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /status/503 HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n")
                if client.recv(12) == b"HTTP/1.1 503":
                    break
        except OSError:
            time.sleep(0.0005)
    times.append((time.monotonic() - began) * 1000)
    server.terminate(); server.wait()
times.sort()
print(f"first answer after {times[7]:.1f} ms (middle of 15; {times[0]:.1f} to {times[-1]:.1f})")
sys.exit(times[7] > 50)
PY
"$python" "$work/first.py" "$httpwhy" || missed=3
exit "$missed"
