package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.Partition;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.models.role.RedisInstance;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A connection to a cluster: one to each of its servers, which Lettuce makes and keeps. */
final class ClusterLink extends RedisLink {
    /** A server that did not answer is waited for no longer than this, for a while: others wait behind it. */
    private static final long SUSPECT_WAIT_NANOS = Duration.ofMillis(500).toNanos();

    private static final long SUSPECT_NANOS = Duration.ofSeconds(5).toNanos();

    private final StatefulRedisClusterConnection<byte[], byte[]> connection;
    private final Map<String, Long> suspectUntil = new ConcurrentHashMap<>(); // by the server's id

    ClusterLink(StatefulRedisClusterConnection<byte[], byte[]> connection, Duration timeout) {
        super(timeout);
        this.connection = connection;
    }

    @Override
    RedisClusterAsyncCommands<byte[], byte[]> commands() {
        return connection.async();
    }

    @Override
    List<RedisServer> servers() {
        List<RedisClusterNode> nodes = connection.getPartitions().stream()
                .filter(node -> node.getRole() == RedisInstance.Role.UPSTREAM
                        && !node.getSlots().isEmpty())
                .toList();
        List<Future<String>> asked = new ArrayList<>();
        for (RedisClusterNode node : nodes) {
            asked.add(connection
                    .getConnectionAsync(node.getNodeId())
                    .thenCompose(server -> server.async().info()));
        }
        long deadline = System.nanoTime() + SUSPECT_WAIT_NANOS;
        List<RedisServer> servers = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            RedisServer server = server(nodes.get(i), asked.get(i), deadline);
            if (!server.answers() || server.takesWrites()) {
                servers.add(server);
            }
        }
        return servers;
    }

    private RedisServer server(RedisClusterNode node, Future<String> asked, long deadline) {
        try {
            return RedisServer.answering(node.getNodeId(), nameOf(node), await(asked, deadline));
        } catch (RedisException silent) {
            return RedisServer.silent(node.getNodeId(), nameOf(node));
        }
    }

    private static String nameOf(RedisClusterNode node) {
        return "Redis at " + node.getUri().getHost() + ":" + node.getUri().getPort();
    }

    @Override
    boolean clustered() {
        return true;
    }

    @Override
    Partition partOf(SessionId session) {
        RedisClusterNode node = nodeOf(session);
        if (node == null) {
            return Partition.WHOLE;
        }
        String id = node.getNodeId();
        return new Partition.Shard(nameOf(node), other -> {
            RedisClusterNode its = nodeOf(other);
            return its != null && its.getNodeId().equals(id);
        });
    }

    @Override
    long deadline(SessionId session) {
        RedisClusterNode node = nodeOf(session);
        Long until = node == null ? null : suspectUntil.get(node.getNodeId());
        long now = System.nanoTime();
        return until != null && until - now > 0 ? now + SUSPECT_WAIT_NANOS : deadline();
    }

    @Override
    void answered(SessionId session, boolean well) {
        RedisClusterNode node = nodeOf(session);
        if (node == null) {
            return;
        }
        if (well) {
            suspectUntil.remove(node.getNodeId());
        } else {
            long now = System.nanoTime();
            suspectUntil.compute(
                    node.getNodeId(),
                    (_, until) -> until != null && until - now > 0 ? until : Long.valueOf(now + SUSPECT_NANOS));
        }
    }

    private @Nullable RedisClusterNode nodeOf(SessionId session) {
        return connection
                .getPartitions()
                .getPartitionBySlot(SlotHash.getSlot(session.toString().getBytes(StandardCharsets.US_ASCII)));
    }

    /** Lettuce makes broken connections anew, and asks the cluster who its servers are. */
    @Override
    void failed(RedisException failure) {}

    @Override
    void renew() {}

    @Override
    public void close() {
        connection.close();
    }
}
