package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.observe.RepeatedTrouble;
import dev.shadowcat.store.SharedStore;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a node has that shares its store with others. Any thread. */
final class Nodes {
    private static final Logger log = LoggerFactory.getLogger(Nodes.class);

    private final SharedStore store;
    private final Lease lease;
    private final OtherNodes others;
    private final Holders holders;
    private final Set<Forwarding> forwarded = ConcurrentHashMap.newKeySet();
    private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
    private final RepeatedTrouble refusals = new RepeatedTrouble(InstantSource.system());
    private final RepeatedTrouble goneNodes = new RepeatedTrouble(InstantSource.system());
    private final RepeatedTrouble silence = new RepeatedTrouble(InstantSource.system());
    private final AtomicBoolean toldOfAddress = new AtomicBoolean();
    private final long beganNanos = System.nanoTime();
    private final AtomicInteger next = new AtomicInteger(); // of the successors
    private volatile boolean stopping;
    private volatile boolean servesOn;
    private volatile boolean waitingEnded;
    private volatile List<String> successors = List.of();

    Nodes(SharedStore store, Lease lease, OtherNodes others, Holders holders) {
        this.store = store;
        this.lease = lease;
        this.others = others;
        this.holders = holders;
    }

    SharedStore store() {
        return store;
    }

    Lease lease() {
        return lease;
    }

    OtherNodes others() {
        return others;
    }

    Holders holders() {
        return holders;
    }

    /** Whether another node has sent this request on. */
    boolean sentOn(Exchange exchange) {
        return others.vouches(exchange.headers().get(OtherNodes.HEADER));
    }

    /** Whether another node has sent this request on, and takes this one for the holder of its session. */
    boolean sentToHolder(Exchange exchange) {
        return sentOn(exchange) && !exchange.headers().contains(OtherNodes.STOPS);
    }

    /** Whether the holder of a session, which runs, is another node with the address of this one: what is sent on to it would come back. */
    boolean isOfTwo(String holder) {
        return settled() && store.address().equals(holder);
    }

    /** Not soon after a start: what the node held that was here before leads here until its lease has run out. */
    private boolean settled() {
        return System.nanoTime() - beganNanos > 2 * lease.length().toNanos();
    }

    /** Says once where what this node sends on comes back to it, since another node's address leads here, though it is not the same. */
    void watchAddress(Exchange sentOn) {
        boolean own = others.self().equals(sentOn.headers().get(OtherNodes.FROM));
        if (own && settled() && toldOfAddress.compareAndSet(false, true)) {
            log.error(
                    "What this node sends on to {} comes back to itself: the node-address of another node that shares the"
                            + " store leads here, and clients get 503 for its sessions. Give each its own",
                    sentOn.headers().get(HttpHeaderNames.HOST));
        }
    }

    /** A request waited in vain for its session: all of them do, while the store is away. */
    void refused(String reason) {
        warn(refusals, "A request was refused: " + reason);
    }

    private static void warn(RepeatedTrouble trouble, String what) {
        long count = trouble.again();
        if (count > 0) {
            log.warn("{}{}", what, RepeatedTrouble.times(count));
        }
    }

    /** A request is sent on anew: one that is refused in the end is told of then. So it is where a node of an older version stops. */
    void askedInVain(String address, String reason) {
        long count = goneNodes.again();
        if (count > 0) {
            log.info(
                    "The node at {} holds a session and cannot be asked, so its requests are tried again: {}{}",
                    address,
                    reason,
                    RepeatedTrouble.times(count));
        }
    }

    /** A request that was sent on got no answer, and gets none. */
    void unanswered(String address, String reason) {
        warn(silence, "The node at " + address + " holds a session and gives a request no answer: " + reason);
    }

    /** Requests under way that others serve. */
    Set<Forwarding> forwarded() {
        return forwarded;
    }

    /**
     * A request waits for its next try.
     *
     * @return whether there is one
     */
    boolean waits(Waiting request) {
        waiting.add(request);
        return !waitingEnded || !waitsNoLonger(request);
    }

    /** Whether it waited until now. */
    boolean waitsNoLonger(Waiting request) {
        return waiting.remove(request);
    }

    /** How many requests wait for their next try. */
    int waiting() {
        return waiting.size();
    }

    /** Refuses what waits: whoever has it may send it again, which nobody can tell of a connection that breaks. */
    void endWaiting() {
        waitingEnded = true;
        waiting.forEach(Waiting::end);
    }

    /**
     * From now on nothing is begun here where other nodes run: they wait, and take the sessions soon. Blocks.
     *
     * @param time that the store may take to say whether there are any
     * @return whether other nodes run
     */
    boolean stop(Duration time) {
        successors = running(time);
        stopping = true;
        return handsOver();
    }

    private List<String> running(Duration time) {
        FutureTask<List<String>> asking = new FutureTask<>(store::others);
        Thread.ofPlatform().daemon().name("shadowcat-successors").start(asking);
        try {
            return asking.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return unknown("no answer within " + time.toMillis() + " ms");
        } catch (ExecutionException failed) {
            return unknown(String.valueOf(failed.getCause()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return unknown(interrupted.toString());
        }
    }

    private static List<String> unknown(String reason) {
        log.warn(
                "The store cannot be asked for other nodes, so clients are sent away until this one is back: {}",
                reason);
        return List.of();
    }

    /** Whether this node, while it stops, serves the sessions that it has in memory. */
    boolean servesOn() {
        return servesOn;
    }

    void servesOn(boolean serves) {
        servesOn = serves;
    }

    /** Whether this node stops, and others go on with what it held. */
    boolean handsOver() {
        return stopping && !successors.isEmpty();
    }

    /** It does not go on either, or is gone. */
    synchronized void stopsToo(String address) {
        successors = successors.stream().filter(each -> !each.equals(address)).toList();
    }

    /** One of those that go on, another one each time; this node itself where there is none any more. */
    String successor() {
        List<String> known = successors;
        if (known.isEmpty()) {
            return others.self();
        }
        return known.get(Math.floorMod(next.getAndIncrement(), known.size()));
    }

    boolean stopping() {
        return stopping;
    }
}
