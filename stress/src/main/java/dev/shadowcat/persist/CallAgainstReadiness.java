package dev.shadowcat.persist;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** The worker calls the store after a long rest while somebody asks for readiness: the rest is not taken for a call that hangs. */
@JCStressTest
@State
@Outcome(id = "null", expect = ACCEPTABLE, desc = "no trouble")
@Outcome(expect = FORBIDDEN, desc = "a false alarm")
public class CallAgainstReadiness {
    private static final Duration STALLED = Duration.ofSeconds(5);

    private final StoreHealth health;
    private long now; // set before the actors begin

    public CallAgainstReadiness() {
        health = new StoreHealth("taken a batch", () -> now);
        health.callBegins();
        health.callEnds(STALLED);
        now = TimeUnit.HOURS.toNanos(1);
    }

    @Actor
    public void worker() {
        health.callBegins();
    }

    @Actor
    public void readiness(L_Result result) {
        result.r1 = health.trouble(STALLED);
    }
}
