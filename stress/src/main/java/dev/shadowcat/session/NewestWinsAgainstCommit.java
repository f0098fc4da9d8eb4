package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** The newest connection takes a stream over while the worker stores: both together get each event once, without a seam. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "each once, in order, and the old one is closed")
@Outcome(expect = FORBIDDEN, desc = "a seam, a double, or two live clients")
public class NewestWinsAgainstCommit {
    private final StressGateway gateway = new StressGateway();
    private final EventStream stream = gateway.session().standalone();
    private final StressSink first = new StressSink(gateway.store, StressGateway.ID);
    private final StressSink second = new StressSink(gateway.store, StressGateway.ID);

    @Actor
    public void loop() {
        gateway.loop.own();
        ClientStream before = new ClientStream(stream, first, 0);
        stream.attach(before);
        stream.receive(null, RecordAgainstCommit.MESSAGE);
        stream.receive(null, RecordAgainstCommit.MESSAGE);
        gateway.loop.runAll();
        stream.attach(new ClientStream(stream, second, before.delivered()));
        stream.receive(null, RecordAgainstCommit.MESSAGE);
        gateway.loop.runAll();
    }

    /** The worker's thread, and in between the old connection's, which hears late that it is gone. */
    @Actor
    public void others() {
        gateway.worker.turn();
        oldConnectionIsGone();
        gateway.worker.turn();
    }

    private void oldConnectionIsGone() {
        gateway.loop.run(() -> {
            ClientStream held = stream.client();
            if (held != null && held.sink() == first) {
                stream.detach(held);
            }
        });
    }

    @Arbiter
    public void after(L_Result result) {
        gateway.settle();
        List<Long> both = new ArrayList<>(first.got);
        both.addAll(second.got);
        boolean whole = both.equals(List.of(1L, 2L, 3L)) && !first.ahead && !second.ahead && !first.afterTheEnd;
        result.r1 = whole && !second.over ? "ok" : first.got + " then " + second.got;
    }
}
