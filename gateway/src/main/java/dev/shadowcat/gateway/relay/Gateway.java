package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.QueueSettings;
import dev.shadowcat.gateway.http.ExchangeHandler;
import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.gateway.node.StoreRehearsal;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.gateway.upstream.UpstreamClient;
import dev.shadowcat.memory.Interner;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.DeadLetters;
import dev.shadowcat.persist.Deadline;
import dev.shadowcat.persist.Fatal;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.persist.UnstoredMarks;
import dev.shadowcat.session.MemorySurvey;
import dev.shadowcat.session.RetentionLimits;
import dev.shadowcat.session.SessionManager;
import dev.shadowcat.session.SessionServices;
import dev.shadowcat.session.StoreReader;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SharedStore;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything between the listener and the upstreams: sessions, their events, and the worker that stores them. */
public final class Gateway {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final int READERS = 4;
    private static final int READERS_OF_SHARED =
            12; // most of them wait, and claims that wait together are made together
    /** Until requests under way have their answers, or their clients an id, while new ones wait: most calls take no longer. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

    private static final int READS_WAITING = 10_000;

    private final Relay relay;
    private final PersistenceWorker worker;
    private final ThreadPoolExecutor readers;
    private final Maintenance maintenance;
    private final Interner texts = new Interner();
    private final MemorySurvey survey;
    private final McpEndpoint endpoint;
    private final NettyLoop first;
    private volatile boolean stopping;
    private boolean handedOver; // the stopping thread's
    private long stopBegan; // likewise

    /**
     * Makes a gateway that owns the worker and its reading threads; store, clients and loops stay the caller's to close.
     *
     * @param clients to each upstream of the settings, by its name
     */
    public Gateway(
            GatewaySettings settings,
            EventLoopGroup group,
            EventStore store,
            Map<String, UpstreamClient> clients,
            DeadLetters deadLetters,
            UnstoredMarks marks,
            Observer observer,
            Operations operations,
            Fatal fatal) {
        this(settings, group, store, clients, deadLetters, marks, observer, operations, fatal, Clocks.SYSTEM);
    }

    Gateway(
            GatewaySettings settings,
            EventLoopGroup group,
            EventStore store,
            Map<String, UpstreamClient> clients,
            DeadLetters deadLetters,
            UnstoredMarks marks,
            Observer observer,
            Operations operations,
            Fatal fatal,
            Clocks clocks) {
        int reading = store instanceof SharedStore ? READERS_OF_SHARED : READERS;
        readers = new ThreadPoolExecutor(
                reading,
                reading,
                30,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(READS_WAITING),
                Thread.ofPlatform().name("shadowcat-reader-", 0).daemon().factory());
        readers.allowCoreThreadTimeOut(false);
        Map<String, Upstream> upstreams = new HashMap<>();
        settings.upstreams().forEach((name, upstream) -> {
            UpstreamClient client = clients.get(name);
            if (client == null) {
                throw new IllegalArgumentException("no client for upstream " + name);
            }
            upstreams.put(name, new Upstream(upstream, client, clocks.wall(), operations));
        });
        StoreReader reader = new StoreReader(readers);
        worker = new PersistenceWorker(store, persistence(settings), deadLetters, marks, observer, fatal);
        relay = new Relay(settings, upstreams, store, reader, this::storeFails, observer, operations, clocks);
        SharedStore shared = store instanceof SharedStore each ? each : null;
        Nodes nodes = shared == null ? null : nodes(shared, relay, worker);
        SessionServices services = new SessionServices(
                store,
                worker,
                reader,
                clocks.wall(),
                observer,
                retention(settings),
                settings.streams().tailBytes(),
                texts);
        List<EventLoop> loops = loops(group);
        relay.sessions(new SessionManager<>(
                services,
                nodes == null
                        ? SessionManager.Holding.ALONE
                        : new Claims(nodes.store(), nodes.lease(), nodes.holders(), observer),
                (own, loop, known, streams) -> new RelaySession(relay, own, loop, known, streams),
                id -> relay.loop(loops.get((int) Math.floorMod(id.low(), (long) loops.size()))),
                settings.limits().maxSessions()));
        if (nodes != null) {
            relay.nodes(nodes);
        }
        first = relay.loop(loops.getFirst());
        survey = new MemorySurvey(relay.sessions(), observer::sessionMeasured);
        maintenance = new Maintenance(
                relay,
                first,
                services.retention(),
                listener -> worker.lane(first, listener),
                worker::fails,
                System::nanoTime);
        endpoint = new McpEndpoint(relay);
    }

