package dev.shadowcat.store.redis;

import static org.awaitility.Awaitility.await;

import dev.shadowcat.testkit.RedisProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A cluster of three servers, each with a third of the slots. */
final class RedisCluster implements AutoCloseable {
    private static final int SLOTS = 16_384;
    private static final int SERVERS = 3;

    private final List<RedisProcess> servers = new ArrayList<>();

    static RedisCluster start() throws IOException {
        RedisCluster cluster = new RedisCluster();
        for (int i = 0; i < SERVERS; i++) {
            cluster.servers.add(RedisProcess.start(
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    "2000",
                    "--cluster-require-full-coverage",
                    "no"));
        }
        for (int i = 0; i < SERVERS; i++) {
            List<String> add = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
            for (int slot = SLOTS * i / SERVERS; slot < SLOTS * (i + 1) / SERVERS; slot++) {
                add.add("" + slot);
            }
            cluster.servers.get(i).command(add.toArray(String[]::new));
            cluster.servers
                    .get(i)
                    .command(
                            "CLUSTER",
                            "MEET",
                            "127.0.0.1",
                            "" + cluster.servers.getFirst().port());
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> cluster.servers.stream()
                        .map(server -> server.command("CLUSTER", "INFO"))
                        .allMatch(info -> info.contains("cluster_state:ok")
                                && info.contains("cluster_slots_ok:" + SLOTS)
                                && info.contains("cluster_known_nodes:" + SERVERS)));
        return cluster;
    }

    String url() {
        return servers.getFirst().url();
    }

    List<RedisProcess> servers() {
        return servers;
    }

    @Override
    public void close() {
        servers.forEach(RedisProcess::close);
    }
}
