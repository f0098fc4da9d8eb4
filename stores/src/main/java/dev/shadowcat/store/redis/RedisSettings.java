package dev.shadowcat.store.redis;

import java.time.Duration;

/**
 * How a Redis is used.
 *
 * @param prefix what every key begins with, so that several stores may share one Redis
 * @param timeout bound on each call; after it the fate of a write is open
 * @param startTimeout the same until the store is open and the node has its lease: nobody waits for that node yet, and much may start at once.
 *     A Redis that is not ready yet is asked again for as long
 * @param lease how long a node holds its sessions without renewing
 * @param eviction what becomes of a Redis that may throw away what is stored once its memory is full
 */
public record RedisSettings(String prefix, Duration timeout, Duration startTimeout, Duration lease, Eviction eviction) {
    private static final Duration LEAST = Duration.ofMillis(100);

    /** What is used where nothing else is said. */
    public static final RedisSettings DEFAULTS = new RedisSettings(
            "shadowcat", Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(2), Eviction.REFUSE);

    /** What becomes of a Redis that may evict. */
    public enum Eviction {
        /** It is not used. */
        REFUSE,
        /** It is, with a loud warning. */
        ALLOW
    }

    public RedisSettings {
        requireAtLeast("timeout", timeout);
        requireAtLeast("start-timeout", startTimeout);
        requireAtLeast("lease", lease);
        if (prefix.isEmpty() || prefix.contains("{") || prefix.contains("}")) {
            throw new IllegalArgumentException(
                    "redis.prefix: must be a text without braces, which name slots, but was " + prefix);
        }
    }

    /** The same with other names of keys. */
    public RedisSettings withPrefix(String other) {
        return new RedisSettings(other, timeout, startTimeout, lease, eviction);
    }

    /** The same with another bound on each call. */
    public RedisSettings withTimeout(Duration other) {
        return new RedisSettings(prefix, other, startTimeout, lease, eviction);
    }

    /** The same with another bound on each call of the start. */
    public RedisSettings withStartTimeout(Duration other) {
        return new RedisSettings(prefix, timeout, other, lease, eviction);
    }

    /** The same with another length of leases. */
    public RedisSettings withLease(Duration other) {
        return new RedisSettings(prefix, timeout, startTimeout, other, eviction);
    }

    /** The same, taking or refusing a Redis that evicts. */
    public RedisSettings withEviction(Eviction other) {
        return new RedisSettings(prefix, timeout, startTimeout, lease, other);
    }

    private static void requireAtLeast(String key, Duration value) {
        if (value.compareTo(LEAST) < 0) {
            throw new IllegalArgumentException(
                    "redis." + key + ": must be at least " + LEAST.toMillis() + " ms, but was " + value.toMillis());
        }
    }
}