    private static Nodes nodes(SharedStore store, Relay relay, PersistenceWorker worker) {
        OtherNodes others = new OtherNodes(store.credentialKey(), Transport.available());
        Holders seen = new Holders(store.lease().dividedBy(2));
        return new Nodes(store, new Lease(store, new SessionsHere(relay, worker)), others, seen);
    }

    /** Asked once the lease has begun: its sessions are made after it. */
    private record SessionsHere(Relay relay, PersistenceWorker worker) implements Lease.Sessions {
        @Override
        public Collection<SessionId> claimed() {
            return relay.sessions().claimed();
        }

        @Override
        public void lost(SessionId id) {
            relay.sessions().lost(id);
        }

        @Override
        public void goOn() {
            worker.tryNow();
        }
    }

    private static List<EventLoop> loops(EventLoopGroup group) {
        List<EventLoop> loops = new ArrayList<>();
        for (EventExecutor executor : group) {
            loops.add((EventLoop) executor);
        }
        return loops;
    }

    private static PersistenceSettings persistence(GatewaySettings settings) {
        QueueSettings queue = settings.queue();
        boolean syncs = !settings.store().inMemory();
        return new PersistenceSettings(
                queue.capacity(),
                queue.bytes(),
                queue.batchMaxBytes(),
                queue.batchMaxEvents(),
                queue.batchInterval(),
                syncs ? PersistenceSettings.DEFAULTS.syncInterval() : Duration.ZERO,
                queue.retryFirst(),
                queue.retryCap(),
                settings.store().failure());
    }

    private static RetentionLimits retention(GatewaySettings settings) {
        return new RetentionLimits(
                settings.retention().eventsFor(),
                settings.retention().eventsPerStream(),
                settings.retention().bytesPerSession(),
                settings.retention().sessionIdle());
    }

    /** Takes over what may change while it runs: the queue's bounds, the batches' triggers, and what a failing store means. */
    public void tune(GatewaySettings settings) {
        worker.tune(persistence(settings));
        relay.storeFailure(settings.store().failure());
    }

    private boolean storeFails() {
        return worker.failure() != null || worker.failingPartitions() > 0;
    }

    /** Starts the worker, and takes up what a restart interrupted. */
    public void start() {
        Nodes nodes = relay.nodes();
        if (nodes != null) {
            nodes.lease().start();
            String upstream = relay.settings().upstreams().keySet().iterator().next();
            new StoreRehearsal(
                            nodes.store(),
                            SessionId.mint(relay.random()),
                            upstream,
                            relay.clock().millis())
                    .run();
            new ForwardingWatch(relay, nodes, first).start();
            new AddressWatch(nodes.store(), relay.reader(), first).start();
        }
        worker.start();
        maintenance.start();
        survey.start(first, readers);
    }

    /** Serves MCP requests. */
    public ExchangeHandler handler() {
        return endpoint;
    }

    /** Why it does less than it should; empty when all is well. Any thread. */
    public List<String> degraded() {
        if (stopping) {
            return List.of("stopping");
        }
        String failure = worker.failure();
        if (failure != null) {
            return List.of("store: " + failure);
        }
        Nodes nodes = relay.nodes();
        if (nodes == null || nodes.lease().runs()) {
            return List.of();
        }
        String reason = nodes.lease().failure();
        return List.of("lease: it has run out, and is not renewed" + (reason == null ? "" : ": " + reason));
    }

    /** Client connections open on a session's streams. Any thread. */
    public int openStreams(SessionId session) {
        RelaySession used = relay.sessions().inMemory(session);
        return used == null ? 0 : used.clients();
    }

