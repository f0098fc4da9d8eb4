package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.admin.AdminHandler;
import dev.shadowcat.gateway.config.AccessSettings;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.config.StoreSettings;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.gateway.http.GuardSettings;
import dev.shadowcat.gateway.http.HttpListener;
import dev.shadowcat.gateway.http.ListenerSettings;
import dev.shadowcat.gateway.http.RequestGuard;
import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.relay.Gateway;
import dev.shadowcat.gateway.telemetry.GatewayView;
import dev.shadowcat.gateway.telemetry.LogSetup;
import dev.shadowcat.gateway.telemetry.Telemetry;
import dev.shadowcat.gateway.upstream.NettyUpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.DeadLetterFile;
import dev.shadowcat.persist.Deadline;
import dev.shadowcat.persist.UnstoredMarkFile;
import dev.shadowcat.persist.UnstoredMarks;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts a gateway together from its settings, starts it, and takes it apart in the reverse order. */
final class GatewayWiring implements RunningGateway, GatewayView {
    private static final Logger log = LoggerFactory.getLogger(GatewayWiring.class);
    private static final long DEAD_LETTER_BYTES = 64L << 20;
    private static final int ADMIN_READS = 16;

    private static final String UNSTORED_FILE = "unstored-streams";

    private final GatewaySettings settings;
    private final DataFolder data;
    private final EventStore store;
    private final EventLoopGroup loops;
    private final Telemetry telemetry;
    private final Map<String, UpstreamClient> clients;
    private final Gateway gateway;
    private final HttpListener listener;
    private final ThreadPoolExecutor adminReads;
    private final SmallListener admin;
    private final AdminAddress adminAddress;
    private volatile @Nullable Reloads reloads;

