package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.shadowcat.persist.Completion;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A session comes back while its loop lets it leave memory: whoever found it has the one that is in memory. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "one session, in memory")
@Outcome(expect = FORBIDDEN, desc = "none, or one beside the one in memory")
public class FindAgainstEviction {
    private final StressGateway gateway = new StressGateway();
    private final StressSession created =
            gateway.sessions.create(gateway.recordOf(), gateway.stateOf(), Completion.NOBODY);
    private volatile @Nullable StressSession found;
    private volatile @Nullable StressSession foundToo;

    public FindAgainstEviction() {
        gateway.settle();
    }

    @Actor
    public void loop() {
        gateway.loop.own();
        gateway.sessions.release(created);
        gateway.loop.runAll();
    }

    @Actor
    public void finder() {
        gateway.sessions.find(StressGateway.ID, gateway.loop, session -> found = session.orElse(null), reason -> {});
        gateway.sessions.find(StressGateway.ID, gateway.loop, session -> foundToo = session.orElse(null), reason -> {});
    }

    @Arbiter
    @SuppressWarnings("ReferenceEquality") // that it is the same one is the point
    public void after(L_Result result) {
        gateway.settle();
        StressSession inMemory = gateway.sessions.inMemory(StressGateway.ID);
        StressSession seen = found;
        boolean one = seen != null && seen == foundToo && seen == inMemory && !seen.gone && seen.holds == 2;
        result.r1 = one
                ? "ok"
                : "found " + (seen != null) + ", the same " + (seen == foundToo) + ", in memory " + (seen == inMemory);
    }
}
