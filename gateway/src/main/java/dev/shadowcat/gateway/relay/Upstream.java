package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.gateway.telemetry.Peer;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;

/**
 * One MCP server behind the gateway, and the way to it.
 *
 * @param target path and query of its endpoint
 * @param slots one for each request that may be under way to it
 * @param trouble what is said of it where no session can begin
 * @param peer what telemetry calls it
 */
record Upstream(
        UpstreamSettings settings,
        UpstreamClient client,
        String target,
        Semaphore slots,
        UpstreamTrouble trouble,
        Peer peer) {
    Upstream(UpstreamSettings settings, UpstreamClient client, InstantSource clock, Operations operations) {
        this(
                settings,
                client,
                target(settings),
                new Semaphore(settings.maxConcurrentCalls()),
                new UpstreamTrouble(settings.name(), clock),
                peer(settings, operations));
    }

    private static Peer peer(UpstreamSettings settings, Operations operations) {
        UpstreamClientSettings client = UpstreamClientSettings.of(settings.url());
        return operations.peer(client.host(), client.port());
    }

    private static String target(UpstreamSettings settings) {
        String path = settings.url().getRawPath();
        String query = settings.url().getRawQuery();
        return (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
    }

    UpstreamCall post(EventLoop loop, HttpHeaders headers, byte[] body, Reuse reuse, UpstreamListener listener) {
        return send(loop, HttpMethod.POST, headers, Unpooled.wrappedBuffer(body), reuse, false, listener);
    }

    UpstreamCall get(EventLoop loop, HttpHeaders headers, UpstreamListener listener) {
        return send(loop, HttpMethod.GET, headers, Unpooled.EMPTY_BUFFER, Reuse.POOLED, true, listener);
    }

    UpstreamCall send(
            EventLoop loop,
            HttpMethod method,
            HttpHeaders headers,
            ByteBuf body,
            Reuse reuse,
            boolean longLived,
            UpstreamListener listener) {
        return client.send(loop, new UpstreamRequest(method, target, headers, body, reuse, longLived), listener);
    }
}
