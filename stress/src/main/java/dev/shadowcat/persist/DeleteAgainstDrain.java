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

/** A session is deleted while the worker drains: each write has one fate, and the deletion comes last. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "one fate each, the deletion last")
@Outcome(expect = FORBIDDEN, desc = "a write without a fate, with two, or after the deletion")
public class DeleteAgainstDrain extends LaneState {
    @Actor
    public void loop() {
        offer(1);
        offer(2);
        offer(3);
        delete();
        offer(4);
    }

    @Actor
    public void worker() {
        writeOne();
        writeOne();
    }

    @Arbiter
    public void after(L_Result result) {
        writeAll();
        List<String> fated =
                fates.stream().map(fate -> fate.split(" ")[0]).sorted().toList();
        boolean whole = fated.equals(List.of("1", "2", "3", "4", "delete"))
                && taken.getLast().equals("delete")
                && fates.contains("delete stored")
                && fates.contains("4 refused")
                && taken.equals(taken.stream().sorted().toList());
        result.r1 = whole ? left() : taken + " " + fates;
    }
}
