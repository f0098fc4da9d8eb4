package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.Deadline;
import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.session.SessionManager;
import dev.shadowcat.session.StoreReader;
import dev.shadowcat.store.EventStore;
import io.netty.channel.EventLoop;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What every session in motion shares. Any thread. */
final class Relay {
    private final GatewaySettings settings;
    private final Map<String, Upstream> upstreams;
    private final EventStore store;
    private final StoreReader reader;
    private final CredentialHasher hasher;
    private final Observer observer;
    private final Operations operations;
    private final Clocks clocks;
    private final UndecodedBytes undecoded;
    private final SecureRandom random = new SecureRandom();
    private final KeptHeaders.Keeper headerKeeper = new KeptHeaders.Keeper();
    private final Map<EventLoop, NettyLoop> loops = new ConcurrentHashMap<>();
    private final Map<EventLoop, Heartbeats> heartbeats = new ConcurrentHashMap<>();
    private final Set<InitializeRelay> initializing = ConcurrentHashMap.newKeySet();
    private final BooleanSupplier storeFails;
    private volatile StoreFailureSettings storeFailure;
    private volatile boolean sendsAway;
    private @Nullable SessionManager<RelaySession> sessions;
    private @Nullable Nodes nodes;

    Relay(
            GatewaySettings settings,
            Map<String, Upstream> upstreams,
            EventStore store,
            StoreReader reader,
            BooleanSupplier storeFails,
            Observer observer,
            Operations operations,
            Clocks clocks) {
        this.settings = settings;
        this.storeFails = storeFails;
        this.storeFailure = settings.store().failure();
        this.upstreams = Map.copyOf(upstreams);
        this.store = store;
        this.reader = reader;
        this.hasher = new CredentialHasher(store.credentialKey());
        this.observer = observer;
        this.operations = operations;
        this.clocks = clocks;
        this.undecoded = new UndecodedBytes(settings.limits().maxUndecodedBytes());
    }

    /** Once, before the first request. */
    void sessions(SessionManager<RelaySession> manager) {
        sessions = manager;
    }

    SessionManager<RelaySession> sessions() {
        if (sessions == null) {
            throw new IllegalStateException("the relay has not begun");
        }
        return sessions;
    }

    /** Once, before the first request, where other nodes share the store. */
    void nodes(Nodes shared) {
        nodes = shared;
    }

    /** What a node has that shares its store; null where this is the only one. */
    @Nullable
    Nodes nodes() {
        return nodes;
    }

    GatewaySettings settings() {
        return settings;
    }

    /** What a failing store means for whoever waits for it. */
    StoreFailureSettings storeFailure() {
        return storeFailure;
    }

    void storeFailure(StoreFailureSettings next) {
        storeFailure = next;
    }

    /** Whether the store takes no writes now, or a part of it takes none. */
    boolean storeFails() {
        return storeFails.getAsBoolean();
    }

    /** The upstream of that name; null where there is none (any more). */
    @Nullable
    Upstream upstream(String name) {
        return upstreams.get(name);
    }

    EventStore store() {
        return store;
    }

    StoreReader reader() {
        return reader;
    }

    CredentialHasher hasher() {
        return hasher;
    }

    Observer observer() {
        return observer;
    }

    Operations operations() {
        return operations;
    }

    /** The time of day. */
    Clock clock() {
        return clocks.wall();
    }

    /** Milliseconds that passed since some moment, whatever becomes of the clock. */
    long passedMillis() {
        return clocks.passedMillis();
    }

    UndecodedBytes undecoded() {
        return undecoded;
    }

    SecureRandom random() {
        return random;
    }

    KeptHeaders.Keeper headerKeeper() {
        return headerKeeper;
    }

    NettyLoop loop(EventLoop loop) {
        return loops.computeIfAbsent(loop, NettyLoop::new);
    }

    Heartbeats heartbeats(SessionLoop loop) {
        NettyLoop own = (NettyLoop) loop;
        return heartbeats.computeIfAbsent(own.loop(), key -> {
            Heartbeats begun = new Heartbeats(own, settings.streams(), clocks);
            begun.start();
            return begun;
        });
    }

    /**
     * Takes up what was interrupted of a session that was found, and lets go of it. Where the upstream wants credentials, only its
     * own client can go on; what nobody can go on with ends now. The session's loop.
     */
    void takeUp(RelaySession session) {
        session.recoverAlone();
        sessions().release(session);
    }

    int openStreams() {
        return heartbeats.values().stream().mapToInt(Heartbeats::open).sum();
    }

    /** Whether other nodes go on with what this one has, which stops. Blocks. */
    boolean stop(Duration time) {
        return nodes != null && nodes.stop(time);
    }

    /** Whether this node stops, and others go on. */
    boolean handsOver() {
        return nodes != null && nodes.handsOver();
    }

    /**
     * Sends away whoever is connected to a session of this node, and from now on whoever's stream begins; leaves what its upstream has yet to
     * say to who goes on with it.
     */
    void sendAllAway() {
        sendsAway = true;
        sessions().forEach(session -> session.loop().execute(session::interrupted));
        heartbeats.forEach((loop, beats) -> loop.execute(() -> beats.sendAllAway(this::awayMillis)));
        sessions().forEach(session -> session.loop().execute(session::leaveUpstream));
    }

    /** Whether this node has sent its clients away: it stops. */
    boolean sendsAway() {
        return sendsAway;
    }

    /** Sends away whoever is connected to a session of another node by this one, or waits for one. */
    void sendForwardedAway() {
        if (nodes != null) {
            nodes.forwarded().forEach(each -> each.sendAway(awayMillis()));
            nodes.endWaiting();
        }
    }

    /** Where others go on they do so at once, and whoever comes too early waits there. Else a start is to be over by then. */
    long awayMillis() {
        return handsOver() ? jittered(60, 0.5) : jittered(8_000, 0.3);
    }

    /** Twice: what was let in just before may not have been under way the first time. */
    boolean drained(Duration time) {
        Deadline deadline = Deadline.in(time);
        return drain(time) && drain(deadline.left());
    }

    private boolean drain(Duration time) {
        Drain drain = new Drain();
        initializing.forEach(each -> each.drain(drain));
        sessions().forEach(session -> {
            drain.add();
            session.loop().execute(() -> {
                session.drain(drain);
                drain.remove();
            });
        });
        if (!handsOver()) {
            drainForwarded(drain);
        }
        return drain.await(time);
    }

    private void drainForwarded(Drain drain) {
        if (nodes != null) {
            nodes.forwarded().forEach(each -> each.drain(drain));
        }
    }

    /** Waits for answers of other nodes, no longer than that. */
    void awaitForwarded(Duration time) {
        Drain drain = new Drain();
        drainForwarded(drain);
        drain.await(time);
    }

    /** Sessions that are being begun. */
    Set<InitializeRelay> initializing() {
        return initializing;
    }

    /** How long a request waits for a node that may serve it. */
    long patienceMillis(Nodes known) {
        return 2 * known.lease().length().toMillis() + storeFailure.holdFor().toMillis();
    }

    /** What a client is told to wait before it comes back: the setting, a fifth more or less. */
    long retryMillis() {
        return jittered(settings.streams().retryHint().toMillis(), 0.2);
    }

    private static long jittered(long millis, double share) {
        return Math.round(millis * (1 + share * (2 * ThreadLocalRandom.current().nextDouble() - 1)));
    }
}
