package dev.shadowcat.session;

import static dev.shadowcat.session.SessionHarness.ID;
import static dev.shadowcat.session.SessionHarness.attach;
import static dev.shadowcat.session.SessionHarness.notification;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.session.SessionHarness.Sink;
import dev.shadowcat.store.StoreWrite.TrimStream;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Retention overtakes a client that reads slowly. */
class SlowClientGapTest {
    private final SessionHarness harness = new SessionHarness(100);

    private void trim(EventStream stream, long through) {
        harness.store.append(List.of(new TrimStream(ID, 0, through)));
        stream.trimmed(through);
    }

    @Test
    void isToldOfEachGapThoughRetentionIsAheadOfItAllTheTime() throws InterruptedException {
        SessionHarness.Plain session = harness.create(ID);
        EventStream stream = session.standalone();
        Sink sink = attach(stream, 0);
        sink.writable = false;
        for (int n = 1; n <= 600; n++) {
            stream.receive(null, notification("e" + n));
        }
        harness.turn();
        while (stream.stored() < 600) {
            harness.turn();
        }
        trim(stream, 50);
        sink.writable = true;
        Objects.requireNonNull(stream.client()).pump();
        harness.reads.remove().run(); // a page from 51 on is read, and retention goes on before it is written
        trim(stream, 400);
        harness.settle();

        assertThat(sink.sequences)
                .startsWith(51L)
                .endsWith(600L)
                .doesNotContain(400L)
                .contains(401L);
        assertThat(sink.notices).hasSize(2 * session.gapNotices(true).size()).isNotEmpty();
    }
}
