package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a gateway and its commands do with {@code --store redis://…}. */
class RedisWiringTest extends StoreCommands {
    private static final SessionId ID = new SessionId(1, 1);
    private static final NodeIdentity NODE = new NodeIdentity("one", "10.0.0.1:8080");

    private RedisProcess server;
    private String url;

    @BeforeEach
    void start() throws Exception {
        server = RedisProcess.start();
        url = server.url();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theStoreIsOpenedForTheNodeThatTheSettingsName() {
        try (SharedStore first = (SharedStore) open(NODE);
                SharedStore second = (SharedStore) open(new NodeIdentity("another", "10.0.0.2:8080"))) {
            first.renew();
            second.renew();
            assertThat(first.append(List.of(Writes.session(ID)))).isEqualTo(AppendOutcome.Stored.ALL);
            assertThat(second.claim(ID)).isEqualTo(new SharedStore.Claim.Elsewhere("10.0.0.1:8080"));
        }
    }

    @Test
    void thePasswordMayComeByTheEnvironment() {
        server.command("CONFIG", "SET", "requirepass", "secret");
        Configuration configuration = configuration(url, Map.of("REDISCLI_AUTH", "secret"));
        Stores.open(configuration.gateway().store(), NODE, configuration.environment())
                .close();
        assertThat(findings(url))
                .containsPattern("FAIL +store: Redis at \\S+ refuses the login: NOAUTH.*REDISCLI_AUTH");
    }

    @Test
    void theLeaseIsAsLongAsTheSettingsSay() {
        Configuration configured =
                Configuration.read(Map.of("--store", url, "--data", data.toString(), "--lease", "7s"), Map.of());
        try (SharedStore store = (SharedStore) Stores.open(configured.gateway().store(), NODE, Map.of())) {
            assertThat(store.lease()).isEqualTo(Duration.ofSeconds(7));
        }
    }

    @Test
    void aRedisThatEvictsIsRefusedUnlessTheSettingsSayOtherwise() {
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        server.command("CONFIG", "SET", "maxmemory", "100mb");
        assertThatThrownBy(() -> open(NODE)).hasMessageContaining("redis.eviction");
        assertThat(findings(url)).containsPattern("FAIL +store: Redis at \\S+ throws away");
        Configuration allowing = Configuration.read(
                Map.of("--store", url, "--data", data.toString(), "--redis-eviction", "allow"), Map.of());
        Stores.open(allowing.gateway().store(), NODE, Map.of()).close();
    }

    @Test
    void sessionsAndEventsAreReadWhileNoGatewayRuns() {
        try (EventStore store = open(NODE)) {
            store.append(List.of(Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1)));
        }
        new SessionsCommand(console).sessions(configuration(url));
        new SessionsCommand(console).events(configuration(url), ID.toString(), null, false);
        assertThat(said.toString(StandardCharsets.UTF_8).lines())
                .satisfiesExactly(
                        session -> assertThat(session).contains("\"session\":\"" + ID + "\""),
                        event -> assertThat(event).contains("\"sequence\":1"));
    }

    @Test
    void theDoctorLooksAtTheRedisAndMakesNothing() {
        assertThat(findings(url)).containsPattern("ok +store: \\S+ answers and holds none yet; a gateway makes it");
        assertThat(findings(url)).contains("holds none yet");
        open(NODE).close();
        assertThat(findings(url)).containsPattern("ok +store: \\S+ answers and can be read");
        assertThat(findings("redis://ann:guessed@127.0.0.1:1"))
                .containsPattern("FAIL +store: Redis at 127.0.0.1:1 cannot be asked")
                .doesNotContain("guessed");
    }

    private EventStore open(NodeIdentity node) {
        return Stores.open(configuration(url).gateway().store(), node, Map.of());
    }
}
