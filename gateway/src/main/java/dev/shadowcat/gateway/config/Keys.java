package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.ValueTypes.choice;
import static dev.shadowcat.gateway.config.ValueTypes.duration;
import static dev.shadowcat.gateway.config.ValueTypes.hostPort;
import static dev.shadowcat.gateway.config.ValueTypes.names;
import static dev.shadowcat.gateway.config.ValueTypes.optionalHostPort;
import static dev.shadowcat.gateway.config.ValueTypes.optionalPath;
import static dev.shadowcat.gateway.config.ValueTypes.optionalUrl;
import static dev.shadowcat.gateway.config.ValueTypes.path;
import static dev.shadowcat.gateway.config.ValueTypes.size;
import static dev.shadowcat.gateway.config.ValueTypes.store;
import static dev.shadowcat.gateway.config.ValueTypes.wholeNumber;

import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.store.redis.RedisSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The table of settings: the one place that knows a setting's name, default, form and meaning. */
public final class Keys {
    private static final List<Key<?>> TABLE = new ArrayList<>();
    private static final Duration INSTANT = Duration.ZERO;
    private static final Duration MOMENT = Duration.ofMillis(1);

    static final Key<Optional<Path>> CONFIG =
            key("config", "", optionalPath(), "YAML file with settings; flags and the environment win over it.");

    public static final Key<HostPort> LISTEN =
            key("listen", "127.0.0.1:8080", hostPort(), "Where clients connect; the MCP endpoint is /mcp.");
    public static final Key<HostPort> ADMIN =
            key("admin", "127.0.0.1:9090", hostPort(), "Where /health, /ready, /metrics and /sessions are served.");
    static final Key<Optional<URI>> PUBLIC_URL = key(
            "public-url",
            "",
            optionalUrl(),
            "How clients reach the gateway from outside, for OAuth metadata and Host checks.");
    static final Key<List<String>> ALLOW_HOST =
            key("allow-host", "", names("host names"), "Names beside the loopback ones that a Host header may carry.");
    static final Key<List<String>> ALLOW_ORIGIN = key(
            "allow-origin",
            "",
            names("origins, such as https://app.example.com"),
            "Origins beside the loopback ones that browsers may call from (CORS).");

    public static final Key<StoreChoice> STORE = key(
            "store",
            "rocksdb",
            store(),
            "Where sessions and events are kept: on disk (rocksdb), in memory only (memory), or in a PostgreSQL database or"
                    + " a Redis, which several gateways may share. Passwords may come by PGPASSWORD and REDISCLI_AUTH, TLS by"
                    + " ?sslmode=verify-full and rediss://; redis-sentinel://host,host#master asks Sentinel.");
    static final Key<Optional<HostPort>> NODE_ADDRESS = key(
            "node-address",
            "",
            optionalHostPort(),
            "Where other gateways that share the store reach this one's listen address; by default that address itself, or where"
                    + " it is all interfaces, this machine's own.");
    static final Key<Duration> LEASE = key(
            "lease",
            "2s",
            duration(Duration.ofSeconds(1), Duration.ofMinutes(1)),
            "How long a gateway holds its sessions in a shared store without renewing it; the same on all of them. It is"
                    + " renewed four times in that, and is how long clients of one that is gone wait; a pause of the process longer"
                    + " than three quarters of it may cost its sessions.");
    public static final Key<Path> DATA = key(
            "data",
            "~/.local/share/shadowcat",
            path(),
            "Folder of the embedded store and of a gateway's own files; no two gateways may have the same, whatever their store."
                    + " XDG_DATA_HOME is honoured.");
    static final Key<Durability> DURABILITY = key(
            "durability",
            "batched",
            choice(Durability.class),
            "When an event counts as stored: batched = in the store's log (survives kill -9), on disk within 100 ms;"
                    + " sync = on disk before it is sent; none = in memory, a restart forgets sessions.");
    static final Key<OnStoreFailure> ON_STORE_FAILURE = key(
            "on-store-failure",
            "hold",
            choice(OnStoreFailure.class),
            "What becomes of events while the store fails: hold = they wait, and upstreams are read no further; deliver ="
                    + " after hold-for they go without an id to clients that have everything before them, and are counted.");
    static final Key<Duration> HOLD_FOR = key(
            "hold-for",
            "5s",
            duration(INSTANT),
            "How long clients wait for a failing store before they get 503 (to a new session, to a session's end), and events"
                    + " before they are delivered unstored where on-store-failure is deliver.");
    static final Key<Duration> STORE_STALL = key(
            "store-stall",
            "5s",
            duration(MOMENT),
            "How long the store may take for one batch, or one sync, before /ready says that it does not return.");
    static final Key<Long> MEMORY_BYTES = key(
            "memory.bytes",
            "256MiB",
            size(Sizes.MIB, Long.MAX_VALUE),
            "How much the memory store keeps; the oldest events go first.");

