package dev.shadowcat.store.format;

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
 * The format in which every store keeps a session's and a stream's record: a version, then the fields in a fixed order, numbers as varints. A field may be added at
 * the end of a new version only; every older version stays readable. What a release writes the one before it reads, since their nodes share a store.
 */
public final class Records {
    /** The first format of every record. */
    public static final byte VERSION = 1;

    private static final byte VERSION_WITH_ORIGIN = 2; // of a stream's record; written where it has one

    private Records() {}

    public static void write(RecordWriter out, SessionRecord record) {
        out.begin(VERSION)
                .text(record.upstream())
                .number(record.createdAtMillis())
                .text(record.protocolVersion())
                .texts(record.capabilities())
                .rest(record.initializeRequest());
    }

    public static SessionRecord sessionRecord(SessionId id, byte[] value) {
        return decode(
                "session record",
                value,
                value.length,
                in -> new SessionRecord(id, in.text(), in.number(), in.text(), in.texts(), in.rest()));
    }

    public static void write(RecordWriter out, SessionState state) {
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

    public static SessionState sessionState(byte[] value) {
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

    public static void write(RecordWriter out, SessionActivity activity) {
        out.begin(VERSION).number(activity.lastActiveMillis()).number(activity.standaloneCursor());
    }

    public static SessionActivity sessionActivity(byte[] value) {
        return decode("session activity", value, value.length, in -> new SessionActivity(in.number(), in.number()));
    }

    public static void write(RecordWriter out, StreamRecord record) {
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

    public static StreamRecord streamRecord(int number, byte[] value) {
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

    /**
     * Reads a record of the first format.
     *
     * @param fields reads them in their order; what it runs into beyond the end, or cannot be, is damage
     * @throws StoreException if it is damaged, or of a newer format
     */
    public static <T> T decode(String what, byte[] value, int length, Function<RecordReader, T> fields) {
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
