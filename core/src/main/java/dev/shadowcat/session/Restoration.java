package dev.shadowcat.session;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreWrite;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Takes a session anew in a store that took the place of its own, and puts anew what that one has lost of it: again and again until
 * the store has it. The session's loop only.
 */
final class Restoration implements Completion {
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 200; // others wait no longer than they must

    private final SessionServices services;
    private final Function<SessionId, SharedStore.Claim> claiming;
    private final Session session;
    private final Remains remains;
    private final Consumer<Restoration> restored;
    private long pauseMillis = FIRST_PAUSE_MILLIS;

    /**
     * @param claiming takes the session for this node; blocks on the store
     * @param session as it was in memory, which it has left
     * @param restored hears when the store has it, or another node
     */
    Restoration(
            SessionServices services,
            Function<SessionId, SharedStore.Claim> claiming,
            Session session,
            Remains remains,
            Consumer<Restoration> restored) {
        this.services = services;
        this.claiming = claiming;
        this.session = session;
        this.remains = remains;
        this.restored = restored;
    }

    Session session() {
        return session;
    }

    /** Whether something of it was under way. */
    boolean hasStreams() {
        return !remains.streams().isEmpty();
    }

    /** Begins once nothing is under way that the session wrote when it was here. */
    void attempt() {
        if (!session.lane().settled()) {
            again();
            return;
        }
        services.reader().read(session.loop(), this::missing, this::put, unreadable -> again());
    }

    /** Tries once more after a pause. */
    void again() {
        session.loop().after(pauseMillis, this::attempt);
        pauseMillis = Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS);
    }

    /** What is to be put anew; nothing where another node was faster, and has what the store has. Blocks; not on a loop. */
    private List<StoreWrite> missing() {
        return switch (claiming.apply(session.id())) {
            case SharedStore.Claim.Elsewhere _ -> List.of();
            case SharedStore.Claim.Held _, SharedStore.Claim.Absent _ ->
                remains.missing(services.store(), services.clock().millis());
        };
    }

    private void put(List<StoreWrite> missing) {
        if (missing.isEmpty()) {
            restored.accept(this);
            return;
        }
        Lane lane = services.worker().lane(session.loop(), Lane.Listener.NOBODY);
        missing.subList(0, missing.size() - 1).forEach(write -> lane.offer(write, NOBODY));
        lane.offer(missing.getLast(), this);
    }

    @Override
    public void stored(StoreWrite last) {
        restored.accept(this);
    }

    @Override
    public void refused(StoreWrite last, String reason) {
        again();
    }
}
