package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.SessionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How rows are named. Big-endian throughout, so that the order of the bytes is the order of sessions, streams and events:
 * one scan is a replay, one range is a session.
 *
 * <pre>
 * sessions   session (16) part (1)
 * streams    session (16) stream (4) part (1)
 * events     session (16) stream (4) sequence (8)
 * meta       a name in ASCII
 * </pre>
 */
final class Keys {
    static final byte RECORD = 0;
    static final byte STATE = 1;
    static final byte ACTIVITY = 2;

    static final byte TRIM_MARK = 1;
    static final byte MOVED_CURSOR = 2;

    static final byte[] META_FORMAT = "format".getBytes(StandardCharsets.US_ASCII);
    static final byte[] META_BOOT_EPOCH = "boot-epoch".getBytes(StandardCharsets.US_ASCII);
    static final byte[] META_CREDENTIAL_KEY = "credential-key".getBytes(StandardCharsets.US_ASCII);

    static final int SESSION_BYTES = SessionId.BYTES;
    static final int STREAM_BYTES = SESSION_BYTES + Integer.BYTES;
    static final int EVENT_BYTES = STREAM_BYTES + Long.BYTES;

    /** Above every stream number and sequence, neither of which is negative: closes a range without a successor. */
    private static final byte ABOVE_ALL = (byte) 0xFF;

    private Keys() {}

    static byte[] session(SessionId session, byte part) {
        ByteBuffer key = ByteBuffer.allocate(SESSION_BYTES + 1);
        session.writeTo(key);
        return key.put(part).array();
    }

    static byte[] sessionStart(SessionId session) {
        ByteBuffer key = ByteBuffer.allocate(SESSION_BYTES);
        session.writeTo(key);
        return key.array();
    }

    static byte[] sessionEnd(SessionId session) {
        return session(session, ABOVE_ALL);
    }

    static byte[] stream(SessionId session, int stream, byte part) {
        ByteBuffer key = ByteBuffer.allocate(STREAM_BYTES + 1);
        session.writeTo(key);
        return key.putInt(stream).put(part).array();
    }

    static byte[] streamStart(SessionId session, int stream) {
        ByteBuffer key = ByteBuffer.allocate(STREAM_BYTES);
        session.writeTo(key);
        return key.putInt(stream).array();
    }

    static byte[] streamEnd(SessionId session, int stream) {
        return stream(session, stream, ABOVE_ALL);
    }

    static byte[] event(SessionId session, int stream, long sequence) {
        ByteBuffer key = ByteBuffer.allocate(EVENT_BYTES);
        session.writeTo(key);
        return key.putInt(stream).putLong(sequence).array();
    }
}
