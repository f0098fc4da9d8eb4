package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A batch, session by session, as arguments of the script that stores it. The worker's thread only. */
final class Shares {
    private static final byte[] YES = bytes("1");
    private static final byte[] NO = bytes("0");
    private static final byte[] ANSWER = bytes("a");
    private static final byte[] OTHER = bytes("e");
    private static final byte[] NOTHING = bytes("");
    private static final byte[] PUT_SESSION = bytes("P");
    private static final byte[] PUT_STATE = bytes("S");
    private static final byte[] TOUCH = bytes("T");
    private static final byte[] DELETE_SESSION = bytes("Z");
    private static final byte[] PUT_STREAM = bytes("R");
    private static final byte[] EVENT = bytes("E");
    private static final byte[] MOVE = bytes("M");
    private static final byte[] TRIM = bytes("X");
    private static final byte[] DELETE_STREAM = bytes("D");

    private final RecordWriter out;
    private final Map<SessionId, Share> shares = new LinkedHashMap<>();

    Shares(RecordWriter out, List<StoreWrite> batch) {
        this.out = out;
        for (StoreWrite write : batch) {
            Share share = shares.computeIfAbsent(write.session(), _ -> new Share());
            share.writes.add(write);
            add(write, share);
        }
        out.trim();
    }

    /** One session's part of the batch. */
    static final class Share {
        final List<byte[]> arguments = new ArrayList<>();
        final List<StoreWrite> writes = new ArrayList<>();
        boolean begins;
        boolean opens;
        boolean ends;

        private void add(byte[]... more) {
            arguments.addAll(List.of(more));
        }
    }

    Map<SessionId, Share> bySession() {
        return shares;
    }

    /** Sessions that may not have been there before. */
    List<SessionId> begun() {
        return sessions(share -> share.begins);
    }

    /** Sessions with a stream that is open now. */
    List<SessionId> opened() {
        return sessions(share -> share.opens);
    }

    /** Sessions that are gone once the batch is stored. */
    List<SessionId> ended() {
        return sessions(share -> share.ends);
    }

    private List<SessionId> sessions(Predicate<Share> such) {
        List<SessionId> found = new ArrayList<>(0);
        shares.forEach((id, share) -> {
            if (such.test(share)) {
                found.add(id);
            }
        });
        return found;
    }

    private void add(StoreWrite write, Share share) {
        switch (write) {
            case StoreWrite.PutSession put -> {
                share.begins = true;
                share.ends = false;
                Records.write(out, put.record());
                byte[] record = out.endBytes();
                Records.write(out, put.state());
                byte[] state = out.endBytes();
                Records.write(out, put.activity());
                share.add(PUT_SESSION, record, state, out.endBytes(), active(put.activity()));
            }
            case StoreWrite.PutSessionState put -> {
                Records.write(out, put.state());
                share.add(PUT_STATE, out.endBytes());
            }
            case StoreWrite.TouchSession touch -> {
                Records.write(out, touch.activity());
                share.add(TOUCH, out.endBytes(), active(touch.activity()));
            }
            case StoreWrite.DeleteSession _ -> {
                share.ends = true;
                share.add(DELETE_SESSION);
            }
            case StoreWrite.PutStream put -> {
                Records.write(out, put.record());
                boolean open = put.record().phase() == Phase.OPEN;
                share.opens |= open;
                share.add(PUT_STREAM, bytes(put.record().number()), open ? YES : NO, out.endBytes());
            }
            case StoreWrite.AppendEvent append -> add(append, share);
            case StoreWrite.MoveUpstreamCursor move ->
                share.add(MOVE, bytes(move.stream()), bytes(move.afterSequence()), bytes(move.cursor()));
            case StoreWrite.TrimStream trim ->
                share.add(TRIM, bytes(trim.stream()), bytes(Math.max(0, trim.throughSequence())));
            case StoreWrite.DeleteStream delete -> share.add(DELETE_STREAM, bytes(delete.stream()));
        }
    }

    private void add(StoreWrite.AppendEvent append, Share share) {
        Event event = append.event();
        String cursor = event.upstreamId();
        EventFormat.write(out, event);
        share.add(
                EVENT,
                bytes(append.stream()),
                bytes(event.sequence()),
                bytes(event.bytes()),
                event.answer() ? ANSWER : OTHER,
                out.endBytes(),
                cursor == null ? NO : YES,
                cursor == null ? NOTHING : bytes(cursor));
    }

    /** The script compares times as decimals without a sign. */
    private static byte[] active(SessionActivity activity) {
        return bytes(Math.max(0, activity.lastActiveMillis()));
    }
}
