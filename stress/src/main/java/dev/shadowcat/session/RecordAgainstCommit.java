package dev.shadowcat.session;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A stream records on its loop while the worker stores: the client gets each event once, in order, and never before the store. */
@JCStressTest
@State
@Outcome(id = "ok", expect = ACCEPTABLE, desc = "each once, in order, stored first")
@Outcome(expect = FORBIDDEN, desc = "lost, doubled, reordered, or sent before it was stored")
public class RecordAgainstCommit {
    static final byte[] MESSAGE =
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}".getBytes(StandardCharsets.UTF_8);

    private final StressGateway gateway = new StressGateway();
    private final EventStream stream = gateway.session().standalone();
    private final StressSink sink = new StressSink(gateway.store, StressGateway.ID);
    private boolean idleTooEarly;

    @Actor
    public void loop() {
        gateway.loop.own();
        stream.attach(new ClientStream(stream, sink, 0));
        for (int i = 0; i < 3; i++) {
            stream.receive(null, MESSAGE);
            gateway.loop.runAll();
            idleTooEarly |= stream.session().lane().settled() && stream.stored() < stream.newest();
        }
    }

    @Actor
    public void worker() {
        gateway.worker.turn();
        gateway.worker.turn();
        gateway.worker.turn();
    }

    @Arbiter
    public void after(L_Result result) {
        gateway.settle();
        if (idleTooEarly || !stream.session().lane().settled()) {
            result.r1 = "settled too early, or not in the end";
            return;
        }
        result.r1 = sink.got.equals(List.of(1L, 2L, 3L)) && !sink.ahead ? "ok" : sink.got + " ahead " + sink.ahead;
    }
}
