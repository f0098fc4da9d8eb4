package dev.shadowcat.session;

import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.List;

/** A session as the gateway has it: recovers once what a restart interrupted, and stays while its upstream is open. */
final class SimulatedSession extends Session {
    private final Simulation simulation;
    private final SimulatedGateway gateway;
    private boolean recovered;

    SimulatedSession(
            Simulation simulation,
            SimulatedGateway gateway,
            SessionServices services,
            SessionLoop loop,
            StoredSession known,
            List<StoredStream> streams) {
        super(services, loop, known, streams);
        this.simulation = simulation;
        this.gateway = gateway;
    }

    boolean dead() {
        return simulation.gateway != gateway;
    }

    /** A client is back, and with it the credentials for the upstream. */
    void recover() {
        if (recovered) {
            return;
        }
        recovered = true;
        for (EventStream stream : List.copyOf(streams())) {
            if (!stream.standalone()) {
                simulation.upstream(id(), stream.number()).lost(this, stream);
            }
        }
    }

    @Override
    public boolean busy() {
        return super.busy()
                || streams().stream()
                        .anyMatch(
                                each -> simulation.upstream(id(), each.number()).connected());
    }
}
