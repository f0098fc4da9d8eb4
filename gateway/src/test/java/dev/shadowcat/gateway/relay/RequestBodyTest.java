package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.LeakCheck;
import dev.shadowcat.store.MemoryStore;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bodies of requests are let go of, whoever answers when; {@link LeakCheck} looks. */
@Timeout(20)
class RequestBodyTest {
    @Test
    void isReleasedWhereItsRequestIsAnsweredAtOnce() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            for (int i = 0; i < 5; i++) {
                // A batch, which this session's revision does not know.
                assertThat(client.postChunked("[" + TestClient.call("7") + "]").statusCode())
                        .isEqualTo(400);
            }
        }
    }
}
