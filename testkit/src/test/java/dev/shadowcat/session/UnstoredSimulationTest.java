package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.store.MemoryStore;
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
 * Outages with {@code on-store-failure: deliver}, clients that come, go and stop reading, and an upstream that goes on: nothing
 * is lost in silence, nothing comes twice on one connection or is recorded twice when the upstream replays it, and no id stands
 * for an event that the store does not have.
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

    private final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    private final Set<String> shownUnstored = new HashSet<>();
    private Random random = new Random(0);
    private @Nullable SessionHarness harness;
    private @Nullable EventStream stream;
    private @Nullable Connection client;
    private long cursor;
    private int said;
    private int gaps;

    /** What one client sees, held against the store at that moment. */
    private final class Connection implements EventSink {
        private long upTo;
        private boolean takes = true;

        Connection(long after) {
            upTo = after;
        }

        private void next(long sequence) {
            assertThat(sequence).as("rises").isGreaterThan(upTo);
            for (Event missed : store.read(SessionHarness.ID, 0, upTo, 1_000, 1 << 20)) {
                assertThat(missed.sequence()).as("passes over nothing stored").isGreaterThanOrEqualTo(sequence);
                break;
            }
            upTo = sequence;
            cursor = sequence;
        }

        private Event stored(long sequence) {
            List<Event> found = store.read(SessionHarness.ID, 0, sequence - 1, 1, 1 << 20);
            assertThat(found).as("an id is in the store").isNotEmpty();
            assertThat(found.getFirst().sequence()).isEqualTo(sequence);
            return found.getFirst();
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
            long sequence = Long.parseLong(text(message).substring(1));
            assertThat(sequence).as("unstored, in order").isEqualTo(upTo + 1);
            upTo = sequence; // and the cursor stays
            shownUnstored.add(text(message));
        }

        @Override
        public void cursor(int number, long sequence) {
            assertThat(stored(sequence)).isNotNull();
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
        public void flush() {}

        @Override
        public void finish() {}

        @Override
        public void abort() {}
    }

    private static String text(byte[] message) {
        String json = new String(message, StandardCharsets.UTF_8);
        int from = json.indexOf("\"says\":\"") + 8;
        return json.substring(from, json.indexOf('"', from));
    }

    private void happen() {
        SessionHarness running = harness;
        EventStream open = stream;
        if (running == null || open == null) {
            return;
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            switch (random.nextInt(10)) {
                case 0 -> attach(open);
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

    @Test
    void nothingIsLostInSilence() throws InterruptedException {
        int allGaps = 0;
        int allUnstored = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            UnstoredSimulationTest one = new UnstoredSimulationTest();
            try {
                one.run(seed);
            } catch (AssertionError | RuntimeException broken) {
                throw new AssertionError("seed " + seed + ": " + broken.getMessage(), broken);
            }
            allGaps += one.gaps;
            allUnstored += one.shownUnstored.size();
        }
        assertThat(allUnstored).as("shown unstored").isGreaterThan(SEEDS);
        assertThat(allGaps).as("gaps told").isPositive();
    }

    private void run(long seed) throws InterruptedException {
        random = new Random(seed);
        SessionHarness running = new SessionHarness(10, store, SETTINGS, millis -> happen());
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
        }
        store.heal();
        attach(open);
        for (int i = 0; i < 200 && (!session.lane().settled() || open.stored() < open.newest()); i++) {
            running.turn();
        }
        running.settle();
        assertThat(open.stored()).isEqualTo(open.newest()).isEqualTo(said);
        assertThat(cursor).as("whoever reads comes to the end").isEqualTo(said);
        List<Event> events = new ArrayList<>(store.read(SessionHarness.ID, 0, 0, 10_000, 1 << 24));
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
