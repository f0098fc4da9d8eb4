package dev.shadowcat.store.redis;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import io.lettuce.core.RedisException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Opens stores in a Redis. What is thrown is one line for the user, and names no password. */
public final class RedisStores {
    private RedisStores() {}

    /**
     * Opens the store in a Redis as one node, and makes it where there is none.
     *
     * @throws StoreException if it cannot be reached, may evict what is stored, does not allow what is needed, or holds a newer format
     */
    public static SharedStore open(RedisUrl url, RedisSettings settings, NodeIdentity node) {
        return open(url, settings, node, InstantSource.system());
    }

    static SharedStore open(RedisUrl url, RedisSettings settings, NodeIdentity node, InstantSource clock) {
        return connected(url, settings, connections -> {
            RedisKeys keys = new RedisKeys(settings.prefix());
            Servers servers = new Servers(keys, new SecureRandom());
            Precautions.check(connections.writes().servers(), settings.eviction());
            connections.whenReady(() -> {
                Rights.require(connections.others(), keys, connections.name());
                return servers.refresh(connections.writes());
            });
            Attempts attempts = new Attempts(node.incarnation(), clock);
            return new RedisStore(connections, keys, servers, attempts, node.address(), settings);
        });
    }

    /**
     * Opens the store in a Redis for a look, while gateways may use it.
     *
     * @throws StoreException if it cannot be reached, there is none in it, or it is of a newer format
     */
    public static EventStore openReadOnly(RedisUrl url, RedisSettings settings) {
        return connected(url, settings, connections -> {
            RedisKeys keys = new RedisKeys(settings.prefix());
            Servers.View view = connections.whenReady(() -> Servers.look(connections.others(), keys));
            if (view == null) {
                throw new StoreException("there is no store in " + connections.name(), null);
            }
            return new ReadOnlyRedisStore(connections, keys, view);
        });
    }

    /**
     * Whether a Redis holds a store; where it holds none, one can be made there. Leaves nothing behind.
     *
     * @throws StoreException if it could not be opened: as {@link #open} does
     */
    public static boolean exists(RedisUrl url, RedisSettings settings) {
        RedisConnections connections = RedisConnections.open(url, settings.startTimeout());
        try (connections) {
            RedisKeys keys = new RedisKeys(settings.prefix());
            Precautions.check(connections.writes().servers(), settings.eviction());
            return connections.whenReady(() -> {
                Rights.require(connections.others(), keys, connections.name());
                return Servers.look(connections.others(), keys) != null;
            });
        } catch (RedisException failed) {
            throw Failures.opening(connections.name(), failed);
        }
    }

    /** What is opened closes the connections; where it is not opened, this does. */
    private static <T> T connected(RedisUrl url, RedisSettings settings, Function<RedisConnections, T> opening) {
        RedisConnections connections = RedisConnections.open(url, settings.startTimeout());
        @Nullable T opened = null;
        try {
            opened = opening.apply(connections);
            connections.timeout(settings.timeout());
            return opened;
        } catch (RedisException failed) {
            throw Failures.opening(connections.name(), failed);
        } finally {
            if (opened == null) {
                connections.close();
            }
        }
    }
}
