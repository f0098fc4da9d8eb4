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

/** A session offers more than the queue holds while the worker drains: all of it arrives once, in order, then it is settled. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "all of it, in order")
@Outcome(expect = FORBIDDEN, desc = "lost, doubled, overtaken, or settled too early")
public class OfferAgainstDrain extends LaneState {
    @Actor
    public void loop() {
        for (int sequence = 1; sequence <= 4; sequence++) {
            offer(sequence);
        }
    }

    @Actor
    public void worker() {
        writeOne();
        writeOne();
        writeOne();
    }

    @Arbiter
    public void after(L_Result result) {
        writeAll();
        boolean whole = taken.equals(List.of("1", "2", "3", "4"))
                && fates.equals(List.of("1 stored", "2 stored", "3 stored", "4 stored"));
        result.r1 = whole ? left() : taken + " " + fates;
    }
}
