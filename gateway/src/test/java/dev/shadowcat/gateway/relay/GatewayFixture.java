package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.http.GuardSettings;
import dev.shadowcat.gateway.http.HttpListener;
import dev.shadowcat.gateway.http.ListenerSettings;
import dev.shadowcat.gateway.http.RequestGuard;
import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.telemetry.Telemetry;
import dev.shadowcat.gateway.upstream.NettyUpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.Fatal;
import dev.shadowcat.persist.UnstoredMarks;
import dev.shadowcat.store.EventStore;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A whole gateway on a free port, with a store that the test brings and keeps. */
final class GatewayFixture implements AutoCloseable {
    private final Telemetry telemetry;
    private final EventLoopGroup loops;
    private final UpstreamClient client;
    private final Gateway gateway;
    private final HttpListener listener;

    /** @param flags settings by their flags, such as {@code --hold-for} */
    GatewayFixture(EventStore store, URI upstream, Map<String, String> flags) throws IOException {
        this(store, upstream, flags, Clocks.SYSTEM);
    }

    GatewayFixture(EventStore store, URI upstream, Map<String, String> flags, Clocks clocks) throws IOException {
        this(store, upstream, flags, clocks, Telemetry.start(Map.of()));
    }

    GatewayFixture(EventStore store, URI upstream, Map<String, String> flags, Clocks clocks, Telemetry telemetry)
            throws IOException {
        this.telemetry = telemetry;
        Map<String, String> all = new HashMap<>(flags);
        all.put("--upstream-url", upstream.toString());
        GatewaySettings settings = Configuration.read(all, Map.of()).gateway();
        Transport transport = Transport.available();
        loops = transport.newLoops(1, "test-loop");
        Observer observer = telemetry.observer();
        client = new NettyUpstreamClient(
                UpstreamClientSettings.of(upstream),
                transport,
                telemetry.meter(upstream.getHost(), upstream.getPort()));
        gateway = new Gateway(
                settings,
                loops,
                store,
                Map.of("", client),
                (write, reason) -> {},
                UnstoredMarks.NONE,
                observer,
                telemetry.operations(),
                Fatal.LOGGED,
                clocks);
        gateway.start();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        listener = HttpListener.open(
                ListenerSettings.at(new InetSocketAddress(loopback, 0)),
                loops,
                transport.serverSocket(),
                new RequestGuard(new GuardSettings(loopback, List.of(), List.of()), gateway.handler()));
    }

    Gateway gateway() {
        return gateway;
    }

    /** A metric's value; 0 where nothing was counted. */
    double metric(String name) {
        return telemetry
                .prometheus()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith("shadowcat_" + name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    TestClient client() {
        return new TestClient(url("/mcp"));
    }

    URI url(String path) {
        return URI.create("http://127.0.0.1:" + listener.port() + path);
    }

    @Override
    public void close() {
        listener.close(Duration.ZERO);
        gateway.close(Duration.ofSeconds(2));
        client.close();
        telemetry.close();
        if (!loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(15, TimeUnit.SECONDS)) {
            throw new AssertionError("a loop does not come to its end");
        }
    }
}
