package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.ForwardingStore;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
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
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicReference<String> fatal = new AtomicReference<>("");
    private final CountDownLatch returning = new CountDownLatch(1);
    private volatile boolean hanging;
    private volatile @Nullable Throwable trouble;

    private final SyncThread thread = new SyncThread(
            new ForwardingStore(new MemoryStore(Long.MAX_VALUE)) {
                @Override
                public void sync() {
                    syncs.incrementAndGet();
                    if (hanging) {
                        awaitUninterruptibly(returning);
                    }
                    if (trouble instanceof Error error) {
                        throw error;
                    }
                    if (trouble instanceof RuntimeException exception) {
                        throw exception;
                    }
                }
            },
            () -> PersistenceSettings.DEFAULTS,
            millis -> {
                interval.set(millis);
                waits.incrementAndGet();
                intervals.acquire();
            },
            nanos::get,
            (what, error) -> fatal.set(what + ": " + error.getMessage()));

    @BeforeEach
    void start() {
        thread.start();
        await().until(() -> waits.get() == 1);
    }

    @AfterEach
    void end() {
        returning.countDown();
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
    void activityAloneIsSyncedOnceInTenIntervals() {
        thread.activityWritten();
        for (int interval = 1; interval < 10; interval++) {
            anIntervalPasses();
        }
        assertThat(syncs).hasValue(0);
        anIntervalPasses();
        assertThat(syncs).hasValue(1);
        for (int interval = 1; interval <= 10; interval++) {
            anIntervalPasses();
        }
        assertThat(syncs).as("nothing was written since").hasValue(1);
    }

    @Test
    void activityIsSyncedWithWhatComesNext() {
        thread.activityWritten();
        anIntervalPasses();
        thread.written();
        anIntervalPasses();
        assertThat(syncs).hasValue(1);
        for (int interval = 1; interval <= 10; interval++) {
            anIntervalPasses();
        }
        assertThat(syncs).as("it went with the rest").hasValue(1);
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
    void anErrorIsNotSurvived() {
        trouble = new LinkageError("no such method");
        thread.written();
        intervals.release();
        await().until(() -> !fatal.get().isEmpty());
        assertThat(fatal).hasValue("the sync thread: no such method");
        assertThat(thread.failure()).contains("the sync thread ended").contains("no such method");
    }

    @Test
    void aSyncThatDoesNotReturnIsToldUntilItDoes() {
        hanging = true;
        thread.written();
        intervals.release();
        await().until(() -> syncs.get() == 1);
        assertThat(thread.failure()).isNull();
        nanos.addAndGet(Duration.ofSeconds(7).toNanos());
        assertThat(thread.failure()).isEqualTo("sync: has not synced to the disk for 7 s");
        returning.countDown();
        await().until(() -> waits.get() == 2);
        assertThat(thread.failure()).isNull();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean over = false;
        while (!over) {
            try {
                latch.await();
                over = true;
            } catch (InterruptedException hangs) {
                // a disk does not hear of interrupts
            }
        }
    }

    @Test
    void closingSyncsWhatIsLeft() {
        thread.written();
        thread.close(LONG);
        assertThat(syncs).hasValue(1);
    }

    @Test
    void closingSyncsActivity() {
        thread.activityWritten();
        thread.close(LONG);
        assertThat(syncs).hasValue(1);
    }

    @Test
    void closingSyncsNothingWhereNothingWasWritten() {
        thread.close(LONG);
        assertThat(syncs).hasValue(0);
    }
}
