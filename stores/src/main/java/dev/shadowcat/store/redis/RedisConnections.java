package dev.shadowcat.store.redis;

import dev.shadowcat.store.StoreException;
import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.StaticCredentialsProvider;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.RedisClusterURIUtil;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.EpollProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The connections to one Redis: one for what is appended, and one for everything else, which may be long. */
final class RedisConnections implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    /** How long what was sent may go unacknowledged by the other machine; its kernel answers, however busy Redis is. */
    private static final Duration DEAD_AFTER = Duration.ofSeconds(5);

    private static final Duration TOPOLOGY_REFRESH = Duration.ofSeconds(5);
    private static final int THREADS = 2;
    private static final int QUIET_MILLIS = 20;

    private final String name;
    private final Readiness readiness;
    private final ClientResources resources;
    private final AbstractRedisClient client;
    private final List<RedisURI> uris;
    private final RedisLink writes;
    private final RedisLink others;

    private RedisConnections(
            String name,
            Readiness readiness,
            ClientResources resources,
            AbstractRedisClient client,
            List<RedisURI> uris,
            RedisLink writes,
            RedisLink others) {
        this.name = name;
        this.readiness = readiness;
        this.uris = uris;
        this.resources = resources;
        this.client = client;
        this.writes = writes;
        this.others = others;
    }

    /**
     * Connects to a server, to the master that Sentinel names, or to the cluster that the server is part of.
     *
     * @param timeout how long an answer may take, until {@link #timeout} says otherwise
     * @throws StoreException if it cannot
     */
    static RedisConnections open(RedisUrl url, Duration timeout) {
        List<RedisURI> uris = uris(url, timeout);
        String name = "Redis at " + uris.stream().map(RedisConnections::place).collect(Collectors.joining(","));
        Readiness readiness = new Readiness(name, timeout);
        ClientResources resources = DefaultClientResources.builder()
                .ioThreadPoolSize(THREADS)
                .computationThreadPoolSize(THREADS)
                .build();
        try {
            return readiness.await(() -> url.severalServers() || isCluster(uris.getFirst(), resources, name, timeout)
                    ? cluster(uris, resources, name, readiness, timeout)
                    : oneServer(uris.getFirst(), resources, name, readiness, timeout));
        } catch (RedisException failed) {
            shutDown(resources);
            throw Failures.opening(name, failed);
        } catch (RuntimeException failed) {
            shutDown(resources);
            throw failed;
        }
    }

    private static List<RedisURI> uris(RedisUrl url, Duration timeout) {
        List<RedisURI> uris = url.severalServers()
                ? RedisClusterURIUtil.toRedisURIs(URI.create(url.forDriver()))
                : List.of(RedisURI.create(url.forDriver()));
        String password = url.password();
        for (RedisURI uri : uris) {
            uri.setTimeout(timeout);
            uri.setClientName("shadowcat");
            if (password != null) {
                uri.setCredentialsProvider(new StaticCredentialsProvider(url.user(), password.toCharArray()));
            }
        }
        return uris;
    }

    /** Where a Redis is, without what must not be told. */
    private static String place(RedisURI uri) {
        return uri.getSentinels().isEmpty()
                ? uri.getHost() + ":" + uri.getPort()
                : uri.getSentinelMasterId() + " of the Sentinels "
                        + uri.getSentinels().stream()
                                .map(sentinel -> sentinel.getHost() + ":" + sentinel.getPort())
                                .collect(Collectors.joining(","));
    }

    private static boolean isCluster(RedisURI uri, ClientResources resources, String name, Duration timeout) {
        RedisClient client = oneServerClient(resources);
        try (OneServerLink link = new OneServerLink(client, uri, name, timeout)) {
            String info = link.ask(commands -> commands.info("cluster"));
            return "1".equals(RedisServer.parse(info).get("cluster_enabled"));
        } finally {
            client.shutdown(0, CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static RedisConnections oneServer(
            RedisURI uri, ClientResources resources, String name, Readiness readiness, Duration timeout) {
        RedisClient client = oneServerClient(resources);
        return new RedisConnections(
                name,
                readiness,
                resources,
                client,
                List.of(uri),
                new OneServerLink(client, uri, name, timeout),
                new OneServerLink(client, uri, name, timeout));
    }

    private static RedisClient oneServerClient(ClientResources resources) {
        RedisClient client = RedisClient.create(resources);
        client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .socketOptions(sockets())
                .build());
        return client;
    }

    private static RedisConnections cluster(
            List<RedisURI> uris, ClientResources resources, String name, Readiness readiness, Duration timeout) {
        RedisClusterClient client = RedisClusterClient.create(resources, uris);
        client.setOptions(ClusterClientOptions.builder()
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(TOPOLOGY_REFRESH)
                        .build())
                .socketOptions(sockets())
                .build());
        try {
            return new RedisConnections(
                    name,
                    readiness,
                    resources,
                    client,
                    uris,
                    new ClusterLink(client.connect(ByteArrayCodec.INSTANCE), timeout),
                    new ClusterLink(client.connect(ByteArrayCodec.INSTANCE), timeout));
        } catch (RedisException failed) {
            client.shutdown(0, CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS); // the next try makes another
            throw failed;
        }
    }

    private static SocketOptions sockets() {
        SocketOptions.Builder sockets =
                SocketOptions.builder().connectTimeout(CONNECT_TIMEOUT).keepAlive(true);
        if (EpollProvider.isAvailable()) { // which alone has it
            sockets.tcpUserTimeout(SocketOptions.TcpUserTimeoutOptions.builder()
                    .enable()
                    .tcpUserTimeout(DEAD_AFTER)
                    .build());
        }
        return sockets.build();
    }

    /** For people. */
    String name() {
        return name;
    }

    /** Asks, and asks again until the Redis is ready; at most for as long after the beginning as an answer might take then. */
    <T> T whenReady(Supplier<T> question) {
        return readiness.await(question);
    }

    /** Takes what is appended; the order in which it is sent is the order in which it comes. */
    RedisLink writes() {
        return writes;
    }

    /** Takes everything else. */
    RedisLink others() {
        return others;
    }

    /** From now on answers may take so long, those to the greeting of a new connection included. */
    void timeout(Duration timeout) {
        uris.forEach(uri -> uri.setTimeout(timeout));
        writes.timeout(timeout);
        others.timeout(timeout);
    }

    /** What is at the end of either connection is not what it was. */
    void renew() {
        writes.renew();
        others.renew();
    }

    @Override
    public void close() {
        writes.close();
        others.close();
        client.shutdown(0, CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        shutDown(resources);
    }

    /** A moment later than nothing comes in any more: what is told of the end of connections is told by these threads. */
    private static void shutDown(ClientResources resources) {
        resources
                .shutdown(QUIET_MILLIS, CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CONNECT_TIMEOUT.toMillis());
    }
}
