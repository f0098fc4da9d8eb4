package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static dev.shadowcat.store.redis.RedisKeys.text;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.redis.Shares.Share;
import io.lettuce.core.RedisException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The store in a Redis. What is written of a session is written by one script on its server, all or nothing; on one server a
 * batch is one script, on a cluster one for each session.
 */
final class RedisStore extends RedisReads implements SharedStore {
    private static final Duration SOON = Duration.ofMillis(100);
    private static final int TRIES = 2;
    private static final byte[] NOTHING = bytes("");

    private final String name;
    private final RedisLink writes;
    private final RedisKeys keys;
    private final Servers servers;
    private final Attempts attempts;
    private final SessionIndex written;
    private final Ownership ownership;
    private final RedisSettings settings;
    private final RecordWriter out = new RecordWriter(); // the appending thread only
    private final HeldStreams held; // the appending thread only
    private boolean renewed; // the renewing thread only

    /** Sessions whose beginning, end or new stream waits because the index cannot be written. */
    private final Set<SessionId> unnoted = ConcurrentHashMap.newKeySet();

    private final Partition index = new Partition.Shard("the index of sessions", unnoted::contains);

    RedisStore(
            RedisConnections connections,
            RedisKeys keys,
            Servers servers,
            Attempts attempts,
            String address,
            RedisSettings settings) {
        super(
                connections,
                RedisReader.tidying(connections.others(), keys, new SessionIndex(connections.others(), keys)));
        this.name = connections.name();
        this.writes = connections.writes();
        this.keys = keys;
        this.servers = servers;
        this.attempts = attempts;
        this.settings = settings;
        this.held = new HeldStreams(keys, out);
        this.written = new SessionIndex(writes, keys);
        RedisLink others = connections.others();
        this.ownership = new Ownership(
                others, keys, servers, new SessionIndex(others, keys), attempts, address, settings.lease());
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        if (batch.isEmpty()) {
            return AppendOutcome.Stored.ALL;
        }
        try {
            return append(new Shares(batch));
        } catch (RedisException failed) {
            held.forget();
            writes.failed(failed);
            return Failures.outcome(failed, Partition.WHOLE, List.of());
        } catch (StoreException failed) {
            return new AppendOutcome.Busy(SOON, String.valueOf(failed.getMessage()));
        } finally {
            out.trim();
            held.shrink();
        }
    }

    private AppendOutcome append(Shares shares) {
        for (int tries = 0; tries < TRIES; tries++) {
            Servers.View view = servers.view();
            AppendOutcome outcome = writes.clustered() ? onCluster(shares, view) : onOneServer(shares, view);
            if (outcome != null) {
                return outcome;
            }
            held.forget();
            connections.renew();
            servers.refresh(writes);
        }
        return new AppendOutcome.Busy(SOON, name + " changes its servers");
    }

    /** What is sent on one connection comes in the order in which it was sent. */
    private @Nullable AppendOutcome onOneServer(Shares shares, Servers.View view) {
        List<Future<Long>> noted = noteBefore(shares, view);
        AppendOutcome outcome = together(shares, view);
        writes.awaitAll(noted);
        if (outcome instanceof AppendOutcome.Stored) {
            writes.awaitAll(noteAfter(shares, view));
        }
        return outcome;
    }

    /** Where the index cannot be written, only what changes it waits. */
    private @Nullable AppendOutcome onCluster(Shares shares, Servers.View view) {
        Set<SessionId> noting = new HashSet<>(shares.begun());
        noting.addAll(shares.opened());
        noting.addAll(shares.ended());
        try {
            awaitNoted(noteBefore(shares, view));
        } catch (RedisException failed) {
            return unnoted(noting, failed);
        }
        AppendOutcome outcome = oneByOne(shares, view);
        if (outcome instanceof AppendOutcome.Stored) {
            try {
                awaitNoted(noteAfter(shares, view));
            } catch (RedisException failed) {
                return unnoted(noting, failed);
            }
            unnoted.removeAll(noting);
        }
        return outcome;
    }

