package dev.shadowcat.persist;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.ForwardingStore;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** The worker appends while the sync thread brings the disk up to date: what was appended last is synced after it was appended. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "the disk has all of it")
@Outcome(expect = FORBIDDEN, desc = "something stays off the disk, and nobody knows")
public class WriteAgainstSync {
    private volatile int appended;
    private volatile int onTheDisk;

    private final SyncThread sync = new SyncThread(
            new ForwardingStore(new MemoryStore(Long.MAX_VALUE)) {
                @Override
                public void sync() {
                    onTheDisk = appended;
                }
            },
            () -> PersistenceSettings.DEFAULTS,
            millis -> {},
            () -> 0L,
            Fatal.LOGGED);

    @Actor
    public void worker() {
        for (int batch = 1; batch <= 3; batch++) {
            appended = batch;
            sync.written();
        }
    }

    @Actor
    public void syncThread() {
        sync.syncWhatIsDirty();
        sync.syncWhatIsDirty();
    }

    @Arbiter
    public void after(L_Result result) {
        sync.syncWhatIsDirty(); // the interval is over once more
        result.r1 = onTheDisk == 3 ? "ok" : onTheDisk + " of 3";
    }
}
