package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.shadowcat.event.Event;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.FailingStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * The worker offers what a failing store has not taken, with {@code on-store-failure: deliver}, and the store recovers, while a
 * stream records and sends on: the client gets each event once and in order, with its id or without.
 */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "each once, in order, and stored in the end")
@Outcome(expect = FORBIDDEN, desc = "lost, doubled, reordered, or never stored")
public class DeliverAgainstRecovery {
    private static final StoreFailureSettings DELIVER =
            new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ZERO);
    private static final PersistenceSettings SETTINGS = new PersistenceSettings(
            100,
            1 << 20,
            1 << 16,
            50,
            Duration.ofMillis(100),
            Duration.ZERO,
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            DELIVER);
    private static final List<String> ALL = List.of("1", "2", "3");

    private final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    private final StressGateway gateway = new StressGateway(store, SETTINGS);
    private final EventStream stream = gateway.session().standalone();
    private final List<String> shown = new ArrayList<>();
    private final StressSink sink = new StressSink(store, StressGateway.ID) {
        @Override
        public void event(int number, long sequence, byte[] message) {
            super.event(number, sequence, message);
            shown.add(said(message));
        }

        @Override
        public void notice(byte[] message) {
            shown.add(said(message));
        }
    };

    public DeliverAgainstRecovery() {
        gateway.settle(); // the stream's record is stored
        stream.attach(new ClientStream(stream, sink, 0));
        store.beBusyFor(2);
    }

    private static byte[] message(int n) {
        return ("{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{\"says\":\"" + n + "\"}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String said(byte[] message) {
        String json = new String(message, StandardCharsets.UTF_8);
        return json.substring(json.indexOf("says") + 7, json.lastIndexOf('"'));
    }

    @Actor
    public void loop() {
        gateway.loop.own();
        for (int n = 1; n <= 3; n++) {
            stream.receive(null, message(n));
            gateway.loop.runAll();
        }
        gateway.loop.runAll();
    }

    @Actor
    public void worker() {
        gateway.worker.turn();
        gateway.worker.turn();
        gateway.worker.turn();
    }

    @Arbiter
    public void after(L_Result result) {
        gateway.settle();
        List<String> kept = store.read(StressGateway.ID, 0, 0, 10, 1 << 16).stream()
                .map(Event::message)
                .map(DeliverAgainstRecovery::said)
                .toList();
        boolean settled = stream.session().lane().settled() && stream.stored() == 3;
        result.r1 = shown.equals(ALL) && kept.equals(ALL) && settled && !sink.ahead ? "ok" : shown + " kept " + kept;
    }
}