    private void awaitNoted(List<Future<Long>> noted) {
        writes.awaitAll(noted, unnoted.isEmpty() ? writes.deadline() : System.nanoTime() + SOON.toNanos());
    }

    private AppendOutcome unnoted(Set<SessionId> sessions, RedisException failed) {
        unnoted.addAll(sessions);
        return Failures.outcome(failed, index, List.of());
    }

    private List<Future<Long>> noteBefore(Shares shares, Servers.View view) {
        List<Future<Long>> noted = new ArrayList<>(written.add(shares.begun()));
        noted.addAll(written.hold(shares.opened(), view.held(attempts.node())));
        return noted;
    }

    /** What began is noted again, should a reader who did not find it yet have struck it out. */
    private List<Future<Long>> noteAfter(Shares shares, Servers.View view) {
        List<Future<Long>> noted = new ArrayList<>(written.add(shares.begun()));
        noted.addAll(written.remove(shares.ended(), view.held(attempts.node())));
        return noted;
    }

    /** One script for all sessions. @return null where the servers are others than is known */
    private @Nullable AppendOutcome together(Shares shares, Servers.View view) {
        Together together = new Together(shares, view);
        List<Object> answer = together.call();
        if (said(answer).equals("unknown")) {
            held.forget();
            together = new Together(shares, view);
            answer = together.call();
        }
        return switch (said(answer)) {
            case "stored" -> {
                together.stored(answer);
                yield AppendOutcome.Stored.ALL;
            }
            case "lost" -> new AppendOutcome.Lost(together.lost(answer));
            case "changed" -> null;
            default -> stale(Partition.WHOLE);
        };
    }

    private static String said(List<Object> answer) {
        return text((byte[]) answer.getFirst());
    }

    /** A batch as one script: of sessions that are known the commands, the others' writes to be looked at one by one. */
    private final class Together {
        private final List<SessionId> lookedAt = new ArrayList<>();
        private final List<HeldStreams.Commands> known = new ArrayList<>();
        private final List<byte[]> arguments;

        Together(Shares shares, Servers.View view) {
            arguments = head(view);
            arguments.add(keys.fence(attempts.node()));
            arguments.add(held.fence(view.epoch()));
            shares.bySession().forEach((id, share) -> {
                HeldStreams.Commands commands = held.commands(id, share.writes);
                if (commands == null) {
                    lookedAt.add(id);
                    add(share, arguments);
                    if (share.removes) {
                        held.forget(id);
                    }
                } else {
                    known.add(commands);
                }
            });
            known.forEach(commands -> arguments.addAll(commands.parts()));
        }

        List<Object> call() {
            return Script.APPEND.call(
                    writes, lookedAt.stream().map(keys::session).toList(), arguments);
        }

        Set<SessionId> lost(List<Object> answer) {
            Set<SessionId> lost = new HashSet<>();
            for (Object index : answer.subList(1, answer.size())) {
                lost.add(lookedAt.get(Integer.parseInt(text((byte[]) index))));
            }
            return lost;
        }

        void stored(List<Object> answer) {
            held.fenced((byte[]) answer.get(1));
            known.forEach(held::stored);
            for (int i = 0; i < lookedAt.size(); i++) {
                learn(lookedAt.get(i), (List<?>) answer.get(i + 2));
            }
        }

        private void learn(SessionId session, List<?> found) {
            if (!text((byte[]) found.getFirst()).equals("1")) {
                held.forget(session);
                return;
            }
            Map<Integer, HeldStreams.Stream> left = new HashMap<>();
            List<?> streams = (List<?>) found.getLast();
            for (int i = 0; i < streams.size(); i += 4) {
                left.put(
                        (int) number(streams.get(i)),
                        new HeldStreams.Stream(
                                number(streams.get(i + 1)),
                                number(streams.get(i + 2)),
                                number(streams.get(i + 3)),
                                null));
            }
            held.learn(session, left);
        }

