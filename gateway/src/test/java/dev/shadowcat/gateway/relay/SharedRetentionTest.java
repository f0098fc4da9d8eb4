package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.testkit.SharedMemory;
import dev.shadowcat.testkit.Writes;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node looks after the sessions that it holds, and after those that nobody does. */
@Timeout(20)
class SharedRetentionTest {
    private static final SessionId OTHERS = new SessionId(1, 1);
    private static final SessionId NOBODYS = new SessionId(1, 2);

    private final SharedMemory shared = new SharedMemory(Duration.ofMinutes(2), System::nanoTime);

    @Test
    void whatAnotherNodeHoldsIsLeftToIt() throws Exception {
        SharedMemory.Node other = shared.node();
        other.renew();
        other.append(List.of(Writes.session(OTHERS)));
        SharedMemory.Node gone = shared.node();
        gone.renew();
        gone.append(List.of(Writes.session(NOBODYS)));
        gone.leave();
        SharedMemory.Node own = shared.node();
        Clock muchLater = Clock.offset(Clock.systemUTC(), Duration.ofDays(30));
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway =
                        new GatewayFixture(own, server.url(), Map.of(), new Clocks(muchLater, System::nanoTime))) {
            await().until(() -> gateway.metric("sessions_open") == 1);
            assertThat(gateway.metric("sessions_expired_total")).isEqualTo(1);
            assertThat(own.session(NOBODYS)).isEmpty();
            assertThat(own.session(OTHERS)).isPresent();
            assertThat(own.expiries()).isEqualTo(1);
        }
    }
}
