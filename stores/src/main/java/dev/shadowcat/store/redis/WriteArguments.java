package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import java.util.ArrayList;
import java.util.List;

/** Writes to one session as arguments of the script that looks at each of them. One thread. */
final class WriteArguments {
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
    private final List<byte[]> arguments = new ArrayList<>();

    private WriteArguments(RecordWriter out) {
        this.out = out;
    }

    static List<byte[]> of(List<StoreWrite> writes, RecordWriter out) {
        WriteArguments all = new WriteArguments(out);
        writes.forEach(all::add);
        return all.arguments;
    }

    private void add(byte[]... more) {
        arguments.addAll(List.of(more));
    }

    /** Whether more may come, as scripts take it. */
    static byte[] open(StreamRecord record) {
        return record.phase() == Phase.OPEN ? YES : NO;
    }

    private void add(StoreWrite write) {
        switch (write) {
            case StoreWrite.PutSession put -> {
                Records.write(out, put.record());
                byte[] record = out.endBytes();
                Records.write(out, put.state());
                byte[] state = out.endBytes();
                Records.write(out, put.activity());
                add(PUT_SESSION, record, state, out.endBytes(), active(put.activity()));
            }
            case StoreWrite.PutSessionState put -> {
                Records.write(out, put.state());
                add(PUT_STATE, out.endBytes());
            }
            case StoreWrite.TouchSession touch -> {
                Records.write(out, touch.activity());
                add(TOUCH, out.endBytes(), active(touch.activity()));
            }
            case StoreWrite.DeleteSession _ -> add(DELETE_SESSION);
            case StoreWrite.PutStream put -> {
                Records.write(out, put.record());
                add(PUT_STREAM, bytes(put.record().number()), open(put.record()), out.endBytes());
            }
            case StoreWrite.AppendEvent append -> add(append);
            case StoreWrite.MoveUpstreamCursor move ->
                add(MOVE, bytes(move.stream()), bytes(move.afterSequence()), bytes(move.cursor()));
            case StoreWrite.TrimStream trim ->
                add(TRIM, bytes(trim.stream()), bytes(Math.max(0, trim.throughSequence())));
            case StoreWrite.DeleteStream delete -> add(DELETE_STREAM, bytes(delete.stream()));
        }
    }

    private void add(StoreWrite.AppendEvent append) {
        Event event = append.event();
        String cursor = event.upstreamId();
        EventFormat.write(out, event);
        add(
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
    static byte[] active(SessionActivity activity) {
        return bytes(Math.max(0, activity.lastActiveMillis()));
    }
}
