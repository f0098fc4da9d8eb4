package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A session is asked for while the loop lets it go: it is held, or has left memory, and never both. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "held and in memory, or gone and not held")
@Outcome(expect = FORBIDDEN, desc = "held though gone, or neither")
public class HoldAgainstSettle {
    private final StressGateway gateway = new StressGateway();
    private final Residents residents = new Residents();
    private final StressSession session = gateway.session();
    private boolean held;
    private @Nullable Session evicted;

    @Actor
    public void finder() {
        held = residents.hold(session);
    }

    @Actor
    public void loop() {
        residents.settle(session, false);
        evicted = residents.evict();
    }

    @Arbiter
    public void after(L_Result result) {
        boolean gone = evicted != null;
        boolean accounts = residents.idle() == 0 && session.gone == gone && session.holds == (held ? 1 : 0);
        result.r1 = gone != held && accounts ? "ok" : "held " + held + ", gone " + gone + ", idle " + residents.idle();
    }
}
