package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.session.StoreReader;
import dev.shadowcat.testkit.SharedMemory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class AddressWatchTest {
    private static final Duration LEASE = Duration.ofSeconds(2);
    private static final String ADDRESS = "10.0.0.7:8080";

    private final Logger log = (Logger) LoggerFactory.getLogger(AddressWatch.class);
    private final ListAppender<ILoggingEvent> told = new ListAppender<>();
    private final Time time = new Time();
    private final SharedMemory shared = new SharedMemory(LEASE, () -> time.nanos);

    @BeforeEach
    void listen() {
        told.start();
        log.addAppender(told);
    }

    @AfterEach
    void stop() {
        log.detachAppender(told);
    }

    @Test
    void theSecondOfTwoThatRunTells() {
        SharedMemory.Node first = started(ADDRESS);
        time.passes(LEASE);
        assertThat(told.list).as("is alone").isEmpty();
        time.passes(LEASE);
        first.renew();
        SharedMemory.Node second = started(ADDRESS);
        time.passes(LEASE.dividedBy(2));
        first.renew();
        time.passes(LEASE.minusMillis(1));
        first.renew();
        second.renew();
        assertThat(told.list).isEmpty();
        time.passes(LEASE.dividedBy(2).plusMillis(1));
        assertThat(told.list)
                .singleElement()
                .extracting(ILoggingEvent::getFormattedMessage)
                .asString()
                .contains("node-address", ADDRESS);
    }

    @Test
    void oneThatStartsAgainWithinTheLeaseOfBeforeTellsNothing() {
        started(ADDRESS);
        started("10.0.0.8:8080");
        started(ADDRESS);
        time.passes(LEASE.multipliedBy(2));
        assertThat(told.list).isEmpty();
        assertThat(time.waiting).as("looks once").isEmpty();
    }

    @Test
    void whileTheStoreCannotBeReadItLooksAgain() {
        SharedMemory.Node first = started(ADDRESS);
        SharedMemory.Node second = started(ADDRESS);
        second.cut(true);
        time.passes(LEASE.multipliedBy(2));
        assertThat(told.list).isEmpty();
        second.cut(false);
        time.passes(LEASE.plus(LEASE.dividedBy(2)));
        first.renew();
        time.passes(LEASE.dividedBy(2));
        assertThat(told.list).hasSize(1);
    }

    private SharedMemory.Node started(String address) {
        SharedMemory.Node node = shared.node();
        node.address(address);
        node.renew();
        new AddressWatch(node, new StoreReader(Runnable::run), time).start();
        return node;
    }

    /** A loop and a clock that the test winds. */
    private static final class Time implements SessionLoop {
        private record Task(long at, Runnable run) {}

        private final Queue<Task> waiting = new ArrayDeque<>(); // all wait for the same time
        private long nanos;

        void passes(Duration duration) {
            nanos += duration.toNanos();
            for (Task next = waiting.peek(); next != null && next.at <= nanos; next = waiting.peek()) {
                waiting.remove();
                next.run.run();
            }
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Timer after(long millis, Runnable task) {
            Task added = new Task(nanos + Duration.ofMillis(millis).toNanos(), task);
            waiting.add(added);
            return () -> waiting.remove(added);
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }
    }
}
