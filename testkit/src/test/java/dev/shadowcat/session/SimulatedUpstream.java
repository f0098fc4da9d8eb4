package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.session.StoredTruth.Name;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An MCP server's side of one stream: what it says, and the connection that breaks off and may be resumed. */
final class SimulatedUpstream {
    private final Simulation simulation;
    private final Name name;
    private final @Nullable String serverSession; // that it belongs to
    private final boolean givesIds;
    private final List<String> said = new ArrayList<>(); // "" moves the cursor only
    private @Nullable Connection connection;
    private boolean resuming; // a gateway is about to connect
    boolean failed; // Shadowcat gave up on it
    private String answer = "";
    private String shownAnswer = "";

    SimulatedUpstream(Simulation simulation, Name name, @Nullable String serverSession, boolean givesIds) {
        this.simulation = simulation;
        this.name = name;
        this.serverSession = serverSession;
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
            if (!open || asking || next >= said.size() || session.deleted()) {
                return;
            }
            if (session.blocked()) {
                session.whenRoom(this::pump);
                return;
            }
            int reads = 1 + simulation.time.random.nextInt(20); // what one read of the socket brings
            for (int i = 0; i < reads && next < said.size(); i++, next++) {
                byte[] message = said.get(next).getBytes(StandardCharsets.UTF_8);
                String id = givesIds ? serverSession + ":" + next : null;
                if (stream.receive(id, message) == Received.UNCERTAIN && id != null) {
                    asking = true;
                    stream.lookUp(id, this::lookedUp);
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

    private boolean alive() {
        return simulation.server(name.session()).knows(serverSession);
    }

    /** Whether all that it said must have come: it is there to be resumed, and can be. */
    boolean owesAll() {
        return givesIds && !failed && alive();
    }

    boolean givesIds() {
        return givesIds;
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
        String rest = ",\"result\":{\"says\":\"" + result + "\"," + from() + "}}";
        answer = "{\"jsonrpc\":\"2.0\",\"id\":" + upstreamId + rest;
        shownAnswer = "{\"jsonrpc\":\"2.0\",\"id\":" + clientId + rest;
        say(answer);
    }

    private String from() {
        return Simulation.from(name);
    }

    void notify(String text) {
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"says\":\"" + text + "\"," + from()
                + "}}");
    }

    /** Asks the client something. */
    void ask(String text) {
        if (alive()) {
            String id = simulation.server(name.session()).ask(text);
            say("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"roots/list\",\"params\":{\"says\":\"" + text
                    + "\"," + from() + "}}");
        }
    }

    /** Says something: to whoever listens, and to whoever resumes where it gives ids. */
    private void say(String message) {
        if (!alive() || (!givesIds && connection == null)) {
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
        if (!alive()) {
            drop();
        }
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

    /** The gateway is gone, or its session, and every connection with it. */
    void cut() {
        resuming = false;
        if (connection != null) {
            connection.open = false;
            connection = null;
        }
    }

    /** What the gateway does about a stream that lost its upstream: resumes it where that is possible, else fails it. */
    void lost(SimulatedSession session, EventStream stream) {
        if (session.dead() || session.deleted()) {
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
        if (stream.upstreamCursor() == null && !stream.standalone()) {
            fail(stream);
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

    private void fail(EventStream stream) {
        resuming = false;
        failed = true;
        stream.fail(McpErrors.SERVER_ERROR, "lost", Map.of());
    }

    private void resume(SimulatedSession session, EventStream stream, NewestEvents newest) {
        if (session.dead() || session.deleted()) {
            return;
        }
        resuming = false;
        if (stream.ended() || connection != null) {
            return;
        }
        if (!simulation.server(name.session()).knows(session.state().upstreamSession())) { // refused
            if (stream.standalone()) {
                session.withServer(there -> {}); // the new one is connected when it is there
            } else {
                fail(stream);
            }
            return;
        }
        String cursor = stream.upstreamCursor();
        if (cursor == null && !stream.standalone()) {
            fail(stream);
            return;
        }
        if (cursor != null) {
            assertThat(cursor)
                    .as("rule 8: the cursor of %s is one of the upstream session in force", name)
                    .startsWith(session.state().upstreamSession() + ":");
            stream.upstreamResumed(newest);
        }
        if (!alive()) {
            return;
        }
        int next = said.size();
        if (givesIds) {
            next = cursor == null ? 0 : Integer.parseInt(cursor.substring(cursor.indexOf(':') + 1)) + 1;
            boolean repeats = cursor != null && !simulation.trims(); // what retention took comes twice, and is told
            boolean all = simulation.time.random.nextInt(4) == 0;
            next = Math.max(0, next - (repeats ? all ? next : simulation.time.random.nextInt(3) : 0)); // or all of it
        }
        connection = new Connection(session, stream, next);
        connection.pump();
    }
}
