package dev.shadowcat.store.redis;

import dev.shadowcat.store.StoreException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is looked at before a Redis is trusted with sessions. */
final class Precautions {
    private static final Logger log = LoggerFactory.getLogger(Precautions.class);

    private Precautions() {}

    /** @throws StoreException if a server may throw away what is stored, and that is not allowed */
    static void check(List<RedisServer> servers, RedisSettings.Eviction eviction) {
        for (RedisServer server : servers) {
            if (server.answers()) {
                checkEviction(server, eviction);
                warnOfPersistence(server);
            }
        }
    }

    private static void checkEviction(RedisServer server, RedisSettings.Eviction eviction) {
        String policy = String.valueOf(server.get("maxmemory_policy"));
        boolean bounded = !"0".equals(server.get("maxmemory"));
        if (!bounded || policy.equals("noeviction")) {
            return;
        }
        String what =
                server.name() + " throws away what is stored once its memory is full (maxmemory-policy " + policy + ")";
        if (eviction == RedisSettings.Eviction.REFUSE) {
            throw new StoreException(
                    what + ", and with it sessions of clients: set it to noeviction there"
                            + " (CONFIG SET maxmemory-policy noeviction), or redis.eviction to allow here",
                    null);
        }
        log.warn("{}: SESSIONS AND EVENTS WILL BE LOST THEN, which redis.eviction allows", what);
    }

    private static void warnOfPersistence(RedisServer server) {
        if (!"1".equals(server.get("aof_enabled"))) {
            log.warn(
                    "{} has appendonly off: if it stops, what was stored since its last snapshot is lost, though clients"
                            + " were given it. docs/operating.md says what each setting keeps",
                    server.name());
        }
    }
}
