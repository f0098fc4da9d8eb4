package dev.shadowcat.gateway.node;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.SharedMemory;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class StoreRehearsalTest {
    private final SharedMemory.Node store = new SharedMemory(Duration.ofSeconds(2), System::nanoTime).node();
    private final Logger logger = (Logger) LoggerFactory.getLogger(StoreRehearsal.class);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void listen() {
        logged.start();
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
    }

    private void rehearse() {
        rehearse(store);
    }

    private static void rehearse(SharedStore store) {
        new StoreRehearsal(store, new SessionId(1, 2), "", 1_000).run();
    }

    @Test
    void leavesNothingInTheStore() {
        store.renew();
        rehearse();
        assertThat(store.claims()).as("it was there").isEqualTo(1);
        assertThat(store.sessions(null, 10)).isEmpty();
        assertThat(store.lost(Set.of(new SessionId(1, 2)))).hasSize(1);
        assertThat(logged.list).isEmpty();
    }

    @Test
    void aStoreThatDoesNotTakeItIsToldAndNothingMore() {
        store.cut(true);
        rehearse();
        assertThat(logged.list)
                .singleElement()
                .satisfies(event -> assertThat(event.getFormattedMessage()).contains("did not do at start"));
    }

    @Test
    void whatFailsHalfWayLeavesNothingEither() {
        store.renew();
        SharedStore unclaimed = (SharedStore) Proxy.newProxyInstance(
                SharedStore.class.getClassLoader(), new Class<?>[] {SharedStore.class}, (_, asked, arguments) -> {
                    if (asked.getName().equals("claim")) {
                        assertThat(store.sessions(null, 10)).hasSize(1);
                        throw new StoreException("not now", null);
                    }
                    return asked.invoke(store, arguments);
                });
        rehearse(unclaimed);
        assertThat(logged.list)
                .singleElement()
                .satisfies(event -> assertThat(event.getFormattedMessage()).endsWith("not now"));
        assertThat(store.sessions(null, 10)).isEmpty();
    }
}