    static final Key<Long> ROCKSDB_BLOCK_CACHE = key(
            "rocksdb.block-cache",
            "32MiB",
            size(Sizes.MIB, 64 * Sizes.GIB),
            "Native memory of the embedded store for what it read; indexes and filters count.");
    static final Key<Long> ROCKSDB_WRITE_BUFFERS = key(
            "rocksdb.write-buffers",
            "64MiB",
            size(4 * Sizes.MIB, 64 * Sizes.GIB),
            "Native memory of the embedded store for what no table file has yet; with the block cache, all that it uses.");

    static final Key<RedisSettings.Eviction> REDIS_EVICTION = key(
            "redis.eviction",
            "refuse",
            choice(RedisSettings.Eviction.class),
            "What becomes of a Redis that throws away what is stored once its memory is full: refuse = no start; allow = a"
                    + " warning, and sessions may be lost.");

    static final Key<Integer> QUEUE_CAPACITY = key(
            "queue.capacity",
            "1000",
            wholeNumber(1),
            "Events that may wait for the store before upstreams are read no further.");
    static final Key<Long> QUEUE_BYTES =
            key("queue.bytes", "16MiB", size(Sizes.KIB, Long.MAX_VALUE), "Bytes that may wait for the store.");
    static final Key<Integer> BATCH_MAX_EVENTS =
            key("batch.max-events", "50", wholeNumber(1), "Deferred writes (activity, cursors) that start a flush.");
    static final Key<Duration> BATCH_INTERVAL =
            key("batch.interval", "100ms", duration(MOMENT), "The longest that a deferred write waits for a flush.");
    static final Key<Long> BATCH_MAX_BYTES = key(
            "batch.max-bytes",
            "1MiB",
            size(Sizes.KIB, Sizes.GIB),
            "Bytes in one batch for the store; a single larger event makes a batch of its own.");
    static final Key<Duration> STORE_RETRY_FIRST = key(
            "store-retry.first",
            "100ms",
            duration(MOMENT),
            "First pause after the store failed; doubles, with full jitter.");
    static final Key<Duration> STORE_RETRY_CAP =
            key("store-retry.cap", "5s", duration(MOMENT), "Longest pause between two tries of a failing store.");

    static final Key<Duration> RESUMABLE_AFTER = key(
            "resumable-after",
            "2s",
            duration(INSTANT),
            "A plain JSON answer slower than this becomes a stream that can be resumed; 0s = at once.");
    static final Key<Duration> HEARTBEAT =
            key("heartbeat", "15s", duration(MOMENT), "Pause between keep-alive comments on a quiet stream.");
    static final Key<Duration> RETRY_HINT = key(
            "retry-hint", "3s", duration(MOMENT), "How long clients are told to wait before they reconnect; ± 20 %.");
    static final Key<Duration> SLOW_CLIENT = key(
            "slow-client", "60s", duration(MOMENT), "A client that takes no byte for this long is cut; it may resume.");
    static final Key<Long> STREAM_TAIL_BYTES = key(
            "stream-tail-bytes",
            "256KiB",
            size(Sizes.KIB, Sizes.GIB),
            "Live events kept in memory for one client; beyond it the client reads from the store.");
    static final Key<Duration> STANDALONE_LINGER = key(
            "standalone-linger",
            "10m",
            duration(INSTANT),
            "How long the upstream's standalone stream stays open without a client.");
    static final Key<Duration> CANCELLED_LINGER = key(
            "cancelled-linger", "5s", duration(INSTANT), "How long an upstream may still answer a cancelled request.");
    static final Key<Duration> UNKNOWN_OUTCOME = key(
            "unknown-outcome",
            "30s",
            duration(MOMENT),
            "How long after the upstream was lost a request may wait before it gets an error.");

