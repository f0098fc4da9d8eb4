package dev.shadowcat.store.rocksdb;

import static dev.shadowcat.store.format.Records.VERSION;
import static dev.shadowcat.store.format.Records.decode;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.format.RecordReader;
import dev.shadowcat.store.format.RecordWriter;

/** The rows of a stream's events and of what is noted beside them, in the format of {@link dev.shadowcat.store.format.Records}. */
final class EventRecords {
    private static final int ANSWER = 1;
    private static final int UPSTREAM_ID = 2;

    private EventRecords() {}

    static void write(RecordWriter out, TrimMark mark) {
        out.begin(VERSION).number(mark.through()).number(mark.otherBytesThrough());
        writeTail(out, mark.tail());
        out.optionalText(mark.cursor());
    }

    static TrimMark trimMark(byte[] value) {
        return decode(
                "retention mark",
                value,
                value.length,
                in -> new TrimMark(in.number(), in.number(), readTail(in, in.number()), in.optionalText()));
    }

    static void write(RecordWriter out, MovedCursor moved) {
        out.begin(VERSION).number(moved.afterSequence()).text(moved.cursor());
    }

    static MovedCursor movedCursor(byte[] value) {
        return decode("upstream cursor", value, value.length, in -> new MovedCursor(in.number(), in.text()));
    }

    /** @param tail the stream's tail with this event as its newest */
    static void write(RecordWriter out, Event event, Tail tail) {
        String upstreamId = event.upstreamId();
        out.begin(VERSION)
                .number((event.answer() ? ANSWER : 0) | (upstreamId == null ? 0 : UPSTREAM_ID))
                .number(event.storedAtMillis())
                .number(event.generation())
                .number(tail.otherBytes())
                .number(tail.answerBytes());
        if (upstreamId == null) {
            out.number(tail.cursorSequence());
        } else {
            out.text(upstreamId);
        }
        out.rest(event.message());
    }

    static Event event(long sequence, byte[] value, int length) {
        return decode("event", value, length, in -> {
            int flags = in.smallNumber();
            long storedAt = in.number();
            int generation = in.smallNumber();
            in.number();
            in.number();
            String upstreamId = null;
            if ((flags & UPSTREAM_ID) != 0) {
                upstreamId = in.text();
            } else {
                in.number();
            }
            return new Event(sequence, storedAt, generation, (flags & ANSWER) != 0, upstreamId, in.rest());
        });
    }

    /** The stream's tail as of this event, from its head alone. */
    static Tail tail(long sequence, byte[] value, int length) {
        return decode("event", value, length, in -> {
            int flags = in.smallNumber();
            in.number();
            in.number();
            long otherBytes = in.number();
            long answerBytes = in.number();
            return new Tail(sequence, otherBytes, answerBytes, (flags & UPSTREAM_ID) != 0 ? sequence : in.number());
        });
    }

    /** Whether an event answers a request, from its head alone. */
    static boolean isAnswer(byte[] head) {
        return decode("event", head, head.length, in -> (in.smallNumber() & ANSWER) != 0);
    }

    static byte[] numberBytes(RecordWriter out, long number) {
        return out.begin(VERSION).number(number).endBytes();
    }

    static long number(String what, byte[] value) {
        return decode(what, value, value.length, RecordReader::number);
    }

    private static void writeTail(RecordWriter out, Tail tail) {
        out.number(tail.lastSequence())
                .number(tail.otherBytes())
                .number(tail.answerBytes())
                .number(tail.cursorSequence());
    }

    private static Tail readTail(RecordReader in, long lastSequence) {
        return new Tail(lastSequence, in.number(), in.number(), in.number());
    }
}
