package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import java.util.List;

/** A look into a store that gateways may have open at the same time; holds no session and writes nothing. */
final class ReadOnlyRedisStore extends RedisReads {
    private final Servers.View view;

    ReadOnlyRedisStore(RedisConnections connections, RedisKeys keys, Servers.View view) {
        super(
                connections,
                RedisReader.looking(connections.others(), keys, new SessionIndex(connections.others(), keys)));
        this.view = view;
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
        return new StoreException("the store in " + connections.name() + " was opened for reading only", null);
    }

    @Override
    Servers.View view() {
        return view;
    }
}
