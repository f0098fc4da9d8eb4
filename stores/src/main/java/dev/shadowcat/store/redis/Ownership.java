package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static dev.shadowcat.store.redis.RedisKeys.text;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.Renewals;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** This node's lease and the sessions that it holds. Any thread, but for {@link #renew}, which one thread calls. */
final class Ownership {
    private static final int PAGE = 256;
    private static final int TRIES = 3;
    private static final byte[] NOBODY = bytes("");
    /** By then its sessions have long been taken. */
    private static final Duration LEFT_KNOWN = Duration.ofMinutes(10);

    private final RedisLink link;
    private final RedisKeys keys;
    private final Servers servers;
    private final SessionIndex index;
    private final Attempts attempts;
    private final String node;
    private final byte[] address;
    private final Duration lease;
    private final Renewals renewals;
    private volatile boolean broken;
    private volatile int renewedIn = -1; // epoch; -1 before the first time

    Ownership(
            RedisLink link,
            RedisKeys keys,
            Servers servers,
            SessionIndex index,
            Attempts attempts,
            String address,
            Duration lease) {
        this.link = link;
        this.keys = keys;
        this.servers = servers;
        this.index = index;
        this.attempts = attempts;
        this.node = attempts.node();
        this.address = bytes(address);
        this.lease = lease;
        this.renewals = new Renewals(lease, System::nanoTime);
    }

    boolean renew() {
        long asked = System.nanoTime();
        byte[] before =
                link.ask(commands -> commands.setGet(keys.lease(node), address, SetArgs.Builder.px(lease.toMillis())));
        broken |= before == null; // known until a renewal is through: the next one finds a lease
        int epoch = servers.refresh(link).epoch();
        boolean unbroken = !broken && epoch == renewedIn;
        if (!unbroken) {
            link.ask(commands -> commands.sadd(keys.running(), bytes(node)));
        }
        broken = false;
        renewedIn = epoch;
        renewals.answered(asked);
        return unbroken;
    }

    /** A full server lets a lease go, and takes no note of why. */
    void leave() {
        try {
            link.ask(commands -> commands.set(keys.left(node), NOBODY, SetArgs.Builder.px(LEFT_KNOWN.toMillis())));
        } finally {
            link.ask(commands -> commands.del(keys.lease(node)));
        }
    }

    String address() {
        return text(address);
    }

    /** Addresses of the other nodes whose leases run; what is noted of those that are gone is struck out. */
    List<String> others() {
        List<String> others = new ArrayList<>();
        for (byte[] other : link.ask(commands -> commands.smembers(keys.running()))) {
            byte[] itsAddress = addressOf(other);
            if (itsAddress == null) {
                link.ask(commands -> commands.srem(keys.running(), other));
                itsAddress = addressOf(other); // it may have come back in between
                if (itsAddress != null) {
                    link.ask(commands -> commands.sadd(keys.running(), other));
                }
            }
            if (itsAddress != null && !text(other).equals(node)) {
                others.add(text(itsAddress));
            }
        }
        return others;
    }

    /** Null where its lease does not run. */
    private byte @Nullable [] addressOf(byte[] other) {
        return link.ask(commands -> commands.get(keys.lease(text(other))));
    }

    Claim claim(SessionId session, int epoch) {
        Answer answer = ask(Script.CLAIM, session, view -> noteClaim(session, view, epoch), NOBODY);
        Claim claim = switch (answer.said()) {
            case "held" -> Claim.Held.BEFORE;
            case "taken" -> left(answer.text(1)) ? Claim.Held.HANDED_OVER : Claim.Held.TAKEN_OVER;
            case "absent" -> new Claim.Absent();
            case "elsewhere" -> new Claim.Elsewhere(answer.text(1));
            default -> throw unknown();
        };
        if (!(claim instanceof Claim.Held)) {
            index.letGo(List.of(session), answer.view().held(node));
        }
        return claim;
    }

    /**
     * On another server holders take theirs anew first, and each node waits for them after it has renewed its lease there: what it
     * claimed before that, it would have taken from under them.
     */
    private void noteClaim(SessionId session, Servers.View view, int epoch) {
        requireEpoch(epoch, view);
        int renewed = renewedIn;
        if (renewed >= 0 && renewed != view.epoch()) {
            throw new StoreException("the lease of this node is yet to be renewed on what is the server now", null);
        }
        link.awaitAll(index.hold(List.of(session), view.held(node)));
    }

    /** Who was told that a session is free on one server knows nothing of it on another. */
    private static void requireEpoch(int epoch, Servers.View view) {
        if (view.epoch() != epoch) {
            throw new StoreException("another server took the place of the one that was asked", null);
        }
    }

    boolean expire(SessionId session, long idleSinceMillis) {
        int epoch = servers.view().epoch();
        Answer answer = ask(Script.EXPIRE, session, view -> requireEpoch(epoch, view), bytes(idleSinceMillis));
        return switch (answer.said()) {
            case "deleted" -> {
                link.awaitAll(index.remove(List.of(session), answer.text(1) + ":" + answer.text(2)));
                yield true;
            }
            case "kept", "elsewhere" -> false;
            default -> throw unknown();
        };
    }

