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

/** A session is asked for while it is deleted: whoever finds it finds the deleted one or none, and it never comes back. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "gone, or held and known to be deleted")
@Outcome(expect = FORBIDDEN, desc = "alive again")
public class FindAgainstDelete {
    private final StressGateway gateway = new StressGateway();
    private final StressSession created =
            gateway.sessions.create(gateway.recordOf(), gateway.stateOf(), Completion.NOBODY);
    private volatile @Nullable StressSession found;

    public FindAgainstDelete() {
        gateway.settle();
    }

    @Actor
    public void loop() {
        gateway.loop.own();
        gateway.sessions.delete(created, Completion.NOBODY);
        gateway.sessions.release(created);
        gateway.worker.turn();
        gateway.loop.runAll();
    }

    @Actor
    public void finder() {
        gateway.sessions.find(StressGateway.ID, gateway.loop, session -> found = session.orElse(null), reason -> {});
    }

    @Arbiter
    public void after(L_Result result) {
        gateway.settle();
        StressSession seen = found;
        boolean alive = seen != null && !seen.deleted();
        boolean known = gateway.sessions.inMemory() != 0
                || gateway.store.session(StressGateway.ID).isPresent();
        result.r1 = alive || known ? "alive " + alive + ", known " + known : "ok";
    }
}
