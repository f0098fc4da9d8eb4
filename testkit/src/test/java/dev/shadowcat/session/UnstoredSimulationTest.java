package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.FailingStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Outages with {@code on-store-failure: deliver}, clients that come, go and stop reading, calls that begin, and an upstream that
 * goes on: nothing is lost in silence, nothing comes twice on one connection or is recorded twice when the upstream replays it,
 * no id stands for an event that the store does not have, and whoever is there and reads has everything, store or not.
 */
@Tag("persistence-worker")
class UnstoredSimulationTest {
    private static final int SEEDS = 500;
    private static final PersistenceSettings SETTINGS = new PersistenceSettings(
            12,
            4_000,
            1_000,
            5,
            Duration.ofMillis(100),
            Duration.ZERO,
            Duration.ofMillis(100),
            Duration.ofMillis(400),
            new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ZERO));

    private final MemoryStore kept = new MemoryStore(Long.MAX_VALUE);
    private final FailingStore store = new FailingStore(() -> kept);
    private final List<CallClient> calls = new ArrayList<>();
    private final Set<String> shownUnstored = new HashSet<>();
    private Random random = new Random(0);
    private @Nullable SessionHarness harness;
    private @Nullable EventStream stream;
    private @Nullable Connection client;
    private @Nullable Connection steady; // reads since before the last offer of what waits
    private long cursor;
    private int said;
    private int gaps;
    private int gapsUnstored;
    private int came; // and were shown what others had been shown before
    private int answeredUnstored;

    /** What one client sees, held against the store at that moment. */
    private final class Connection implements EventSink {
        private long upTo;
        private boolean takes = true;
        private boolean toldOfGap; // without an id: up to where is seen by what follows
        private boolean aborted;

        Connection(long after) {
            upTo = after;
        }

        private void next(long sequence) {
            assertThat(sequence).as("rises").isGreaterThan(upTo);
            for (Event missed : kept.read(SessionHarness.ID, 0, upTo, 1_000, 1 << 20)) {
                assertThat(missed.sequence()).as("passes over nothing stored").isGreaterThanOrEqualTo(sequence);
                break;
            }
            upTo = sequence;
            cursor = sequence;
        }

        private Event stored(long sequence) {
            return storedEvent(0, sequence);
        }

        /** Whether it lacks nothing that may still be had. */
        private boolean hasAllUpTo(long sequence) {
            for (long missing = upTo + 1; missing <= sequence; missing++) {
                if (!toldOfGap || !shownUnstored.contains("w" + missing)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public boolean writable() {
            return takes;
        }

        @Override
        public void event(int number, long sequence, byte[] message) {
            assertThat(stored(sequence).message()).isEqualTo(message);
            next(sequence);
            assertThat(text(message)).isEqualTo("w" + sequence);
        }

        @Override
        public void notice(byte[] message) {
            if (!new String(message, StandardCharsets.UTF_8).contains("\"says\"")) {
                toldOfGap = true;
                gapsUnstored++;
                return;
            }
            long sequence = Long.parseLong(text(message).substring(1));
            assertThat(sequence).as("unstored, in order").isGreaterThan(upTo);
            assertThat(hasAllUpTo(sequence - 1))
                    .as("unstored, and nothing left out")
                    .isTrue();
            toldOfGap = false;
            upTo = sequence; // and the cursor stays
            if (!shownUnstored.add(text(message))) {
                came++;
            }
        }

        @Override
        public void cursor(int number, long sequence) {
            assertThat(stored(sequence)).isNotNull();
            if (toldOfGap && stored(sequence).gap()) {
                toldOfGap = false;
                upTo = Math.max(upTo, sequence);
            }
            assertThat(sequence).as("what it has been shown").isLessThanOrEqualTo(upTo);
            cursor = Math.max(cursor, sequence);
        }

        @Override
        public void gap(int number, long sequence) {
            assertThat(stored(sequence).gap()).isTrue();
            next(sequence);
            gaps++;
        }

        @Override
        public void priming(int number, long sequence) {}

        @Override
        public boolean resumable() {
            return upTo > 0;
        }

        @Override
        public void flush() {}

        @Override
        public void finish() {}

        @Override
        public void abort() {
            aborted = true;
        }
    }

    private Event storedEvent(int number, long sequence) {
        List<Event> found = kept.read(SessionHarness.ID, number, sequence - 1, 1, 1 << 20);
        assertThat(found).as("an id is in the store").isNotEmpty();
        assertThat(found.getFirst().sequence()).isEqualTo(sequence);
        return found.getFirst();
    }

    /** A call, and what its client sees, which always reads. */
    private final class CallClient implements EventSink {
        private final String id;
        private final EventStream stream;
        private int spoken;
        private int seen;
        private boolean answered;
        private boolean finished;

        CallClient(Plain session, int number) {
            id = String.valueOf(number);
            Call call = session.begin(new RequestId(id), "tools/call", null);
            stream = session.openStream(List.of(call), this::opened);
        }

        private void opened() {
            stream.attach(new ClientStream(stream, this, 0));
        }

        void speak(boolean last) {
            if (!answered) {
                answered = last;
                spoken++;
                stream.receive(null, last ? SessionHarness.answer(id) : SessionHarness.notification("c" + spoken));
            }
        }

        private void saw(byte[] message) {
            seen++;
            assertThat(finished).as("nothing comes after the end").isFalse();
            String expected = answered && seen == spoken ? "\"id\":" + id + "," : "\"c" + seen + "\"";
            assertThat(new String(message, StandardCharsets.UTF_8))
                    .as("each once, in order")
                    .contains(expected);
        }

        void check() {
            assertThat(seen).as("of %d, in the outage too", spoken).isEqualTo(spoken);
        }

        @Override
        public boolean writable() {
            return true;
        }

        @Override
        public void event(int number, long sequence, byte[] message) {
            assertThat(storedEvent(number, sequence).message()).isEqualTo(message);
            saw(message);
        }

        @Override
        public void notice(byte[] message) {
            saw(message);
            if (answered && seen == spoken) {
                answeredUnstored++;
            }
        }

        @Override
        public void priming(int number, long sequence) {}

        @Override
        public boolean resumable() {
            return true;
        }

        @Override
        public void cursor(int number, long sequence) {
            assertThat(storedEvent(number, sequence)).isNotNull();
            assertThat(sequence).isLessThanOrEqualTo(seen);
        }

        @Override
        public void gap(int number, long sequence) {
            throw new AssertionError("it has seen everything");
        }

        @Override
        public void flush() {}

        @Override
        public void finish() {
            finished = true;
        }

        @Override
        public void abort() {
            throw new AssertionError("nothing is read for it");
        }
    }

    private static String text(byte[] message) {
        String json = new String(message, StandardCharsets.UTF_8);
        int from = json.indexOf("\"says\":\"") + 8;
        return json.substring(from, json.indexOf('"', from));
    }

    /** Right after what waits was offered, and before the store is tried again. */
    private void inOutage() {
        SessionHarness running = harness;
        EventStream open = stream;
        if (running == null || open == null) {
            return;
        }
        long due = said;
        running.settle();
        Connection before = steady;
        if (before != null) {
            assertThat(before.hasAllUpTo(due))
                    .as("%d of %d came, in the outage too", before.upTo, due)
                    .isTrue();
        }
        calls.forEach(CallClient::check);
        happen();
        Connection now = client;
        ClientStream attached = open.client();
        steady = now != null && now.takes && attached != null && attached.sink() == now ? now : null;
    }

    private void happen() {
        SessionHarness running = harness;
        EventStream open = stream;
        if (running == null || open == null) {
            return;
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            switch (random.nextInt(12)) {
                case 0 -> attach(open);
                case 4 -> {
                    if (!open.session().blocked()) {
                        calls.add(new CallClient((Plain) open.session(), calls.size()));
                    }
                }
                case 5 -> {
                    if (!calls.isEmpty() && !open.session().blocked()) {
                        calls.getLast().speak(random.nextBoolean());
                    }
                }
                case 6 -> attachUnreadable(open);
                case 1 -> {
                    Connection now = client;
                    ClientStream attached = open.client();
                    if (now != null && attached != null) {
                        now.takes = !now.takes;
                        attached.pump();
                    }
                }
                case 2 -> {
                    ClientStream attached = open.client();
                    if (attached != null) {
                        open.detach(attached);
                    }
                }
                case 3 -> {
                    if (open.stored() == open.newest() && random.nextInt(4) == 0) {
                        replay(open);
                    }
                }
                default -> {
                    if (!open.session().blocked()) {
                        said++;
                        receive(open, said);
                    }
                }
            }
        }
        running.settle();
    }

    /** The upstream's connection broke and is resumed; it begins anywhere, with its first event as often as not. */
    private void replay(EventStream open) {
        long newest = open.newest();
        open.upstreamResumed(NewestEvents.read(store, SessionHarness.ID, 0, newest));
        for (int n = random.nextBoolean() ? 1 : 1 + random.nextInt(said + 1); n <= said; n++) {
            receive(open, n);
            assertThat(open.newest()).as("w%d was recorded before", n).isEqualTo(newest);
        }
    }

    private void receive(EventStream open, int n) {
        byte[] message = SessionHarness.notification("w" + n);
        if (open.receive("u" + n, message) == Received.UNCERTAIN) {
            open.lookUp("u" + n, () -> open.receive("u" + n, message));
            Objects.requireNonNull(harness).settle();
        }
    }

    private void attach(EventStream open) {
        Connection next = new Connection(cursor);
        client = next;
        open.attach(new ClientStream(open, next, cursor));
    }

    /** Whoever needs what cannot be read is sent away, and shown nothing of what comes after it. */
    private void attachUnreadable(EventStream open) {
        store.failReads(true);
        long behind = cursor;
        attach(open);
        Objects.requireNonNull(harness).settle();
        store.failReads(false);
        Connection now = Objects.requireNonNull(client);
        if (behind < open.stored()) {
            assertThat(now.aborted).isTrue();
            assertThat(now.upTo).isEqualTo(behind);
        }
        if (now.aborted) {
            assertThat(open.client()).isNull();
            client = null;
        }
    }

    @Test
    void nothingIsLostInSilence() throws InterruptedException {
        int allGaps = 0;
        int allUnstored = 0;
        int allGapsUnstored = 0;
        int allCame = 0;
        int allAnswers = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            UnstoredSimulationTest one = new UnstoredSimulationTest();
            try {
                one.run(seed);
            } catch (AssertionError | RuntimeException broken) {
                throw new AssertionError("seed " + seed + ": " + broken.getMessage(), broken);
            }
            allGaps += one.gaps;
            allUnstored += one.shownUnstored.size();
            allGapsUnstored += one.gapsUnstored;
            allCame += one.came;
            allAnswers += one.answeredUnstored;
        }
        assertThat(allUnstored).as("shown unstored").isGreaterThan(SEEDS);
        assertThat(allGaps).as("gaps told").isPositive();
        assertThat(allGapsUnstored).as("gaps told in the outage").isPositive();
        assertThat(allCame).as("shown to who came in the outage").isGreaterThan(SEEDS);
        assertThat(allAnswers).as("calls answered in the outage").isGreaterThan(SEEDS / 10);
    }

    private void run(long seed) throws InterruptedException {
        random = new Random(seed);
        SessionHarness running = new SessionHarness(10, store, SETTINGS, millis -> inOutage());
        harness = running;
        Plain session = running.create(SessionHarness.ID);
        EventStream open = session.standalone();
        running.turn();
        stream = open;
        attach(open);
        for (int i = 0; i < 40; i++) {
            happen();
            if (random.nextInt(3) == 0) {
                if (random.nextBoolean()) {
                    store.beBusyFor(1 + random.nextInt(20));
                } else {
                    store.loseOutcomeFor(1 + random.nextInt(20));
                }
            }
            running.turn();
            steady = null; // nothing is offered while the store works
        }
        store.heal();
        attach(open);
        calls.forEach(call -> call.speak(true));
        for (int i = 0; i < 200 && (!session.lane().settled() || open.stored() < open.newest()); i++) {
            running.turn();
        }
        running.settle();
        assertThat(open.stored()).isEqualTo(open.newest()).isEqualTo(said);
        assertThat(cursor).as("whoever reads comes to the end").isEqualTo(said);
        for (CallClient call : calls) {
            call.check();
            assertThat(call.finished).isTrue();
            assertThat(kept.stream(SessionHarness.ID, call.stream.number())
                            .orElseThrow()
                            .record()
                            .phase())
                    .isEqualTo(Phase.FINISHED);
        }
        assertThat(session.pending()).isZero();
        List<Event> events = new ArrayList<>(kept.read(SessionHarness.ID, 0, 0, 10_000, 1 << 24));
        long before = 0;
        for (Event event : events) {
            for (long missing = before + 1; missing < event.sequence() + (event.gap() ? 1 : 0); missing++) {
                assertThat(event.gap())
                        .as("%d is missing without a gap", missing)
                        .isTrue();
                assertThat(shownUnstored).as("let go, so somebody saw it").contains("w" + missing);
            }
            before = event.sequence();
        }
        assertThat(before).isEqualTo(said);
        replay(open);
        said++;
        receive(open, said);
        running.turn();
        assertThat(cursor).as("what is new comes").isEqualTo(said);
    }
}
