package dev.shadowcat.benchmarks;

import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.redis.RedisUrl;

/** A server that nodes can share: the store on it, and the most that it takes of the same events with nothing around them. */
interface BareServer extends AutoCloseable {
    /** The store on it, emptied, opened as a new node. */
    SharedStore store();

    /** Writes events for a while, to streams that take turns, each batch confirmed before the next; events a second. */
    double eventsPerSecond(int streams, int batchEvents, int seconds);

    @Override
    void close();

    /** The one at a URL, as the gateway takes it. */
    static BareServer of(String url, Payloads payloads, int eventBytes) {
        return RedisUrl.isOne(url) ? new BareRedis(url, payloads) : new BarePostgres(url, payloads, eventBytes);
    }
}
