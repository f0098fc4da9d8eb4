package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the streams of this node's sessions stand on one server, as its own writes left them: most writes are plain commands then,
 * before which nothing has to be looked at. It holds while the server has the same fence. One thread.
 */
final class HeldStreams {
    /** About as many as a node has live; a stream is some 150 bytes. */
    private static final int MAX_STREAMS = 32_768;

    private static final byte[] NO_FENCE = bytes("");
    private static final byte[] XADD = bytes("XADD");
    private static final byte[] HSET = bytes("HSET");
    private static final byte[] EVENT = bytes("e");
    private static final byte[] SUM = bytes("s");
    private static final byte[] CURSOR = bytes("c");

    private final RedisKeys keys;
    private final RecordWriter out;
    private final LinkedHashMap<SessionId, Map<Integer, Stream>> sessions = new LinkedHashMap<>(16, 0.75f, true);
    private byte[] fence = NO_FENCE;
    private int epoch = -1;
    private int streams;

    HeldStreams(RedisKeys keys, RecordWriter out) {
        this.keys = keys;
        this.out = out;
    }

    /**
     * Where a stream stands.
     *
     * @param others bytes of events that are no answers, ever
     * @param answers bytes of answers
     * @param cursor the newest upstream id where only the newest entry of a list has it; null where the stream's hash does, or
     *     there is none
     */
    record Stream(
            long last, long others, long answers, @Nullable Cursor cursor) {
        private Stream with(Event event) {
            String id = event.upstreamId();
            boolean covered = cursor != null && cursor.answer() == event.answer();
            return new Stream(
                    event.sequence(),
                    others + (event.answer() ? 0 : event.bytes()),
                    answers + (event.answer() ? event.bytes() : 0),
                    id != null ? new Cursor(event.sequence(), id, event.answer()) : covered ? null : cursor);
        }

        private long sum(boolean answer) {
            return answer ? answers : others;
        }
    }

    /** An event's upstream id. */
    private record Cursor(long sequence, String id, boolean answer) {}

    /** Commands that store a session's writes, and where they leave its streams. */
    record Commands(SessionId session, List<byte[]> parts, Map<Integer, Stream> left) {}

    /** What has to be there for {@link #commands} to hold; empty where nothing is known. */
    byte[] fence(int now) {
        if (now != epoch) {
            forget();
            epoch = now;
        }
        return fence;
    }

    /** What stores these writes to a session; null where that depends on what is not known, or something begins or goes. */
    @Nullable
    Commands commands(SessionId session, List<StoreWrite> writes) {
        Map<Integer, Stream> known = sessions.get(session);
        if (known == null) {
            return null;
        }
        Commands commands = new Commands(session, new ArrayList<>(), new HashMap<>(2));
        for (StoreWrite write : writes) {
            if (!add(write, known, commands)) {
                return null;
            }
        }
        return commands;
    }

    private boolean add(StoreWrite write, Map<Integer, Stream> known, Commands to) {
        SessionId session = to.session();
        switch (write) {
            case StoreWrite.PutSession _,
                    StoreWrite.DeleteSession _,
                    StoreWrite.TrimStream _,
                    StoreWrite.DeleteStream _ -> {
                return false;
            }
            case StoreWrite.PutSessionState put -> {
                Records.write(out, put.state());
                add(to, HSET, keys.session(session), bytes("s"), out.endBytes());
            }
            case StoreWrite.TouchSession touch -> {
                Records.write(out, touch.activity());
                byte[] active = WriteArguments.active(touch.activity());
                add(to, HSET, keys.session(session), bytes("a"), out.endBytes(), bytes("i"), active);
            }
            case StoreWrite.PutStream put -> {
                int number = put.record().number();
                if (!known.containsKey(number)) {
                    return false;
                }
                Records.write(out, put.record());
                byte[] open = WriteArguments.open(put.record());
                add(to, HSET, keys.stream(session, number), bytes("r"), out.endBytes(), bytes("p"), open);
            }
            case StoreWrite.MoveUpstreamCursor move -> {
                if (!known.containsKey(move.stream())) {
                    return false;
                }
                add(
                        to,
                        HSET,
                        keys.stream(session, move.stream()),
                        bytes("m"),
                        bytes(move.cursor()),
                        bytes("ma"),
                        bytes(move.afterSequence()));
            }
            case StoreWrite.AppendEvent append -> {
                Stream stream = to.left().getOrDefault(append.stream(), known.get(append.stream()));
                if (stream == null) {
                    return false;
                }
                if (append.event().sequence() > stream.last()) {
                    to.left().put(append.stream(), add(append, stream, to));
                }
            }
        }
        return true;
    }

    private Stream add(StoreWrite.AppendEvent append, Stream before, Commands to) {
        Event event = append.event();
        String upstreamId = event.upstreamId();
        Stream after = before.with(event);
        Cursor cursor = before.cursor();
        if (cursor != null && after.cursor() == null) { // its entry is not the newest any more
            add(
                    to,
                    HSET,
                    keys.stream(to.session(), append.stream()),
                    CURSOR,
                    bytes(cursor.id()),
                    bytes("ca"),
                    bytes(cursor.sequence()));
        }
        byte[] list = event.answer()
                ? keys.answers(to.session(), append.stream())
                : keys.events(to.session(), append.stream());
        byte[] id = bytes(event.sequence() + "-0");
        EventFormat.write(out, event);
        byte[] value = out.endBytes();
        byte[] sum = bytes(after.sum(event.answer()));
        if (upstreamId == null) {
            add(to, XADD, list, id, EVENT, value, SUM, sum);
        } else {
            add(to, XADD, list, id, EVENT, value, SUM, sum, CURSOR, bytes(upstreamId));
        }
        return after;
    }

    private static void add(Commands to, byte[]... command) {
        to.parts().add(bytes(command.length));
        to.parts().addAll(List.of(command));
    }

    /** What a script found or made the fence to be. */
    void fenced(byte[] now) {
        fence = now;
    }

    /** The commands were carried out. */
    void stored(Commands commands) {
        sessions.getOrDefault(commands.session(), Map.of()).putAll(commands.left());
    }

    /** Where a script left the streams of a session that it wrote to. */
    void learn(SessionId session, Map<Integer, Stream> left) {
        Map<Integer, Stream> known = sessions.computeIfAbsent(session, _ -> new HashMap<>(2));
        streams -= known.size();
        known.putAll(left);
        streams += known.size();
    }

    void forget(SessionId session) {
        Map<Integer, Stream> known = sessions.remove(session);
        streams -= known == null ? 0 : known.size();
    }

    /** Called between batches. */
    void shrink() {
        Iterator<Map<Integer, Stream>> eldest = sessions.values().iterator();
        while ((streams > MAX_STREAMS || sessions.size() > MAX_STREAMS) && eldest.hasNext()) {
            streams -= eldest.next().size();
            eldest.remove();
        }
    }

    /** All of it has to be learned again. */
    void forget() {
        sessions.clear();
        streams = 0;
        fence = NO_FENCE;
    }
}