    /** What a script answered, and what was known of the servers when it was asked. */
    private record Answer(List<Object> parts, Servers.View view) {
        String said() {
            return text(0);
        }

        String text(int part) {
            return RedisKeys.text((byte[]) parts.get(part));
        }
    }

    /**
     * Asks a script that does nothing where another node whose lease runs holds the session: then "elsewhere" and that node's
     * address.
     *
     * @param before what is done each time that it is asked
     */
    private Answer ask(Script script, SessionId session, Consumer<Servers.View> before, byte[] more) {
        long renewal = renewals.newest();
        byte[] lapsed = NOBODY;
        for (int tries = 0; tries < TRIES; tries++) {
            Servers.View view = servers.view();
            before.accept(view);
            List<Object> parts = script.call(
                    link,
                    List.of(keys.session(session)),
                    List.of(
                            bytes(node),
                            view.epochText(),
                            attempts.next(),
                            view.servers(),
                            lapsed,
                            link.clustered() ? NOBODY : keys.leases(),
                            link.clustered() ? NOBODY : keys.fences(),
                            more));
            Answer answer = new Answer(parts, view);
            switch (answer.said()) {
                case "changed" -> servers.refresh(link);
                case "elsewhere" -> {
                    byte[] holder = (byte[]) parts.get(1);
                    byte[] itsAddress = link.ask(commands -> commands.get(keys.lease(text(holder))));
                    if (itsAddress != null) {
                        return new Answer(List.of(parts.getFirst(), itsAddress), view);
                    }
                    renewals.requireFresh(renewal);
                    lapsed = holder;
                }
                default -> {
                    return answer;
                }
            }
        }
        throw new StoreException(
                "Redis changes its servers, or who holds the session, faster than it can be asked", null);
    }

    private static StoreException unknown() {
        return new StoreException("Redis answered what no script of this version does", null);
    }

    Set<SessionId> lost(Collection<SessionId> sessions) {
        int epoch = servers.view().epoch();
        Set<SessionId> lost = new HashSet<>();
        forEach(sessions, (session, look) -> {
            if (!look.isHeldBy(node, epoch)) {
                lost.add(session);
            }
        });
        return lost;
    }

    Set<SessionId> heldByOthers(Collection<SessionId> sessions) {
        int epoch = servers.view().epoch();
        Map<String, Boolean> running = new HashMap<>();
        Set<SessionId> held = new HashSet<>();
        forEach(sessions, (session, look) -> {
            boolean other = look.isHeld(epoch) && !look.isHeldBy(node, epoch);
            if (other && running.computeIfAbsent(look.holder(), this::runs)) {
                held.add(session);
            }
        });
        return held;
    }

    /** Whether a node gave its lease back; else that has run out. */
    private boolean left(String holder) {
        return link.ask(commands -> commands.exists(keys.left(holder))) == 1;
    }

    private boolean runs(String holder) {
        return link.ask(commands -> commands.exists(keys.lease(holder))) == 1;
    }

    List<SessionId> abandoned(int limit) {
        Set<SessionId> abandoned = new HashSet<>();
        int epoch = servers.view().epoch();
        for (String other : index.nodes()) {
            int colon = other.lastIndexOf(':');
            String its = other.substring(0, colon);
            boolean current = Integer.parseInt(other.substring(colon + 1)) == epoch;
            if (current && runs(its)) {
                continue;
            }
            List<SessionId> over = new ArrayList<>();
            forEach(index.heldBy(other), (session, look) -> {
                boolean free = !look.isHeld(epoch) || look.isHeldBy(its, epoch);
                if (look.open() && free) {
                    abandoned.add(session);
                } else {
                    over.add(session);
                }
            });
            index.letGo(over, other);
            if (abandoned.size() >= limit) {
                break;
            }
        }
        return abandoned.stream().limit(limit).toList();
    }

    /** Who holds a session; all empty where there is none. */
    private record Look(String holder, String epoch, boolean open) {
        static Look of(List<Object> answer) {
            return answer.isEmpty()
                    ? new Look("", "", false)
                    : new Look(
                            text((byte[]) answer.get(0)),
                            text((byte[]) answer.get(1)),
                            text((byte[]) answer.get(2)).equals("open"));
        }

        boolean isHeld(int now) {
            return epoch.equals(Integer.toString(now));
        }

        boolean isHeldBy(String node, int now) {
            return isHeld(now) && holder.equals(node);
        }
    }

    private interface Looking {
        void found(SessionId session, Look look);
    }

    private void forEach(Collection<SessionId> sessions, Looking looking) {
        List<SessionId> page = new ArrayList<>(PAGE);
        for (SessionId session : sessions) {
            page.add(session);
            if (page.size() == PAGE) {
                look(page, looking);
                page.clear();
            }
        }
        look(page, looking);
    }

    private void look(List<SessionId> page, Looking looking) {
        List<Script.Call> sent = new ArrayList<>(page.size());
        for (SessionId session : page) {
            sent.add(Script.LOOK.send(link, List.of(keys.session(session)), List.of()));
        }
        long deadline = link.deadline();
        for (int i = 0; i < page.size(); i++) {
            looking.found(page.get(i), Look.of(sent.get(i).answer(deadline)));
        }
    }
}
