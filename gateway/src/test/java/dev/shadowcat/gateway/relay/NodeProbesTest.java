package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.testkit.SharedMemory;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class NodeProbesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final EventLoopGroup group = Transport.available().newLoops(1, "probes");
    private final NettyLoop loop = new NettyLoop(group.next());
    private final OtherNodes others = new OtherNodes(new byte[32], Transport.available());
    private final AtomicLong clock = new AtomicLong();
    private final NodeProbes probes = new NodeProbes(nodes(), loop, PATIENCE, clock::get);

    private Nodes nodes() {
        SharedMemory.Node store = new SharedMemory(Duration.ofMinutes(2), clock::get).node();
        Lease lease = new Lease(store, new Lease.Sessions() {
            @Override
            public Collection<SessionId> claimed() {
                return List.of();
            }

            @Override
            public void lost(SessionId session) {}
        });
        return new Nodes(store, lease, others, new Holders(Duration.ofMinutes(1)));
    }

    @AfterEach
    void stop() {
        loop.loop()
                .submit(() -> probes.ask(Set.of()))
                .syncUninterruptibly(); // ends what is under way, as a loop does not
        others.close();
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private boolean isSilent(String address) throws Exception {
        return loop.loop()
                .submit(() -> {
                    probes.ask(Set.of(address));
                    return probes.silent(address);
                })
                .get();
    }

    @Test
    void aNodeThatThereIsNoWayToIsSilentHoweverFastThatIsSaid() {
        await().until(() -> {
            clock.addAndGet(PATIENCE.dividedBy(10).toNanos());
            return isSilent("224.0.0.1:8080"); // no connection is made to a group: the kernel says so at once
        });
    }

    @Test
    void oneWhoseMachineRefusesIsThere() throws Exception {
        String address = "127.0.0.1:" + portOfNobody();
        assertThat(isSilent(address)).isFalse();
        clock.addAndGet(PATIENCE.toNanos() + 1);
        await().until(() -> !isSilent(address));
    }

    private static int portOfNobody() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closed.getLocalPort();
        }
    }
}
