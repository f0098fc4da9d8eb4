package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import java.util.List;

/** A look into a store that nodes may be using. */
final class ReadOnlyPostgresStore extends PostgresReads {
    ReadOnlyPostgresStore(PostgresUrl url, Connections connections, byte[] credentialKey) {
        super(url, connections, credentialKey);
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        throw readOnly();
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        throw readOnly();
    }

    private StoreException readOnly() {
        return new StoreException("the store in " + url + " was opened for reading only", null);
    }
}
