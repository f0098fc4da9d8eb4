package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.SharedMemory;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private static final SessionId ID = new SessionId(1, 2);

    private static final Lease.Sessions NO_SESSIONS = new Lease.Sessions() {
        @Override
        public Collection<SessionId> claimed() {
            return List.of();
        }

        @Override
        public void lost(SessionId session) {
            throw new AssertionError("there is none");
        }
    };

    private final SharedMemory shared = new SharedMemory(Duration.ofMinutes(2), System::nanoTime);
    private final SharedMemory.Node own = shared.node();
    private final SharedMemory.Node other = shared.node();

    /** As one that waited for a thread while the store stood still. */
    @Test
    void nothingIsTakenWhileTheLeaseForbidsItWheneverThatWasAsked() {
        other.append(List.of(Writes.session(ID)));
        own.renew();
        Lease lease = new Lease(own, NO_SESSIONS);
        Claims claims = claims(own, lease);
        assertThat(lease.takes()).isFalse();
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> claims.claim(ID))
                .withMessage("the lease of this node has run out");
        lease.start();
        assertThat(claims.claim(ID)).isEqualTo(Claim.Held.TAKEN_OVER);
        lease.close(Duration.ofSeconds(5));
    }

    /** That there is none may be said of another server than that of before, but only where there can be another. */
    @Test
    void ofALeaseThatRanOutMeanwhileNoOtherStoreIsBlamed() {
        SharedMemory.Node brief = shared.node(Duration.ofMillis(200));
        Lease lease = new Lease(brief, NO_SESSIONS);
        lease.start();
        brief.freeze();
        CompletableFuture<Claim> claim =
                CompletableFuture.supplyAsync(() -> claims(brief, lease).claim(ID));
        await().until(() -> brief.claims() > 0 && !lease.runs());
        brief.thaw();
        assertThat(claim)
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOf(StoreException.class)
                .withMessageStartingWith("the lease of this node ");
        lease.close(Duration.ofSeconds(5));
    }

    @Test
    void anotherServerInTheStoresPlaceIsNamed() {
        Lease lease = new Lease(own, NO_SESSIONS);
        lease.start();
        shared.failOver();
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> claims(own, lease).claim(ID))
                .withMessageStartingWith("another server took the place of the store's");
        lease.close(Duration.ofSeconds(5));
    }

    private static Claims claims(SharedMemory.Node store, Lease lease) {
        return new Claims(store, lease, new Holders(Duration.ofMinutes(1)), Observer.NONE);
    }
}
