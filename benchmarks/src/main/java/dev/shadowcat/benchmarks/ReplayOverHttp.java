package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Mode {@code replay}: clients that come back to a gateway whose data folder {@link ReplayFromStore} filled, one after another. */
final class ReplayOverHttp {
    private final Transport transport = new Transport("load");
    private final Target gateway;
    private final ReplayStore layout;
    private final int repeats;

    ReplayOverHttp(Arguments arguments) {
        gateway = arguments.targets().getFirst();
        layout = new ReplayStore(arguments.number("sessions", 10_000), arguments.number("events", 1_000_000));
        repeats = arguments.number("repeats", 10);
        arguments.refuseOthers();
    }

    /** Returns whether every event of every replay came once and in order. */
    boolean run() {
        boolean cold = replay("HTTP, first replay of each", layout.middleOnes(), 1, 0);
        boolean middle = replay("HTTP, connecting included", layout.middleOnes(), repeats, 10);
        boolean longer = replay("HTTP, connecting included", layout.longOnes(), repeats, 5);
        return cold && middle && longer;
    }

    private boolean replay(String name, List<SessionId> sessions, int times, int warmUps) {
        Histogram latencies = new Histogram(3);
        boolean whole = true;
        for (int round = -warmUps; round < times; round++) {
            for (SessionId session : sessions) {
                long began = System.nanoTime();
                SequenceCheck came = transport
                        .onLoop(() -> ReplayClient.replay(transport, gateway, session))
                        .join();
                if (round >= 0) {
                    latencies.recordValue(System.nanoTime() - began);
                }
                whole &= came.isWhole(layout.eventsOf(session));
            }
        }
        ReplayFigures.row(name, layout.eventsOf(sessions.getFirst()), latencies, whole);
        return whole;
    }
}
