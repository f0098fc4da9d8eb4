package dev.shadowcat.persist;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** The gateway shuts down while a session offers: what was accepted is stored, the rest is refused, and nothing is neither. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "accepted and stored, then refused")
@Outcome(expect = FORBIDDEN, desc = "accepted and not stored, or without a fate")
public class OfferAgainstEnd extends LaneState {
    private boolean workerEnded;

    @Actor
    public void loop() {
        offer(1);
        offer(2);
        offer(3);
    }

    @Actor
    public void worker() {
        writeOne();
        intake.end();
        writeOne();
        workerEnded = intake.depth() == 0;
    }

    @Arbiter
    public void after(L_Result result) {
        if (!workerEnded) { // it ends once the intake has ended and nothing waits: nothing may come to wait after that
            writeAll();
        }
        List<String> fated =
                fates.stream().map(fate -> fate.split(" ")[0]).sorted().toList();
        long stored = fates.stream().filter(fate -> fate.endsWith("stored")).count();
        boolean prefix = taken.equals(List.of("1", "2", "3").subList(0, (int) stored));
        result.r1 = fated.equals(List.of("1", "2", "3")) && prefix ? left() : taken + " " + fates;
    }
}
