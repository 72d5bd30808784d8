# shellcheck shell=bash disable=SC2034
# Sourced by benches: `work`, a folder that goes with the bench, and `serve`, a local nginx that does so too.

work="$(mktemp -d)"
nginx_pid=
clean_up() {
    [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

# serve LOCATIONS: an nginx with one worker on a free port that has these `location` blocks, and /counts (stub_status).
# Sets `base`, its URL; returns when it answers.
serve() {
    local port=0
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
events { worker_connections 2048; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    default_type text/plain;
    server {
        listen 127.0.0.1:$port backlog=1024;
        location = /counts { stub_status; }
        $1
    }
}
CONF
    nginx -p "$work" -c "$work/nginx.conf" -e "$work/error.log" &
    nginx_pid=$!
    for _ in $(seq 100); do
        ! curl -sf "$base/counts" >/dev/null || return 0
        sleep 0.05
    done
    echo "nginx does not start:" >&2
    cat "$work/error.log" >&2
    exit 2
}
