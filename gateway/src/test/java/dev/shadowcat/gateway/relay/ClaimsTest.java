package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private static final SessionId ID = new SessionId(1, 2);

    private final SharedMemory shared = new SharedMemory(Duration.ofMinutes(2), System::nanoTime);
    private final SharedMemory.Node own = shared.node();
    private final SharedMemory.Node other = shared.node();

    /** As one that waited for a thread while the store stood still. */
    @Test
    void nothingIsTakenWhileTheLeaseForbidsItWheneverThatWasAsked() {
        other.append(List.of(Writes.session(ID)));
        own.renew();
        Lease lease = new Lease(own, new Lease.Sessions() {
            @Override
            public Collection<SessionId> claimed() {
                return List.of();
            }

            @Override
            public void lost(SessionId session) {
                throw new AssertionError("there is none");
            }
        });
        Claims claims = new Claims(own, lease, new Holders(Duration.ofMinutes(1)), Observer.NONE);
        assertThat(lease.takes()).isFalse();
        assertThatExceptionOfType(StoreException.class).isThrownBy(() -> claims.claim(ID));
        lease.start();
        assertThat(claims.claim(ID)).isEqualTo(new Claim.Held(true));
        lease.close(Duration.ofSeconds(5));
    }
}
