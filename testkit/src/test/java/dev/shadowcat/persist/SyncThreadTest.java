package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.ForwardingStore;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The disk is brought up to date once an interval, where there is something to bring, and a failure of it is told. */
@Tag("persistence-worker")
@Timeout(60)
class SyncThreadTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Semaphore intervals = new Semaphore(0); // each permit lets one interval pass
    private final AtomicInteger waits = new AtomicInteger(); // intervals that began
    private final AtomicLong interval = new AtomicLong();
    private final AtomicInteger syncs = new AtomicInteger();
    private volatile @Nullable Throwable trouble;

    private final SyncThread thread = new SyncThread(
            new ForwardingStore(new MemoryStore(Long.MAX_VALUE)) {
                @Override
                public void sync() {
                    syncs.incrementAndGet();
                    if (trouble instanceof Error error) {
                        throw error;
                    }
                    if (trouble instanceof RuntimeException exception) {
                        throw exception;
                    }
                }
            },
            Duration.ofMillis(100),
            millis -> {
                interval.set(millis);
                waits.incrementAndGet();
                intervals.acquire();
            });

    @BeforeEach
    void start() {
        thread.start();
        await().until(() -> waits.get() == 1);
    }

    @AfterEach
    void end() {
        thread.close(LONG);
    }

    private void anIntervalPasses() {
        int before = waits.get();
        intervals.release();
        await().until(() -> waits.get() == before + 1);
    }

    @Test
    void itSyncsOncePerIntervalWhatWasWritten() {
        thread.written();
        thread.written();
        assertThat(syncs).hasValue(0);
        anIntervalPasses();
        assertThat(syncs).hasValue(1);
        assertThat(interval).hasValue(100);
        anIntervalPasses();
        assertThat(syncs).as("nothing was written since").hasValue(1);
        thread.written();
        anIntervalPasses();
        assertThat(syncs).hasValue(2);
    }

    @Test
    void aFailureIsToldUntilASyncSucceeds() {
        trouble = new IllegalStateException("the disk is full");
        thread.written();
        anIntervalPasses();
        assertThat(thread.failure()).isEqualTo("sync: the disk is full");
        anIntervalPasses();
        assertThat(syncs).as("it tries again without a new write").hasValue(2);
        trouble = null;
        anIntervalPasses();
        assertThat(thread.failure()).isNull();
        anIntervalPasses();
        assertThat(syncs).hasValue(3);
    }

    @Test
    void anErrorIsAFailureLikeAnyOther() {
        trouble = new LinkageError("no such method");
        thread.written();
        anIntervalPasses();
        assertThat(thread.failure()).isEqualTo("sync: no such method");
        trouble = null;
        anIntervalPasses();
        assertThat(thread.failure()).isNull();
    }

    @Test
    void closingSyncsWhatIsLeft() {
        thread.written();
        thread.close(LONG);
        assertThat(syncs).hasValue(1);
    }

    @Test
    void closingSyncsNothingWhereNothingWasWritten() {
        thread.close(LONG);
        assertThat(syncs).hasValue(0);
    }
}
