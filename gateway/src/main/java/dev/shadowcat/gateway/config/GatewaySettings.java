package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a gateway can be told, checked.
 *
 * @param listen where clients connect
 * @param admin where operators look
 * @param access who may call, by Host and Origin, and how the gateway is called outside
 * @param upstreams by name; {@code ""} is the one at /mcp, the others are at /mcp/NAME
 * @param store where sessions and events are kept
 * @param queue what may wait for the store, and how it is written
 * @param streams how streams behave in time
 * @param limits what one client, session or process may hold
 * @param retention how long things are kept
 * @param timeouts how long a client connection may take
 * @param shutdownDeadline from SIGTERM to exit
 * @param log what is logged, and how
 * @param eventLoops threads that carry bytes
 */
public record GatewaySettings(
        HostPort listen,
        HostPort admin,
        AccessSettings access,
        SortedMap<String, UpstreamSettings> upstreams,
        StoreSettings store,
        QueueSettings queue,
        StreamSettings streams,
        LimitSettings limits,
        RetentionSettings retention,
        TimeoutSettings timeouts,
        Duration shutdownDeadline,
        LogSettings log,
        int eventLoops) {
    public GatewaySettings {
        check(
                listen.port() == 0 || !listen.equals(admin),
                Keys.ADMIN.name(),
                "must differ from listen, but both are " + admin);
        upstreams = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(upstreams));
    }

    static GatewaySettings from(Values values, Placeholders placeholders) {
        SortedMap<String, UpstreamSettings> upstreams = new TreeMap<>();
        for (String name : values.upstreams()) {
            upstreams.put(name, UpstreamSettings.from(values, name, placeholders));
        }
        return new GatewaySettings(
                values.get(Keys.LISTEN),
                values.get(Keys.ADMIN),
                AccessSettings.from(values),
                upstreams,
                StoreSettings.from(values),
                QueueSettings.from(values),
                StreamSettings.from(values),
                LimitSettings.from(values),
                RetentionSettings.from(values),
                TimeoutSettings.from(values),
                values.get(Keys.SHUTDOWN_DEADLINE),
                LogSettings.from(values),
                values.get(Keys.EVENT_LOOPS));
    }

    /** The same with other upstreams: for the demo, which brings its own. */
    public GatewaySettings withUpstreams(SortedMap<String, UpstreamSettings> others) {
        return new GatewaySettings(
                listen,
                admin,
                access,
                others,
                store,
                queue,
                streams,
                limits,
                retention,
                timeouts,
                shutdownDeadline,
                log,
                eventLoops);
    }

    /** The same with another store: for the demo, which may keep a folder of its own. */
    public GatewaySettings withStore(StoreSettings other) {
        return new GatewaySettings(
                listen,
                admin,
                access,
                upstreams,
                other,
                queue,
                streams,
                limits,
                retention,
                timeouts,
                shutdownDeadline,
                log,
                eventLoops);
    }
}