    static final Key<Long> MAX_REQUEST_BYTES =
            key("max-request-bytes", "4MiB", size(Sizes.KIB, Sizes.GIB), "Largest body of a request.");
    static final Key<Long> MAX_EVENT_BYTES = key(
            "max-event-bytes",
            "4MiB",
            size(Sizes.KIB, Sizes.GIB),
            "Largest event of an upstream that does not set its own limit.");
    static final Key<Integer> MAX_CONNECTIONS =
            key("max-connections", "20000", wholeNumber(1), "Connections of clients at one time.");
    static final Key<Long> MAX_REQUEST_BYTES_IN_FLIGHT = key(
            "max-request-bytes-in-flight",
            "64MiB",
            size(Sizes.KIB, Long.MAX_VALUE),
            "Bytes of all request bodies that are being read or sent on.");
    static final Key<Long> MAX_UNDECODED_BYTES = key(
            "max-undecoded-bytes",
            "64MiB",
            size(Sizes.KIB, Long.MAX_VALUE),
            "Bytes of all half-received upstream events; above it the largest fails.");
    static final Key<Integer> MAX_SESSIONS = key(
            "max-sessions",
            "10000",
            wholeNumber(1),
            "Sessions held in memory; idle ones beyond it live in the store only.");
    static final Key<Integer> MAX_STREAMS_PER_SESSION =
            key("max-streams-per-session", "64", wholeNumber(1), "Open streams of one session.");
    static final Key<Integer> MAX_PENDING_REQUESTS =
            key("max-pending-requests", "256", wholeNumber(1), "Unanswered requests of one session.");

    static final Key<Duration> RETENTION_EVENTS_FOR =
            key("retention.events-for", "24h", duration(MOMENT), "How long an event can be resumed from.");
    static final Key<Integer> RETENTION_EVENTS_PER_STREAM =
            key("retention.events-per-stream", "10000", wholeNumber(1), "Events kept of one stream.");
    static final Key<Long> RETENTION_BYTES_PER_SESSION = key(
            "retention.bytes-per-session",
            "64MiB",
            size(Sizes.KIB, Long.MAX_VALUE),
            "Bytes of events kept of one session, answers aside (they go by age); an eighth more while they come, and what is"
                    + " queued.");
    static final Key<Duration> SESSION_IDLE =
            key("session-idle", "24h", duration(MOMENT), "A session that nobody used for this long ends.");

    static final Key<Duration> TIMEOUTS_HEADER =
            key("timeouts.header", "10s", duration(MOMENT), "Time for a client to send a request's headers.");
    static final Key<Duration> TIMEOUTS_BODY =
            key("timeouts.body", "30s", duration(MOMENT), "Time for a client to send a request's body.");
    static final Key<Duration> TIMEOUTS_KEEP_ALIVE =
            key("timeouts.keep-alive", "75s", duration(MOMENT), "How long an idle client connection stays open.");
    static final Key<Duration> SHUTDOWN_DEADLINE =
            key("shutdown-deadline", "10s", duration(MOMENT), "Time from SIGTERM to exit.");
    static final Key<LogLevel> LOG_LEVEL =
            key("log-level", "info", ValueTypes.logLevel(), "What is logged; the level and everything graver than it.");
    static final Key<LogFormat> LOG_FORMAT = key(
            "log-format",
            "text",
            choice(LogFormat.class),
            "How log lines look: for people, or an object of JSON each.");
    static final Key<Integer> EVENT_LOOPS = key(
            "event-loops",
            "auto",
            ValueTypes.eventLoops(),
            "Threads that carry bytes; auto is one for each two cores.");

    /** Settings that a running gateway takes over from its file when it is told to; all others need a restart. */
    static final List<Key<?>> RELOADABLE = List.of(
            ON_STORE_FAILURE,
            HOLD_FOR,
            STORE_STALL,
            QUEUE_CAPACITY,
            QUEUE_BYTES,
            BATCH_MAX_EVENTS,
            BATCH_INTERVAL,
            BATCH_MAX_BYTES,
            STORE_RETRY_FIRST,
            STORE_RETRY_CAP,
            LOG_LEVEL,
            LOG_FORMAT);

    /** The table, in the order of documentation. Those of upstreams are in {@link UpstreamKeys}. */
    public static List<Key<?>> table() {
        return Collections.unmodifiableList(TABLE);
    }

    /** The table and the settings of the upstream at /mcp. */
    public static List<Key<?>> withUpstream() {
        List<Key<?>> all = new ArrayList<>(TABLE);
        all.addAll(UpstreamKeys.DEFAULT.table());
        return all;
    }

    private Keys() {}

    private static <T> Key<T> key(String name, String fallback, ValueType<T> type, String description) {
        Key<T> key = new Key<>(name, fallback, type, description);
        TABLE.add(key);
        return key;
    }
}
