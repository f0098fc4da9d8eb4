package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static dev.shadowcat.store.redis.RedisKeys.member;

import dev.shadowcat.event.SessionId;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.Range.Boundary;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions there are, and which a node holds. On a cluster neither can change in one step with the session itself, so
 * both name at least those that are there: a session is noted before it is stored, and struck out after it is gone.
 */
final class SessionIndex {
    private final RedisLink link;
    private final RedisKeys keys;

    SessionIndex(RedisLink link, RedisKeys keys) {
        this.link = link;
        this.keys = keys;
    }

    /** Sends that these sessions are there. */
    List<Future<Long>> add(Collection<SessionId> sessions) {
        List<Future<Long>> sent = new ArrayList<>(sessions.size());
        for (SessionId session : sessions) {
            sent.add(link.commands().zadd(keys.index(RedisKeys.shardOf(session)), 0, member(session)));
        }
        return sent;
    }

    /** Sends that a node may hold these, with an open stream. */
    List<Future<Long>> hold(Collection<SessionId> sessions, String nodeAndEpoch) {
        if (sessions.isEmpty()) {
            return List.of();
        }
        RedisClusterAsyncCommands<byte[], byte[]> commands = link.commands();
        return List.of(
                commands.sadd(keys.nodes(), bytes(nodeAndEpoch)),
                commands.sadd(keys.held(nodeAndEpoch), members(sessions)));
    }

    /** Sends that these sessions are gone. */
    List<Future<Long>> remove(Collection<SessionId> sessions) {
        List<Future<Long>> sent = new ArrayList<>(sessions.size());
        for (SessionId session : sessions) {
            sent.add(link.commands().zrem(keys.index(RedisKeys.shardOf(session)), member(session)));
        }
        return sent;
    }

    /** Sends that these sessions, which a node held, are gone. */
    List<Future<Long>> remove(Collection<SessionId> sessions, String nodeAndEpoch) {
        List<Future<Long>> sent = remove(sessions);
        if (!sessions.isEmpty()) {
            sent.add(link.commands().srem(keys.held(nodeAndEpoch), members(sessions)));
        }
        return sent;
    }

    /** A node does not hold these any more, or nothing of them is open. */
    void letGo(Collection<SessionId> sessions, String nodeAndEpoch) {
        if (!sessions.isEmpty()) {
            link.ask(commands -> commands.srem(keys.held(nodeAndEpoch), members(sessions)));
        }
        if (link.ask(commands -> commands.scard(keys.held(nodeAndEpoch))) == 0) {
            link.ask(commands -> commands.srem(keys.nodes(), bytes(nodeAndEpoch)));
        }
    }

    /** Every node that may hold a session, each with the epoch in which it claimed. */
    List<String> nodes() {
        return link.ask(commands -> commands.smembers(keys.nodes())).stream()
                .map(RedisKeys::text)
                .toList();
    }

    /** Those that a node may hold. */
    List<SessionId> heldBy(String nodeAndEpoch) {
        return link.ask(commands -> commands.smembers(keys.held(nodeAndEpoch))).stream()
                .map(RedisKeys::id)
                .toList();
    }

    /** Ids after one, in order; at least {@code limit} of those noted, where there are so many. */
    List<SessionId> after(@Nullable SessionId after, int limit) {
        int first = after == null ? 0 : RedisKeys.shardOf(after);
        RedisClusterAsyncCommands<byte[], byte[]> commands = link.commands();
        List<Future<List<byte[]>>> sent = new ArrayList<>();
        for (int shard = first; shard < RedisKeys.INDEX_SHARDS; shard++) {
            Boundary<byte[]> from =
                    after == null || shard > first ? Boundary.unbounded() : Boundary.excluding(member(after));
            sent.add(commands.zrangebylex(
                    keys.index(shard), Range.from(from, Boundary.unbounded()), Limit.create(0, limit)));
        }
        return link.awaitAll(sent).stream()
                .flatMap(List::stream)
                .limit(limit)
                .map(RedisKeys::id)
                .toList();
    }

    private static byte[][] members(Collection<SessionId> sessions) {
        return sessions.stream().map(RedisKeys::member).toArray(byte[][]::new);
    }
}
