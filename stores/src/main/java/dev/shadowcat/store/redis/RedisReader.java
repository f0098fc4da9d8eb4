package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static dev.shadowcat.store.redis.RedisKeys.text;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.format.Records;
import io.lettuce.core.KeyValue;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Reads what the scripts wrote. Any thread. */
final class RedisReader {
    private static final byte[][] SESSION_FIELDS = fields("r", "s", "a");

    /** How many sessions or streams are asked for at once. */
    private static final int PAGE = 256;

    private final RedisLink link;
    private final RedisKeys keys;
    private final SessionIndex index;
    private final boolean tidy;

    private RedisReader(RedisLink link, RedisKeys keys, SessionIndex index, boolean tidy) {
        this.link = link;
        this.keys = keys;
        this.index = index;
        this.tidy = tidy;
    }

    /** One that strikes out of the index what it finds gone. */
    static RedisReader tidying(RedisLink link, RedisKeys keys, SessionIndex index) {
        return new RedisReader(link, keys, index, true);
    }

    /** One that changes nothing. */
    static RedisReader looking(RedisLink link, RedisKeys keys, SessionIndex index) {
        return new RedisReader(link, keys, index, false);
    }

    Optional<StoredSession> session(SessionId id) {
        return Optional.ofNullable(session(id, link.ask(commands -> commands.hmget(keys.session(id), SESSION_FIELDS))));
    }

    private static @Nullable StoredSession session(SessionId id, List<KeyValue<byte[], byte[]>> row) {
        Fields fields = new Fields(row);
        byte[] record = fields.get(0);
        byte[] state = fields.get(1);
        byte[] activity = fields.get(2);
        return record == null || state == null || activity == null
                ? null
                : new StoredSession(
                        Records.sessionRecord(id, record),
                        Records.sessionState(state),
                        Records.sessionActivity(activity));
    }

    List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        List<StoredSession> found = new ArrayList<>();
        SessionId last = after;
        while (found.size() < limit) {
            List<SessionId> ids = index.after(last, Math.min(PAGE, limit - found.size()));
            if (ids.isEmpty()) {
                return found;
            }
            last = ids.getLast();
            found.addAll(existing(ids));
        }
        return found;
    }

    private List<StoredSession> existing(List<SessionId> ids) {
        RedisClusterAsyncCommands<byte[], byte[]> commands = link.commands();
        List<Future<List<KeyValue<byte[], byte[]>>>> sent = new ArrayList<>(ids.size());
        for (SessionId id : ids) {
            sent.add(commands.hmget(keys.session(id), SESSION_FIELDS));
        }
        List<List<KeyValue<byte[], byte[]>>> rows = link.awaitAll(sent);
        List<StoredSession> existing = new ArrayList<>(ids.size());
        List<SessionId> gone = new ArrayList<>(0);
        for (int i = 0; i < rows.size(); i++) {
            StoredSession session = session(ids.get(i), rows.get(i));
            if (session == null) {
                gone.add(ids.get(i));
            } else {
                existing.add(session);
            }
        }
        if (tidy) {
            strikeOut(gone);
        }
        return existing;
    }

    /** Strikes out what is gone, and notes again what was stored meanwhile. Who stores a session notes it before and after. */
    private void strikeOut(List<SessionId> gone) {
        link.awaitAll(index.remove(gone));
        RedisClusterAsyncCommands<byte[], byte[]> commands = link.commands();
        for (SessionId id : gone) {
            if (link.await(commands.exists(keys.session(id)), link.deadline()) == 1) {
                link.awaitAll(index.add(List.of(id)));
            }
        }
    }

    List<StoredStream> streams(SessionId id) {
        List<Integer> numbers = link.ask(commands -> commands.smembers(keys.streams(id))).stream()
                .map(number -> Integer.parseInt(text(number)))
                .sorted()
                .toList();
        List<StoredStream> streams = new ArrayList<>(numbers.size());
        for (int from = 0; from < numbers.size(); from += PAGE) {
            streams.addAll(streams(id, numbers.subList(from, Math.min(numbers.size(), from + PAGE))));
        }
        return streams;
    }

    private List<StoredStream> streams(SessionId id, List<Integer> numbers) {
        List<Script.Call> sent = new ArrayList<>(numbers.size());
        for (int number : numbers) {
            sent.add(Script.STREAM.send(link, List.of(keys.stream(id, number)), List.of()));
        }
        long deadline = link.deadline();
        List<StoredStream> streams = new ArrayList<>(numbers.size());
        for (int i = 0; i < numbers.size(); i++) {
            stream(numbers.get(i), sent.get(i).answer(deadline)).ifPresent(streams::add);
        }
        return streams;
    }

    Optional<StoredStream> stream(SessionId id, int number) {
        return stream(number, Script.STREAM.call(link, List.of(keys.stream(id, number)), List.of()));
    }

    private static Optional<StoredStream> stream(int number, List<Object> answer) {
        if (answer.isEmpty()) {
            return Optional.empty();
        }
        Parts parts = new Parts(answer);
        long answerBytes = parts.number(5);
        byte[] cursor = parts.get(6);
        byte[] moved = parts.get(8);
        byte[] newest = moved != null && parts.number(9) >= parts.number(7) ? moved : cursor;
        return Optional.of(new StoredStream(
                Records.streamRecord(number, parts.present(0)),
                parts.number(2),
                parts.number(1),
                newest == null ? null : text(newest),
                parts.number(3) - parts.number(4) + answerBytes,
                answerBytes));
    }

    List<Event> read(SessionId id, int stream, long afterSequence, int maxEvents, long maxBytes) {
        List<Object> found = Script.READ.call(
                link,
                List.of(keys.events(id, stream), keys.answers(id, stream)),
                List.of(bytes(afterSequence), bytes(maxEvents), bytes(maxBytes)));
        Parts parts = new Parts(found);
        List<Event> events = new ArrayList<>(found.size() / 3);
        long bytes = 0;
        for (int i = 0; i < found.size() && (bytes < maxBytes || events.isEmpty()); i += 3) {
            byte[] upstreamId = parts.get(i + 2);
            Event event = EventFormat.read(
                    parts.number(i), parts.present(i + 1), upstreamId == null ? null : text(upstreamId));
            events.add(event);
            bytes += event.bytes();
        }
        return events;
    }

    private static byte[][] fields(String... names) {
        byte[][] fields = new byte[names.length][];
        for (int i = 0; i < names.length; i++) {
            fields[i] = bytes(names[i]);
        }
        return fields;
    }

    /** A hash's fields in the order in which they were asked for. */
    private record Fields(List<KeyValue<byte[], byte[]>> row) {
        byte @Nullable [] get(int index) {
            KeyValue<byte[], byte[]> field = row.get(index);
            return field.hasValue() ? field.getValue() : null;
        }
    }

    /** What a script answered. */
    private record Parts(List<Object> answer) {
        byte @Nullable [] get(int index) {
            return (byte[]) answer.get(index);
        }

        byte[] present(int index) {
            return Objects.requireNonNull(get(index));
        }

        long number(int index) {
            byte[] value = get(index);
            return value == null ? 0 : Long.parseLong(text(value));
        }
    }
}