        private static long number(Object part) {
            return Long.parseLong(text((byte[]) part));
        }
    }

    /** A script for each session, all sent at once. @return null where the servers are others than is known */
    private @Nullable AppendOutcome oneByOne(Shares shares, Servers.View view) {
        List<Map.Entry<SessionId, Share>> entries =
                List.copyOf(shares.bySession().entrySet());
        List<Script.Call> sent = new ArrayList<>(entries.size());
        for (Map.Entry<SessionId, Share> entry : entries) {
            List<byte[]> arguments = head(view);
            arguments.add(NOTHING);
            arguments.add(NOTHING);
            add(entry.getValue(), arguments);
            sent.add(Script.APPEND.send(writes, List.of(keys.session(entry.getKey())), arguments));
        }
        List<Long> deadlines =
                entries.stream().map(entry -> writes.deadline(entry.getKey())).toList();
        Set<SessionId> lost = new HashSet<>();
        boolean changed = false;
        AppendOutcome failed = AppendOutcome.Stored.ALL;
        for (int i = 0; i < entries.size(); i++) {
            SessionId id = entries.get(i).getKey();
            try {
                String answer =
                        text((byte[]) sent.get(i).answer(deadlines.get(i)).getFirst());
                writes.answered(id, true);
                switch (answer) {
                    case "stored" -> {}
                    case "lost" -> lost.add(id);
                    case "changed" -> changed = true;
                    default -> failed = stale(writes.partOf(id));
                }
            } catch (RedisException failure) {
                writes.answered(id, false);
                failed = Failures.outcome(
                        failure, writes.partOf(id), entries.get(i).getValue().writes);
            }
        }
        if (changed) {
            return null;
        }
        return lost.isEmpty() ? failed : new AppendOutcome.Lost(lost);
    }

    private List<byte[]> head(Servers.View view) {
        List<byte[]> head = new ArrayList<>();
        head.add(bytes(attempts.node()));
        head.add(view.epochText());
        head.add(attempts.next());
        head.add(view.servers());
        return head;
    }

    private void add(Share share, List<byte[]> arguments) {
        List<byte[]> writes = WriteArguments.of(share.writes, out);
        arguments.add(bytes(share.begins ? 1 : 0));
        arguments.add(bytes(writes.size()));
        arguments.addAll(writes);
    }

    /** Another thread of this node claimed the session meanwhile. */
    private static AppendOutcome stale(Partition part) {
        return new AppendOutcome.Busy(SOON, "a later write of this node came first", part);
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        return idleSinceMillis >= 0 && asking(() -> ownership.expire(session, idleSinceMillis));
    }

    @Override
    public boolean renew() {
        return renewed ? asking(ownership::renew) : renewFirst();
    }

    /** It is the last step of a node's start. */
    private boolean renewFirst() {
        connections.timeout(settings.startTimeout());
        try {
            boolean unbroken = asking(ownership::renew);
            renewed = true;
            return unbroken;
        } finally {
            connections.timeout(settings.timeout());
        }
    }

    @Override
    public Duration lease() {
        return settings.lease();
    }

    @Override
    public Duration switchOver() {
        return settings.timeout();
    }

    @Override
    public void leave() {
        asking(() -> {
            ownership.leave();
            return true;
        });
    }

    @Override
    public Claim claim(SessionId session, int epoch) {
        return asking(() -> ownership.claim(session, epoch));
    }

    @Override
    public Set<SessionId> lost(Collection<SessionId> sessions) {
        return asking(() -> ownership.lost(sessions));
    }

    @Override
    public Set<SessionId> heldByOthers(Collection<SessionId> sessions) {
        return asking(() -> ownership.heldByOthers(sessions));
    }

    @Override
    public String address() {
        return ownership.address();
    }

    @Override
    public List<String> others() {
        return asking(ownership::others);
    }

    @Override
    public List<SessionId> abandoned(int limit) {
        return asking(() -> ownership.abandoned(limit));
    }

    @Override
    Servers.View view() {
        return servers.view();
    }
}
