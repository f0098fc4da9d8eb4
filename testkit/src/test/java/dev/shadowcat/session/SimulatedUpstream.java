package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.mcp.McpErrors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An MCP server's side of one stream: what it says, and the connection that breaks off and may be resumed. */
final class SimulatedUpstream {
    private final Simulation simulation;
    private final boolean givesIds;
    private final List<String> said = new ArrayList<>(); // "" moves the cursor only
    private @Nullable Connection connection;
    private boolean resuming; // a gateway is about to connect
    boolean failed; // Shadowcat gave up on it
    private String answer = "";
    private String shownAnswer = "";

    SimulatedUpstream(Simulation simulation, boolean givesIds) {
        this.simulation = simulation;
        this.givesIds = givesIds;
    }

    /** One connection of a gateway, on which the log is sent from a place in it. */
    private final class Connection {
        private final SimulatedSession session;
        private final EventStream stream;
        private int next;
        private boolean open = true;
        private boolean asking; // the store, about an event that is to be received again

        Connection(SimulatedSession session, EventStream stream, int next) {
            this.session = session;
            this.stream = stream;
            this.next = next;
        }

        void pump() {
            if (!open || asking || next >= said.size()) {
                return;
            }
            if (session.blocked()) {
                session.whenRoom(this::pump);
                return;
            }
            int reads = 1 + simulation.time.random.nextInt(20); // what one read of the socket brings
            for (int i = 0; i < reads && next < said.size(); i++, next++) {
                byte[] message = said.get(next).getBytes(StandardCharsets.UTF_8);
                if (stream.receive(givesIds ? "u" + next : null, message) == Received.UNCERTAIN) {
                    asking = true;
                    stream.lookUp("u" + next, this::lookedUp);
                    return;
                }
            }
            session.loop().after(simulation.time.random.nextInt(3), this::pump);
        }

        private void lookedUp() {
            asking = false;
            pump();
        }
    }

    boolean connected() {
        return connection != null || resuming;
    }

    /** What a client is to see of all that it said: without what the store is told to refuse, with the client's own id. */
    List<String> visible() {
        return said.stream()
                .filter(each -> !each.isEmpty() && !each.contains(Simulation.POISON))
                .map(each -> each.equals(answer) ? shownAnswer : each)
                .toList();
    }

    /** Says its last message; the client is to see it with the id that the client gave. */
    void answer(String upstreamId, String clientId, String result) {
        answer = "{\"jsonrpc\":\"2.0\",\"id\":" + upstreamId + ",\"result\":{\"says\":\"" + result + "\"}}";
        shownAnswer = "{\"jsonrpc\":\"2.0\",\"id\":" + clientId + ",\"result\":{\"says\":\"" + result + "\"}}";
        say(answer);
    }

    boolean poisonedAnswer() {
        return answer.contains(Simulation.POISON);
    }

    boolean givesIds() {
        return givesIds;
    }

    /** Says something: to whoever listens, and to whoever resumes where it gives ids. */
    void say(String message) {
        if (!givesIds && connection == null) {
            return;
        }
        if (givesIds && simulation.time.chance(0.1)) {
            said.add("");
        }
        said.add(message);
        Connection open = connection;
        if (open != null) {
            open.session.loop().execute(open::pump);
        }
    }

    void connect(SimulatedSession session, EventStream stream) {
        connection = new Connection(session, stream, said.size());
    }

    /** The socket is gone on its own. The gateway hears of it. */
    void drop() {
        Connection gone = connection;
        if (gone == null) {
            return;
        }
        connection = null;
        gone.open = false;
        gone.session.loop().execute(() -> lost(gone.session, gone.stream));
    }

    /** The gateway is gone, and every connection with it. */
    void cut() {
        resuming = false;
        if (connection != null) {
            connection.open = false;
            connection = null;
        }
    }

    /** What the gateway does about a stream that lost its upstream: resumes it where that is possible, else fails it. */
    void lost(SimulatedSession session, EventStream stream) {
        if (session.dead()) {
            return;
        }
        resuming = false;
        if (stream.ended() || connection != null) {
            return;
        }
        if (stream.standalone() && stream.client() == null) {
            return; // opened again when a client is back
        }
        resuming = true;
        if (stream.stored() < stream.newest()) {
            session.loop().after(20, () -> lost(session, stream));
            return;
        }
        String cursor = stream.upstreamCursor();
        if (cursor == null && !stream.standalone()) {
            resuming = false;
            failed = true;
            stream.fail(McpErrors.SERVER_ERROR, "lost", Map.of());
            return;
        }
        long recorded = stream.newest();
        simulation
                .gateway
                .reader()
                .read(
                        session.loop(),
                        () -> NewestEvents.read(simulation.gateway.store(), session.id(), stream.number(), recorded),
                        newest -> resume(session, stream, newest),
                        unreadable -> session.loop().after(50, () -> lost(session, stream)));
    }

    private void resume(SimulatedSession session, EventStream stream, List<Event> newest) {
        if (session.dead()) {
            return;
        }
        resuming = false;
        if (stream.ended() || connection != null) {
            return;
        }
        String cursor = stream.upstreamCursor();
        int next = said.size();
        if (givesIds) {
            next = cursor == null ? 0 : Integer.parseInt(cursor.substring(1)) + 1;
            boolean all = simulation.time.random.nextInt(4) == 0;
            int repeated = all ? next : simulation.time.random.nextInt(3); // some repeat what they sent, or all of it
            next = Math.max(0, next - repeated);
        }
        stream.upstreamResumed(NewestEvents.upstreamIds(newest, stream.generation()));
        connection = new Connection(session, stream, next);
        connection.pump();
    }
}
