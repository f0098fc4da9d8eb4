package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.session.SessionLoop;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Sees to it that nobody waits for a node that stands still or is out of reach: its connections stay open, and only the store knows
 * that its lease has run out, and only a probe that it cannot be reached. Asks for one session of each node that requests were sent
 * on to, and the node itself where requests wait, a few times in a lease. On its loop.
 */
final class ForwardingWatch {
    private static final int LOOKS = 4; // in the time of a lease
    private static final int SILENT_LEASES =
            5; // then a node that answers nothing is taken for gone, though its lease runs

    private static final int HEARD_PART =
            3; // of a lease: one that stands still loses it no sooner than that after it was heard

    private final Relay relay;
    private final Nodes nodes;
    private final SessionLoop loop;
    private final NodeProbes probes;

    ForwardingWatch(Relay relay, Nodes nodes, NettyLoop loop) {
        this.relay = relay;
        this.nodes = nodes;
        this.loop = loop;
        this.probes = new NodeProbes(nodes, loop, nodes.lease().length().multipliedBy(SILENT_LEASES), System::nanoTime);
    }

    /** Begins to look, and goes on until the loop ends. */
    void start() {
        loop.after(nodes.lease().length().toMillis() / LOOKS, () -> {
            look();
            start();
        });
    }

    private void look() {
        nodes.holders().sweep();
        probe();
        if (nodes.stopping() || !nodes.lease().takes()) {
            return; // one that stops has no session come to it
        }
        Map<String, Forwarding> byAddress = new HashMap<>();
        nodes.forwarded().forEach(each -> byAddress.putIfAbsent(each.address(), each));
        byAddress.values().forEach(one -> ask(one, () -> askOthers(one)));
    }

    private void probe() {
        Set<String> addresses = new HashSet<>();
        for (Forwarding each : nodes.forwarded()) {
            if (each.waits()) {
                addresses.add(each.address());
            }
        }
        probes.ask(addresses);
        nodes.forwarded().stream()
                .filter(each -> each.waits() && probes.silent(each.address()))
                .forEach(Forwarding::unheard);
    }

    private void askOthers(Forwarding one) {
        nodes.forwarded().stream()
                .filter(each -> each != one && each.address().equals(one.address()))
                .forEach(each -> ask(each, () -> {}));
    }

    /**
     * A session that is free by now comes to this node, where its client is, and what was under way of it is taken up. One that has
     * ended is its holder's to answer for: whoever is sent on to it may be told of the end just now.
     */
    private void ask(Forwarding one, Runnable ifMoved) {
        SessionId session = one.session();
        if (session == null) {
            return;
        }
        boolean answers =
                probes.heardWithin(one.address(), nodes.lease().length().dividedBy(HEARD_PART));
        Runnable moved = () -> {
            one.moved(answers);
            loop.run(ifMoved);
        };
        relay.sessions()
                .find(
                        session,
                        loop,
                        found -> found.ifPresent(here -> {
                            relay.takeUp(here);
                            moved.run();
                        }),
                        address -> {
                            if (!address.equals(one.address())) {
                                moved.run();
                            }
                        },
                        unreadable -> {});
    }
}