    private GatewayWiring(
            GatewaySettings settings, Map<String, String> environment, UnaryOperator<EventStore> around, Parts parts)
            throws IOException {
        this.settings = settings;
        this.telemetry = parts.own(telemetry(environment), Telemetry::close);
        requirePorts(settings);
        this.data = parts.own(DataFolder.take(settings.store().data()), DataFolder::close);
        this.store =
                around.apply(parts.own(Stores.open(settings.store(), node(settings), environment), EventStore::close));
        Observer observer = telemetry.observer();
        Transport transport = Transport.available();
        this.loops = parts.own(
                transport.newLoops(settings.eventLoops(), "shadowcat-loop"),
                group -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS));
        this.clients = parts.own(
                clients(settings, transport, telemetry), all -> all.values().forEach(UpstreamClient::close));
        UnstoredMarks marks = marks(settings.store(), store);
        this.gateway = new Gateway(
                settings,
                loops,
                store,
                clients,
                new DeadLetterFile(settings.store().data().resolve(DeadLettersCommand.FILE), DEAD_LETTER_BYTES),
                marks,
                observer,
                telemetry.operations(),
                Halt.process());
        new Gauges(gateway).register(telemetry.instruments());
        LogSetup.apply(settings.log());
        gateway.start();
        parts.own(gateway, started -> started.close(Duration.ofSeconds(1)));
        this.listener = parts.own(listen(settings, transport, loops, gateway), opened -> opened.close(Duration.ZERO));
        this.adminReads = parts.own(adminReads(), ThreadPoolExecutor::shutdownNow);
        this.admin = parts.own(
                SmallListener.open(
                        "admin",
                        settings.admin(),
                        settings.access().allowHosts(),
                        new AdminHandler(
                                this,
                                telemetry::prometheus,
                                adminReads,
                                settings.admin().loopback())),
                SmallListener::close);
        this.adminAddress = new AdminAddress(settings.store().data());
        adminAddress.write("http://" + settings.admin().withPort(admin.port()).local());
        adminReads.execute(telemetry::watchRuntime); // after all that somebody waits for
    }

    /**
     * Starts a gateway; where a part cannot be had, those before it are let go.
     *
     * @param environment whose {@code OTEL_*} variables say what is exported
     */
    static RunningGateway start(GatewaySettings settings, Map<String, String> environment) {
        return start(settings, environment, UnaryOperator.identity());
    }

    /** @param around what the store is wrapped in; a seam for tests that let it fail */
    @SuppressWarnings("MustBeClosedChecker")
    static RunningGateway start(
            GatewaySettings settings, Map<String, String> environment, UnaryOperator<EventStore> around) {
        Parts parts = new Parts();
        try {
            return new GatewayWiring(settings, environment, around, parts);
        } catch (IOException taken) {
            parts.release();
            throw new Failure("listen: " + Ports.taken("listen", settings.listen()));
        } catch (RuntimeException failed) {
            parts.release();
            throw failed;
        }
    }

    @Override
    public GatewaySettings settings() {
        return settings;
    }

    @Override
    public int port() {
        return listener.port();
    }

    @Override
    public int adminPort() {
        return admin.port();
    }

    @Override
    public void reloadFrom(Configuration started) {
        reloads = new Reloads(started, this::tune);
    }

    private void tune(GatewaySettings next) {
        gateway.tune(next);
        LogSetup.apply(next.log());
    }

    @Override
    public String reload() {
        Reloads known = reloads;
        if (known == null) {
            throw new IllegalArgumentException("this gateway was not started from a file");
        }
        return known.reload();
    }

    @Override
    public List<String> degraded() {
        return gateway.degraded();
    }

    @Override
    public EventStore store() {
        return store;
    }

    @Override
    public HostPort nodeAddress() {
        return nodeAddress(settings);
    }

    @Override
    public int openStreams() {
        return gateway.openStreams();
    }

    @Override
    public int openStreams(SessionId session) {
        return gateway.openStreams(session);
    }

    /**
     * Intake first, then what is under way, then what is stored, then what was opened: all within one deadline. Where other nodes go on,
     * intake ends last: what comes is sent on to them.
     */
    @Override
    public void stop() {
        Deadline deadline = Deadline.in(settings.shutdownDeadline());
        boolean handsOver = gateway.beginStop(deadline.part(4));
        if (handsOver) {
            listener.endConnections();
        } else {
            listener.stopAccepting();
        }
        // Whoever waits for an answer that cannot be fetched later stays connected until it is there. All are sent away
        // after that: clients try twice to come back, so they are to be away for no longer than the restart takes.
        boolean drained = gateway.drain(deadline.part(2));
        gateway.sendClientsAway();
        int unstored = 0;
        if (handsOver) {
            unstored = gateway.handOver(deadline.part(2));
            listener.endRequests();
            listener.awaitAnswers(deadline.part(2));
            gateway.endForwarded(deadline.part(2));
        }
        int cut = listener.close(deadline.part(2));
        unstored += gateway.close(deadline.left());
        adminAddress.remove();
        admin.close();
        adminReads.shutdownNow();
        clients.values().forEach(UpstreamClient::close);
        loops.shutdownGracefully(0, 500, TimeUnit.MILLISECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
        store.close();
        data.close();
        telemetry.close(deadline.left());
        if (!drained) {
            log.warn(
                    "stopped: the outcome of some calls is unknown: their server gives no event ids, or their client had none yet");
        }
        if (cut > 0 || unstored > 0) {
            log.warn("stopped: {} connections were cut, {} writes were not stored", cut, unstored);
        }
    }

    /**
     * A first start that cannot have its ports leaves no folder behind. Where there is a folder it is tried before them: who has it is
     * mostly the gateway that has the ports, and its name says more.
     */
    private static void requirePorts(GatewaySettings settings) {
        if (!Files.exists(settings.store().data())) {
            Ports.requireFree("listen", settings.listen());
            Ports.requireFree("admin", settings.admin());
        }
    }

    /** A run that was killed in an outage left marks; what it sent on unstored becomes gaps before anyone comes back. */
    private static UnstoredMarks marks(StoreSettings settings, EventStore store) {
        if (settings.inMemory()) {
            return UnstoredMarks.NONE;
        }
        UnstoredMarkFile file = new UnstoredMarkFile(settings.data().resolve(UNSTORED_FILE));
        file.recover(store, System.currentTimeMillis());
        return file;
    }

    /** As which this run of the gateway uses a store that others share. */
    private static NodeIdentity node(GatewaySettings settings) {
        return new NodeIdentity(
                SessionId.mint(new SecureRandom()).toString(),
                nodeAddress(settings).toString());
    }

    private static HostPort nodeAddress(GatewaySettings settings) {
        HostPort told = settings.store().nodeAddress();
        HostPort listen = settings.listen();
        boolean shared = settings.store().choice().kind().shared();
        if (told != null || !shared || listen.equals(listen.local())) {
            return told != null ? told : listen;
        }
        try {
            InetAddress own = InetAddress.getLocalHost();
            if (!own.isLoopbackAddress()) {
                return new HostPort(own.getHostAddress(), listen.port());
            }
            throw new Failure("node-address: must be set, since this machine's name stands for its loopback address "
                    + own.getHostAddress());
        } catch (UnknownHostException nameless) {
            throw new Failure("node-address: must be set, since this machine does not know its own address ("
                    + nameless.getMessage() + ")");
        }
    }

    private static Map<String, UpstreamClient> clients(
            GatewaySettings settings, Transport transport, Telemetry telemetry) {
        Map<String, UpstreamClient> clients = new HashMap<>();
        settings.upstreams()
                .forEach((name, upstream) -> clients.put(name, client(clientSettings(upstream), transport, telemetry)));
        return clients;
    }

    private static UpstreamClient client(UpstreamClientSettings settings, Transport transport, Telemetry telemetry) {
        return new NettyUpstreamClient(settings, transport, telemetry.meter(settings.host(), settings.port()));
    }

    static UpstreamClientSettings clientSettings(UpstreamSettings upstream) {
        UpstreamClientSettings defaults = UpstreamClientSettings.of(upstream.url());
        return new UpstreamClientSettings(
                defaults.base(),
                upstream.connectTimeout(),
                defaults.maxHeaderBytes(),
                defaults.maxConnectionsPerLoop(),
                defaults.receiveBufferBytes(),
                defaults.sendBufferBytes(),
                defaults.pooledIdle(),
                defaults.recentIdle(),
                upstream.caFile());
    }

    private static HttpListener listen(
            GatewaySettings settings, Transport transport, EventLoopGroup loops, Gateway gateway) throws IOException {
        InetSocketAddress address = settings.listen().resolve();
        if (address.isUnresolved()) {
            throw new Failure("listen: there is no host " + settings.listen().host());
        }
        ListenerSettings listener = ListenerSettings.at(address)
                .with(new ListenerSettings.Limits(
                        settings.limits().maxRequestBytes(),
                        settings.limits().maxRequestBytesInFlight(),
                        settings.limits().maxConnections()))
                .with(new ListenerSettings.Timeouts(
                        settings.timeouts().header(),
                        settings.timeouts().body(),
                        settings.timeouts().keepAlive(),
                        settings.streams().slowClient()));
        AccessSettings access = settings.access();
        List<String> hosts = new ArrayList<>(access.allowHosts());
        if (settings.store().choice().kind().shared()) {
            hosts.add(nodeAddress(settings).toString()); // by which other nodes call
        }
        URI outside = access.publicUrl();
        if (outside != null && outside.getHost() != null) {
            hosts.add(outside.getHost());
        }
        GuardSettings guard = new GuardSettings(address.getAddress(), hosts, access.allowOrigins());
        return HttpListener.open(listener, loops, transport.serverSocket(), new RequestGuard(guard, gateway.handler()));
    }

    private static Telemetry telemetry(Map<String, String> environment) {
        try {
            return Telemetry.start(environment);
        } catch (IllegalArgumentException wrong) {
            throw new ConfigurationException(String.valueOf(wrong.getMessage()));
        }
    }

    private static ThreadPoolExecutor adminReads() {
        ThreadPoolExecutor reads = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(ADMIN_READS),
                Thread.ofPlatform().name("shadowcat-admin-reads").daemon().factory());
        reads.allowCoreThreadTimeOut(true);
        return reads;
    }
}
