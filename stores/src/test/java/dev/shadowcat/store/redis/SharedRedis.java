package dev.shadowcat.store.redis;

import dev.shadowcat.testkit.RedisProcess;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Servers that all tests of this process share, which end with it: JUnit and jqwik know no common end. */
final class SharedRedis {
    private SharedRedis() {}

    /** One server. */
    static String url() {
        return One.SERVER.url();
    }

    /** A cluster of three servers. */
    static String clusterUrl() {
        return Three.CLUSTER.url();
    }

    private static final class One {
        static final RedisProcess SERVER = started();

        private static RedisProcess started() {
            try {
                RedisProcess server = RedisProcess.start();
                closeAtExit(server::close);
                return server;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    private static final class Three {
        static final RedisCluster CLUSTER = started();

        private static RedisCluster started() {
            try {
                RedisCluster cluster = RedisCluster.start();
                closeAtExit(cluster::close);
                return cluster;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    private static void closeAtExit(Runnable close) {
        Runtime.getRuntime().addShutdownHook(new Thread(close));
    }
}
