# What the benchmark scripts share. Sourced, not run. Every process is started here, known by its id, and ended by it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
if [ -z "${JAVA_HOME:-}" ] || ! "$JAVA_HOME/bin/java" -version 2>&1 | grep -q 'version "2[5-9]'; then
    JAVA_HOME=$(ls -d /usr/lib/jvm/*25* 2>/dev/null | head -1)
fi
export JAVA_HOME
java=$JAVA_HOME/bin/java

mkdir -p "$here/target"
work=$(mktemp -d "$here/target/run.XXXXXX")
started=()

# The newest first; 15 s for each to go by itself.
cleanup() {
    local status=$? index pid
    for ((index = ${#started[@]} - 1; index >= 0; index--)); do
        pid=${started[index]}
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 150); do
            kill -0 "$pid" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
    [ -n "${KEEP:-}" ] || rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Builds the benchmarks (and what they need) unless SKIP_BUILD is set.
build() {
    if [ -z "${SKIP_BUILD:-}" ] || [ ! -f "$here/target/classpath" ]; then
        (cd "$root" && mvn -q -B -pl benchmarks -am package -DskipTests) >"$work/build.log" 2>&1 \
            || { cat "$work/build.log" >&2; exit 1; }
    fi
    classpath=$here/target/classes:$(cat "$here/target/classpath")
}

# Plain JVM flags for the helpers: little heap, no checks that only find bugs of our own.
helper_flags=(-Xms256m -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=4 --enable-native-access=ALL-UNNAMED
    --sun-misc-unsafe-memory-access=allow -Dio.netty.buffer.checkBounds=false -Dio.netty.buffer.checkAccessible=false
    -Dio.netty.leakDetection.level=disabled -Dlogback.configurationFile="$here/logback.xml")

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# await FILE TEXT PID: until the file holds the text; fails after 60 s or when the process has ended.
await() {
    for _ in $(seq 600); do
        grep -q "$2" "$1" 2>/dev/null && return 0
        kill -0 "$3" 2>/dev/null || break
        sleep 0.1
    done
    echo "did not start: $(cat "$1")" >&2
    exit 1
}

start_upstream() {
    upstream_port=$(free_port)
    "$java" "${helper_flags[@]}" -cp "$classpath" dev.shadowcat.benchmarks.FastUpstream "$upstream_port" \
        >"$work/upstream.log" 2>&1 &
    upstream_pid=$!
    started+=("$upstream_pid")
    await "$work/upstream.log" listening "$upstream_pid"
    upstream=http://127.0.0.1:$upstream_port
}

# start_gateway FLAG...: in front of the upstream, with a data folder of its own on the disk of this checkout.
start_gateway() {
    if [ -z "${SHADOWCAT:-}" ]; then # builds on first use, which takes longer than a start may
        "$root/shadowcat" build >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
    fi
    gateway_port=$(free_port)
    admin_port=$(free_port)
    "${SHADOWCAT:-$root/shadowcat}" gateway --upstream "$upstream/mcp" --listen "127.0.0.1:$gateway_port" \
        --admin "127.0.0.1:$admin_port" --data "${data:-$work/data}" "$@" >"$work/gateway.log" 2>&1 &
    gateway_pid=$!
    started+=("$gateway_pid")
    await "$work/gateway.log" 'shadowcat: listening' "$gateway_pid"
    gateway=http://127.0.0.1:$gateway_port/mcp
    admin=http://127.0.0.1:$admin_port
}

# start_postgres NAME: Debian's, as it comes, with a database of its own on the disk of this checkout. It refuses to run as root;
# Debian's package brings a user for it, who has to get through to the folder.
start_postgres() {
    local programs folder=$work/$1 as=()
    programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$programs" ] || { echo "PostgreSQL is missing: apt-get install postgresql" >&2; exit 1; }
    mkdir "$folder"
    if [ "$(id -u)" = 0 ]; then
        as=(setpriv --reuid=postgres --regid=postgres --init-groups)
        chmod go+x "$work"
        chown postgres: "$folder"
    fi
    (cd / && "${as[@]}" "$programs/initdb" -D "$folder" -U postgres -A trust -E UTF8 --no-sync) >"$work/initdb.log" 2>&1 \
        || { cat "$work/initdb.log" >&2; exit 1; }
    postgres_port=$(free_port)
    (cd / && exec "${as[@]}" "$programs/postgres" -D "$folder" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories=) >"$work/$1.log" 2>&1 &
    postgres_pid=$!
    started+=("$postgres_pid")
    await "$work/$1.log" 'ready to accept connections' "$postgres_pid"
    postgres=postgresql://postgres@127.0.0.1:$postgres_port/postgres
    postgres_name="PostgreSQL $("$programs/postgres" --version | grep -oE '[0-9]+(\.[0-9]+)+' | head -1)"
}

# Debian's nginx with a configuration and folder of its own.
start_nginx() {
    nginx_port=$(free_port)
    mkdir "$work/nginx"
    cat >"$work/nginx/nginx.conf" <<CONF
worker_processes ${NGINX_WORKERS:-1};
worker_rlimit_nofile 8192;
daemon off;
pid $work/nginx/pid;
error_log $work/nginx/error.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    upstream mcp {
        server 127.0.0.1:$upstream_port;
        keepalive 512;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:$nginx_port;
        location / {
            proxy_pass http://mcp;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }
    }
}
CONF
    "$(command -v nginx || echo /usr/sbin/nginx)" -p "$work/nginx/" -c "$work/nginx/nginx.conf" >"$work/nginx.log" 2>&1 &
    nginx_pid=$!
    started+=("$nginx_pid")
    for _ in $(seq 100); do
        nginx_pids=$nginx_pid$({ pgrep -P "$nginx_pid" || true; } | sed 's/^/,/' | tr -d '\n')
        [[ $nginx_pids == *,* ]] && break
        kill -0 "$nginx_pid" 2>/dev/null || { cat "$work/nginx.log" >&2; exit 1; }
        sleep 0.1
    done
    nginx=http://127.0.0.1:$nginx_port/mcp
}

load() {
    "$java" "${helper_flags[@]}" -cp "$classpath" dev.shadowcat.benchmarks.LoadGenerator "$@"
}

machine() {
    echo "date       $(date -u +%FT%TZ), load $(cut -d' ' -f1-3 /proc/loadavg)"
    echo "machine    $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), Linux $(uname -r)"
    echo "java       $("$java" -version 2>&1 | sed -n 2p)"
    echo "commit     $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)"
}

# The flags that the gateway's JVM really runs with.
gateway_flags() {
    echo "gateway    $(tr '\0' ' ' <"/proc/$gateway_pid/cmdline" | sed -E 's/ -(cp|classpath) [^ ]+/ -cp .../')"
}
