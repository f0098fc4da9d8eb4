package dev.shadowcat.session;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.persist.VirtualWorker;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.Writes;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Sessions over a store that fails as told; the loop, the readers and the worker run when a test says so. */
final class SessionHarness {
    static final SessionId ID = new SessionId(1, 1);

    final FailingStore store;
    final Loop loop = new Loop();
    final ArrayDeque<Runnable> reads = new ArrayDeque<>();
    final VirtualWorker worker;
    final SessionManager<Plain> sessions;
    boolean refusesReads;
    int evicted;
    long nowMillis;
    final List<SpanIdentity> flushed = new ArrayList<>(); // the requests of each call of the store
    private final SessionServices services;
    private final Observer observer = new Observer() {
        @Override
        public void sessionEvicted() {
            evicted++;
        }

        @Override
        public boolean followsFlushes() {
            return true;
        }

        @Override
        public void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {
            flushed.addAll(requests);
        }
    };

    /** A session without a gateway. */
    static final class Plain extends Session {
        Plain(SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams) {
            super(services, loop, known, streams);
        }

        /** A request that nobody follows. */
        Call begin(RequestId clientId, String method, @Nullable String progressToken) {
            return begin(clientId, method, progressToken, Operation.NONE);
        }
    }

    SessionHarness(int maxIdle) {
        this(maxIdle, new FailingStore(() -> new MemoryStore(Long.MAX_VALUE)));
    }

    SessionHarness(int maxIdle, FailingStore store) {
        this(maxIdle, store, PersistenceSettings.DEFAULTS, millis -> {});
    }

    SessionHarness(RetentionLimits limits) {
        this(
                100,
                new FailingStore(() -> new MemoryStore(Long.MAX_VALUE)),
                PersistenceSettings.DEFAULTS,
                millis -> {},
                limits);
    }

    SessionHarness(int maxIdle, FailingStore store, PersistenceSettings settings, PersistenceWorker.Pause pause) {
        this(maxIdle, store, settings, pause, RetentionLimits.DEFAULTS);
    }

    private SessionHarness(
            int maxIdle,
            FailingStore store,
            PersistenceSettings settings,
            PersistenceWorker.Pause pause,
            RetentionLimits limits) {
        this.store = store;
        worker = new VirtualWorker(store, settings, () -> 0L, pause, new Random(1), observer);
        services = new SessionServices(
                store,
                worker.worker(),
                new StoreReader(this::read),
                new Clock() {
                    @Override
                    public Instant instant() {
                        return Instant.ofEpochMilli(nowMillis);
                    }

                    @Override
                    public ZoneId getZone() {
                        return ZoneOffset.UTC;
                    }

                    @Override
                    public Clock withZone(ZoneId zone) {
                        return this;
                    }
                },
                observer,
                limits);
        sessions = new SessionManager<>(services, Plain::new, _ -> loop, maxIdle);
    }

    private void read(Runnable read) {
        if (refusesReads) {
            throw new RejectedExecutionException("told to refuse");
        }
        reads.add(read);
    }

    SessionServices services() {
        return services;
    }

    /** Everything that can happen without the worker. */
    void settle() {
        while (!loop.tasks.isEmpty() || !reads.isEmpty()) {
            loop.runAll();
            Runnable read = reads.poll();
            if (read != null) {
                read.run();
            }
        }
    }

    /** Everything that can happen. */
    void turn() throws InterruptedException {
        settle();
        worker.turn();
        settle();
    }

    /** A session that the store knows, held once. */
    Plain create(SessionId id) throws InterruptedException {
        Plain session = sessions.create(Writes.record(id), Writes.bareState(), Completion.NOBODY);
        turn();
        return session;
    }

    /** Finds a session; what is found is held. */
    Optional<Plain> find(SessionId id) {
        List<Optional<Plain>> found = new ArrayList<>();
        sessions.find(id, loop, found::add, reason -> {
            throw new AssertionError(reason);
        });
        settle();
        return found.getFirst();
    }

    static byte[] notification(String says) {
        return ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"says\":\"" + says + "\"}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    static byte[] answer(String id) {
        return ("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{}}").getBytes(StandardCharsets.UTF_8);
    }

    /** A loop that is always the caller's. */
    static final class Loop implements SessionLoop {
        final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        final ArrayDeque<Runnable> timed = new ArrayDeque<>();

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public Timer after(long millis, Runnable task) {
            timed.add(task);
            return () -> timed.remove(task);
        }

        /** The time of all that waits for one is over. */
        void timeIsOver() {
            tasks.addAll(timed);
            timed.clear();
            runAll();
        }

        void runAll() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }
    }

    /** A client's connection that remembers what it was sent. */
    static final class Sink implements EventSink {
        final List<Long> sequences = new ArrayList<>();
        final List<String> messages = new ArrayList<>();
        final List<String> notices = new ArrayList<>();
        final List<Long> cursors = new ArrayList<>();
        final List<Long> gaps = new ArrayList<>();
        boolean writable = true;
        boolean primes = true;
        boolean primed;
        boolean finished;
        boolean aborted;

        @Override
        public boolean writable() {
            return writable;
        }

        @Override
        public void event(int stream, long sequence, byte[] message) {
            primed = true;
            sequences.add(sequence);
            messages.add(new String(message, StandardCharsets.UTF_8));
        }

        @Override
        public void notice(byte[] message) {
            notices.add(new String(message, StandardCharsets.UTF_8));
        }

        @Override
        public void priming(int stream, long sequence) {
            primed |= primes;
        }

        @Override
        public boolean resumable() {
            return primed;
        }

        @Override
        public void cursor(int stream, long sequence) {
            cursors.add(sequence);
        }

        @Override
        public void gap(int stream, long sequence) {
            gaps.add(sequence);
        }

        @Override
        public void flush() {}

        @Override
        public void finish() {
            finished = true;
        }

        @Override
        public void abort() {
            aborted = true;
        }
    }

    static Sink attach(EventStream stream, long after) {
        Sink sink = new Sink();
        stream.attach(new ClientStream(stream, sink, after));
        return sink;
    }
}
