package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.admin.AdminJson;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoredSession;
import java.util.List;
import java.util.function.Consumer;

/** Sessions in a store, read while no gateway answers. */
final class StoredSessions implements SessionSource {
    private static final int PAGE = 1_000;
    private static final int PAGE_BYTES = 8 << 20;

    private final EventStore store;

    StoredSessions(EventStore store) {
        this.store = store;
    }

    @Override
    public void sessions(Consumer<String> lines) {
        List<StoredSession> page = store.sessions(null, PAGE);
        while (!page.isEmpty()) {
            for (StoredSession session : page) {
                SessionId id = session.record().id();
                lines.accept(AdminJson.session(session, store.streams(id), id.toString(), -1));
            }
            page = store.sessions(page.getLast().record().id(), PAGE);
        }
    }

    @Override
    public List<Integer> streams(String session) {
        return store.streams(id(session)).stream()
                .map(stream -> stream.record().number())
                .toList();
    }

    @Override
    public List<String> events(String session, int stream, long after) {
        return store.read(id(session), stream, after, PAGE, PAGE_BYTES).stream()
                .map(event -> AdminJson.event(stream, event))
                .toList();
    }

    @Override
    public void close() {
        store.close();
    }

    private SessionId id(String text) {
        return SessionId.parse(text)
                .filter(id -> store.session(id).isPresent())
                .orElseThrow(() -> new Failure("there is no session " + text));
    }
}
