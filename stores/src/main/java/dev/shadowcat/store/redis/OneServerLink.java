package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one server, or to the master that Sentinel names whenever it is made.
 *
 * <p>It is made anew by us and not by Lettuce, which would send again on the new connection whatever was not answered on the
 * old one, and would go on with a server that hangs while Sentinel has made another one the master.
 */
final class OneServerLink extends RedisLink {
    private final RedisClient client;
    private final RedisURI uri;
    private final String name;
    private @Nullable StatefulRedisConnection<byte[], byte[]> connection; // guarded by this
    private boolean closed; // guarded by this

    OneServerLink(RedisClient client, RedisURI uri, String name, Duration timeout) {
        super(timeout);
        this.client = client;
        this.uri = uri;
        this.name = name;
    }

    @Override
    synchronized RedisClusterAsyncCommands<byte[], byte[]> commands() {
        if (closed) {
            throw new RedisException("the store is closed");
        }
        if (connection == null || !connection.isOpen()) {
            renew();
            connection = client.connect(ByteArrayCodec.INSTANCE, uri);
        }
        return connection.async();
    }

    @Override
    List<RedisServer> servers() {
        RedisServer server = RedisServer.answering("only", name, info());
        if (server.get("role") == null) {
            renew();
            throw new StoreException(name + " cannot be asked: " + Failures.FOREIGN, null);
        }
        if (!server.takesWrites()) {
            renew();
            throw new StoreException(
                    name + " is a replica, which takes no writes: name its master, or its Sentinels", null);
        }
        return List.of(server);
    }

    private String info() {
        return ask(commands -> commands.info());
    }

    @Override
    boolean clustered() {
        return false;
    }

    @Override
    Partition partOf(SessionId session) {
        return Partition.WHOLE;
    }

    @Override
    void failed(RedisException failure) {
        boolean refused = failure instanceof RedisCommandExecutionException
                && failure.getMessage() != null
                && !failure.getMessage().contains("READONLY");
        if (!refused) {
            renew();
        }
    }

    @Override
    synchronized void renew() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        renew();
    }
}
