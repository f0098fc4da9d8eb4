package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.OpenRequest;
import dev.shadowcat.store.StreamRecord.Phase;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The format of every row's value: a version, then the fields in a fixed order, numbers as varints. A field may be added at
 * the end of a new version only; every older version stays readable.
 */
final class Records {
    private static final byte VERSION = 1;
    private static final byte VERSION_WITH_ORIGIN = 2; // of a stream's record; written where it has one

    private static final int ANSWER = 1;
    private static final int UPSTREAM_ID = 2;

    private Records() {}

    static void write(RecordWriter out, SessionRecord record) {
        out.begin(VERSION)
                .text(record.upstream())
                .number(record.createdAtMillis())
                .text(record.protocolVersion())
                .texts(record.capabilities())
                .rest(record.initializeRequest());
    }

    static SessionRecord sessionRecord(SessionId id, byte[] value) {
        return decode(
                "session record",
                value,
                value.length,
                in -> new SessionRecord(id, in.text(), in.number(), in.text(), in.texts(), in.rest()));
    }

    static void write(RecordWriter out, SessionState state) {
        out.begin(VERSION)
                .number(state.generation())
                .optionalText(state.upstreamSession())
                .optionalText(state.affinityCookies())
                .flag(state.initialized())
                .optionalText(state.logLevel())
                .texts(state.subscriptions())
                .texts(state.credentials().hashes())
                .text(state.credentials().principal())
                .number(state.streamLimit())
                .number(state.bootEpoch());
        writeOwner(out, state.owner());
    }

    static SessionState sessionState(byte[] value) {
        return decode(
                "session state",
                value,
                value.length,
                in -> new SessionState(
                        in.smallNumber(),
                        in.optionalText(),
                        in.optionalText(),
                        in.flag(),
                        in.optionalText(),
                        in.texts(),
                        new CredentialBinding(in.texts(), in.text()),
                        in.smallNumber(),
                        in.smallNumber(),
                        readOwner(in)));
    }

    static void write(RecordWriter out, SessionActivity activity) {
        out.begin(VERSION).number(activity.lastActiveMillis()).number(activity.standaloneCursor());
    }

    static SessionActivity sessionActivity(byte[] value) {
        return decode("session activity", value, value.length, in -> new SessionActivity(in.number(), in.number()));
    }

    static void write(RecordWriter out, StreamRecord record) {
        SpanIdentity origin = record.origin();
        out.begin(origin == null ? VERSION : VERSION_WITH_ORIGIN)
                .number(record.createdAtMillis())
                .number(record.generation())
                .number(record.open().size());
        for (OpenRequest request : record.open()) {
            out.text(request.id()).text(request.upstreamId()).text(request.method());
        }
        out.number(code(record.phase()));
        writeOwner(out, record.owner());
        if (origin != null) {
            out.rest(ByteBuffer.allocate(3 * Long.BYTES)
                    .putLong(origin.traceHigh())
                    .putLong(origin.traceLow())
                    .putLong(origin.span())
                    .array());
        }
    }

    static StreamRecord streamRecord(int number, byte[] value) {
        return decode(
                "stream record",
                VERSION_WITH_ORIGIN,
                value,
                value.length,
                in -> new StreamRecord(
                        number,
                        in.number(),
                        in.smallNumber(),
                        openRequests(in),
                        phase(in.smallNumber()),
                        readOwner(in),
                        in.version() < VERSION_WITH_ORIGIN ? null : readOrigin(in)));
    }

    private static SpanIdentity readOrigin(RecordReader in) {
        ByteBuffer bytes = ByteBuffer.wrap(in.rest());
        return new SpanIdentity(bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    private static List<OpenRequest> openRequests(RecordReader in) {
        int count = in.smallNumber();
        List<OpenRequest> open = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            open.add(new OpenRequest(in.text(), in.text(), in.text()));
        }
        return open;
    }

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
        ByteBuffer value = out.begin(VERSION).number(number).end();
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        return bytes;
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

    private static void writeOwner(RecordWriter out, Owner owner) {
        out.text(owner.incarnation()).number(owner.epoch());
    }

    private static Owner readOwner(RecordReader in) {
        Owner owner = new Owner(in.text(), in.number());
        return owner.equals(Owner.ONLY) ? Owner.ONLY : owner;
    }

    private static int code(Phase phase) {
        return switch (phase) {
            case OPEN -> 0;
            case FINISHED -> 1;
            case CANCELLED -> 2;
        };
    }

    private static Phase phase(int code) {
        return switch (code) {
            case 0 -> Phase.OPEN;
            case 1 -> Phase.FINISHED;
            case 2 -> Phase.CANCELLED;
            default -> throw new BufferUnderflowException();
        };
    }

    private static <T> T decode(String what, byte[] value, int length, Function<RecordReader, T> fields) {
        return decode(what, VERSION, value, length, fields);
    }

    private static <T> T decode(String what, byte newest, byte[] value, int length, Function<RecordReader, T> fields) {
        try {
            return fields.apply(new RecordReader(what, newest, value, length));
        } catch (BufferUnderflowException | ArithmeticException damaged) {
            throw new StoreException("the store holds a damaged " + what, damaged);
        }
    }
}