    /** Client connections open on all streams. Any thread. */
    public int openStreams() {
        return relay.openStreams();
    }

    public long sessionsInMemory() {
        return relay.sessions().inMemory();
    }

    /** What the sessions in memory take together, in bytes of heap. */
    public double sessionBytes() {
        return survey.totalBytes();
    }

    /** Measures sessions now instead of some seconds later; for tests. */
    void measureSessions() {
        survey.round();
    }

    /** What it has that shares its store with others; for tests. */
    Nodes nodes() {
        return Objects.requireNonNull(relay.nodes());
    }

    /** What sessions share. */
    public Interner texts() {
        return texts;
    }

    /** Writes for which the queue has room. */
    public int queueCapacity() {
        return worker.settings().queueCapacity();
    }

    public int queueDepth() {
        return worker.queueDepth();
    }

    public long queueBytes() {
        return worker.queueBytes();
    }

    public int deferredDepth() {
        return worker.deferredDepth();
    }

    public int retryQueueDepth() {
        return worker.retryQueueDepth();
    }

    /** Parts of the store that fail while the rest works. */
    public int failingPartitions() {
        return worker.failingPartitions();
    }

    /**
     * From now on it is not ready, and where other nodes run begins nothing: they are sent what comes. Blocks.
     *
     * @param time that the store may take to say whether other nodes run
     * @return whether other nodes go on with what this one has
     */
    public boolean beginStop(Duration time) {
        stopBegan = System.nanoTime();
        stopping = true;
        return relay.stop(time);
    }

    /** Tells every client to come back, and ends their streams. */
    public void sendClientsAway() {
        relay.sendAllAway();
        if (!relay.handsOver()) {
            relay.sendForwardedAway();
        }
    }

    /**
     * Gives all sessions to the other nodes, and then sends on what comes: for the length of a lease, since others may believe for a part
     * of that that they are here, and whoever was sent away is back by then. Not on a loop.
     *
     * @return how many writes could not be stored
     */
    public int handOver(Duration time) {
        Deadline deadline = Deadline.in(time);
        handedOver = true;
        int unstored = endWork(time.dividedBy(2));
        Nodes nodes = Objects.requireNonNull(relay.nodes());
        if (nodes.lease().close(deadline.part(2))) {
            log.info(
                    "Other nodes may have the sessions of this one, {} ms after it was told to stop",
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - stopBegan));
        }
        pause(min(nodes.lease().length(), deadline.part(2)));
        return unstored;
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for what was sent on and whose client cannot come back for it, and sends the clients of what goes on away. After the answer to the
     * last request has begun.
     */
    public void endForwarded(Duration time) {
        relay.awaitForwarded(time);
        relay.sendForwardedAway();
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /**
     * Waits for answers that no later connection could bring: of upstreams that give no event ids, and to clients that have none. Where
     * others go on with the sessions, these are served here until then, since one long call is no reason to keep all others waiting; what
     * such a request leaves under way has a moment of its own. Not on a loop.
     *
     * @return whether all came within the time
     */
    public boolean drain(Duration time) {
        Nodes nodes = relay.nodes();
        if (nodes == null || !nodes.handsOver()) {
            return relay.drained(time);
        }
        Deadline deadline = Deadline.in(time);
        Duration last = min(LAST_ANSWERS, time.dividedBy(2));
        nodes.servesOn(true);
        boolean drained = relay.drained(time.minus(last));
        nodes.servesOn(false);
        return relay.drained(drained ? deadline.left() : last);
    }

    /**
     * Stores what is left and stops.
     *
     * @return how many writes could not be stored within the deadline
     */
    public int close(Duration time) {
        Deadline deadline = Deadline.in(time);
        Nodes nodes = relay.nodes();
        int left = 0;
        if (!handedOver) {
            left = endWork(nodes == null ? time : time.dividedBy(2));
            if (nodes != null) {
                nodes.lease().close(deadline.left());
            }
        }
        if (nodes != null) {
            nodes.others().close();
        }
        readers.shutdown();
        return left;
    }

    private int endWork(Duration time) {
        maintenance.close();
        survey.close();
        return worker.close(time);
    }
}
