package dev.shadowcat.gateway.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HoldersTest {
    private static final SessionId A = new SessionId(1, 1);
    private static final SessionId B = new SessionId(1, 2);
    private static final SessionId C = new SessionId(1, 3);

    private final AtomicLong nanos = new AtomicLong();
    private final Holders holders = new Holders(Duration.ofNanos(10), 2, nanos::get);

    @Test
    void believesTheStoreForAWhile() {
        holders.claimed(A, new Claim.Elsewhere("one:1"));
        assertThat(holders.of(A)).isEqualTo("one:1");
        nanos.set(10);
        assertThat(holders.of(A)).isNull();
    }

    @Test
    void believesANodeThatServesForLonger() {
        holders.claimed(A, new Claim.Elsewhere("one:1"));
        nanos.set(9);
        holders.holds("one:1", A);
        nanos.set(18);
        assertThat(holders.of(A)).isEqualTo("one:1");
    }

    @Test
    void knowsOfNoOtherHolderOfWhatThisNodeTook() {
        holders.claimed(A, new Claim.Elsewhere("one:1"));
        holders.claimed(A, Claim.Held.TAKEN_OVER);
        assertThat(holders.of(A)).isNull();
        holders.claimed(A, new Claim.Elsewhere("one:1"));
        holders.claimed(A, new Claim.Absent());
        assertThat(holders.of(A)).isNull();
    }

    @Test
    void keepsNoMoreThanItHasRoomFor() {
        holders.holds("one:1", A);
        holders.holds("one:1", B);
        holders.holds("one:1", C);
        assertThat(holders.of(C)).isNull();
        holders.holds("two:2", A);
        assertThat(holders.of(A)).as("takes no more room").isEqualTo("two:2");
        nanos.set(10);
        holders.sweep();
        assertThat(holders.known()).isZero();
        holders.holds("one:1", C);
        assertThat(holders.of(C)).isEqualTo("one:1");
    }
}
