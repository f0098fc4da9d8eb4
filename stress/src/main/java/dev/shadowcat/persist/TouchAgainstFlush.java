package dev.shadowcat.persist;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.DeferredWrites.Offered;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** Sessions are used while the worker flushes: the newest use is what is written last, and the worker is woken for it. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "the newest is written last")
@Outcome(expect = FORBIDDEN, desc = "the newest is lost, or waits without the worker knowing")
public class TouchAgainstFlush {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);

    private final DeferredWrites deferred =
            new DeferredWrites(() -> PersistenceSettings.DEFAULTS, Observer.NONE, () -> 0L);
    private final List<PendingWrite> written = new ArrayList<>();
    private boolean woken;
    private boolean sleepsOn;

    public TouchAgainstFlush() {
        deferred.offer(OTHER, new SessionActivity(1, 0));
    }

    @Actor
    public void loop() {
        woken = deferred.offer(ID, new SessionActivity(1, 0)) == Offered.WAKING;
        woken |= deferred.offer(ID, new SessionActivity(2, 0)) == Offered.WAKING;
    }

    @Actor
    public void worker() {
        deferred.drain(written);
        sleepsOn = deferred.nanosUntilDue() == Long.MAX_VALUE;
    }

    @Arbiter
    public void after(L_Result result) {
        if (deferred.size() > 0 && sleepsOn && !woken) {
            result.r1 = "the worker sleeps on";
            return;
        }
        deferred.drain(written);
        List<StoreWrite> own = written.stream()
                .map(PendingWrite::write)
                .filter(write -> write.session().equals(ID))
                .toList();
        boolean newest =
                !own.isEmpty() && own.getLast().equals(new StoreWrite.TouchSession(ID, new SessionActivity(2, 0)));
        result.r1 = newest && deferred.size() == 0 ? "ok" : own;
    }
}
