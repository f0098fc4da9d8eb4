package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** An idle session is asked for while it expires: it is held, or has left memory, and never both. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "held and in memory, or gone and not held")
@Outcome(expect = FORBIDDEN, desc = "held though gone, or neither")
public class HoldAgainstExpiry {
    private final StressGateway gateway = new StressGateway();
    private final Residents residents = new Residents();
    private final StressSession session = gateway.session();
    private boolean held;
    private boolean left;

    public HoldAgainstExpiry() {
        residents.settle(session, false);
    }

    @Actor
    public void finder() {
        held = residents.hold(session);
    }

    @Actor
    public void expiry() {
        left = residents.leaveIfIdle(session);
    }

    @Arbiter
    public void after(L_Result result) {
        boolean gone = left;
        boolean accounts = residents.idle() == 0 && session.gone == gone && session.holds == (held ? 1 : 0);
        result.r1 = gone != held && accounts ? "ok" : "held " + held + ", gone " + gone + ", idle " + residents.idle();
    }
}
