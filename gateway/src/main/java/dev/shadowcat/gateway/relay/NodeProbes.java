package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks nodes that requests wait for whether they are there, on connections beside those of the requests: a node whose lease goes on
 * may be out of reach all the same. One loop only.
 */
final class NodeProbes {
    /** What is asked for; whoever is no node finds nothing there. */
    static final String PATH = "/node";

    private static final long ANSWER_NANOS = OtherNodes.CONNECT.toNanos();

    private final Nodes nodes;
    private final NettyLoop loop;
    private final long patienceNanos;
    private final LongSupplier nanoTime;
    private final Map<String, Probe> probes = new HashMap<>();

    /** @param patience after which a node that says nothing is taken for one that is gone */
    NodeProbes(Nodes nodes, NettyLoop loop, Duration patience, LongSupplier nanoTime) {
        this.nodes = nodes;
        this.loop = loop;
        this.patienceNanos = patience.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Asks these nodes, and no longer any others. */
    void ask(Set<String> addresses) {
        probes.entrySet().removeIf(each -> {
            boolean done = !addresses.contains(each.getKey());
            if (done) {
                each.getValue().close();
            }
            return done;
        });
        addresses.forEach(each -> probes.computeIfAbsent(each, Probe::new).ask());
    }

    /** Whether nothing was heard of a node for too long, though it was asked again and again. */
    boolean silent(String address) {
        Probe probe = probes.get(address);
        return probe != null && nanoTime.getAsLong() - probe.heardNanos > patienceNanos;
    }

    /** Whether something was heard of a node within that time, or it was asked for the first time since. */
    boolean heardWithin(String address, Duration time) {
        Probe probe = probes.get(address);
        return probe != null && nanoTime.getAsLong() - probe.heardNanos < time.toNanos();
    }

    /** What is asked of one node until it says something. */
    private final class Probe implements UpstreamListener {
        private final String address;
        private long heardNanos = nanoTime.getAsLong();
        private long askedNanos;
        private @Nullable UpstreamCall call;

        private Probe(String address) {
            this.address = address;
        }

        private void ask() {
            if (call != null && nanoTime.getAsLong() - askedNanos < ANSWER_NANOS) {
                return;
            }
            close();
            askedNanos = nanoTime.getAsLong();
            HttpHeaders headers =
                    Answers.headers().set(OtherNodes.HEADER, nodes.others().word());
            call = nodes.others()
                    .at(address)
                    .send(
                            loop.loop(),
                            new UpstreamRequest(
                                    HttpMethod.GET, PATH, headers, Unpooled.EMPTY_BUFFER, Reuse.RECENT, false),
                            this);
        }

        private void close() {
            if (call != null) {
                call.close();
                call = null;
            }
        }

        private void heard() {
            heardNanos = nanoTime.getAsLong();
        }

        /** Whatever it is: one that has no room for another connection goes on serving those that it has. */
        @Override
        public void head(int status, HttpHeaders headers) {
            heard();
        }

        @Override
        public void data(ByteBuf bytes) {}

        @Override
        public void end() {
            call = null;
        }

        /**
         * A refusal comes from a machine that would say so of the request's connection too if nobody served it; that there is no way
         * there is said by machines on this side.
         */
        @Override
        public void failed(UpstreamFailure failure) {
            call = null;
            if (failure.fate() != UpstreamFailure.Fate.NEVER_SENT || failure.isRefusal()) {
                heard();
            }
        }
    }
}
