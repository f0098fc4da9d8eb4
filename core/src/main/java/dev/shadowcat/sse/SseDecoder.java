package dev.shadowcat.sse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decodes one event stream by the grammar of the WHATWG HTML standard (section 9.2, Server-sent events), wherever the bytes
 * are cut. One departure: a block with an id but without data, which the grammar drops, is reported as an event with empty
 * data, because it moves a gateway's cursor.
 *
 * <p>Holds no buffer between events. Used by one thread at a time. What stands unfinished at the end of the stream is
 * dropped with the decoder, as the grammar wants it.
 */
public final class SseDecoder {
    /** The longest id and the longest event type, in bytes: the last id stays for as long as the stream. */
    public static final int MAX_ID_BYTES = 4096;

    private static final byte[] NOTHING = {};
    private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final byte[] DATA = {'d', 'a', 't', 'a'};
    private static final byte[] ID = {'i', 'd'};
    private static final byte[] EVENT = {'e', 'v', 'e', 'n', 't'};
    private static final byte[] RETRY = {'r', 'e', 't', 'r', 'y'};
    private static final byte[] MESSAGE = {'m', 'e', 's', 's', 'a', 'g', 'e'};
    private static final ByteBuffer LINE_FEED =
            ByteBuffer.wrap(new byte[] {'\n'}).asReadOnlyBuffer();

    /** With so many bytes of a line it is clear whether it is data: a BOM, the field's name, a colon, perhaps a space. */
    private static final int DECIDING_BYTES = 9;

    private static final int MAX_RETRY_DIGITS = 18; // what fits a long

    private final int maxEventBytes;

    private boolean dead;
    private boolean begun; // whether what may be a BOM is behind us
    private boolean skipLf; // the last byte was a CR: an LF right after it belongs to it
    private Line line = Line.WHOLE;

    private byte[] held = NOTHING; // the beginning of a line whose kind is not known yet
    private int heldLength;
    private int skipped; // bytes of the comment that we are inside of
    private byte @Nullable [] data; // null until the first data line
    private int dataLength;
    private @Nullable String type;
    private @Nullable String ownId;
    private String lastEventId = "";

    /** What the line is that the last bytes ended in the middle of. */
    private enum Line {
        /** Not known yet: kept in {@link #held} until it ends. */
        WHOLE,
        /** Data, of which the field name is behind us: goes straight to {@link #data}. */
        DATA,
        /** A comment. */
        COMMENT
    }

    /**
     * @param maxEventBytes what an unfinished event may hold, lines and data together; more than that ends the stream
     */
    public SseDecoder(int maxEventBytes) {
        if (maxEventBytes < 1) {
            throw new IllegalArgumentException("max-event-bytes: must be at least 1, but was " + maxEventBytes);
        }
        this.maxEventBytes = maxEventBytes;
    }

    /**
     * Decodes all remaining bytes, and consumes them. They may be heap or direct memory, and are not kept.
     *
     * @throws SseLimitException if a line or an event is too large; what came before was reported, nothing after will be
     * @throws IllegalStateException if an earlier call failed
     */
    public void feed(ByteBuffer bytes, SseHandler handler) {
        if (dead) {
            throw new IllegalStateException("an event stream that failed is not decoded further");
        }
        dead = true; // unless we come out well: neither a limit nor a handler that throws leaves a state to go on from
        int end = bytes.limit();
        int i = bytes.position();
        while (i < end) {
            if (skipLf) {
                skipLf = false;
                if (bytes.get(i) == '\n') {
                    i++;
                    continue;
                }
            }
            int lineEnd = LineScanner.lineEnd(bytes, i, end);
            if (lineEnd == end) {
                hold(bytes, i, end);
                break;
            }
            endLine(bytes, i, lineEnd, handler);
            skipLf = bytes.get(lineEnd) == '\r';
            i = lineEnd + 1;
        }
        bytes.position(end);
        dead = false;
    }

    /** The bytes that are held of an unfinished event. */
    public int bufferedBytes() {
        return held.length + (data == null ? 0 : data.length);
    }

    /** Keeps the beginning of a line that ends in bytes still to come. */
    private void hold(ByteBuffer bytes, int from, int end) {
        switch (line) {
            case DATA -> appendData(bytes, from, end);
            case COMMENT -> {
                skipped += Math.min(end - from, Integer.MAX_VALUE - skipped);
                checkUnfinished(skipped);
            }
            case WHOLE -> {
                int decided = Math.min(end, from + Math.max(0, DECIDING_BYTES - heldLength));
                appendHeld(bytes, from, decided);
                decide();
                if (line != Line.WHOLE) {
                    hold(bytes, decided, end);
                } else if (decided < end) {
                    appendHeld(bytes, decided, end);
                }
            }
        }
    }

    /** Finds out as early as can be whether a held beginning is that of data or of a comment, and need not be held. */
    private void decide() {
        ByteBuffer beginning = ByteBuffer.wrap(held, 0, heldLength);
        int from = afterBom(beginning, 0, heldLength);
        int value = from + DATA.length + 1;
        if (from < heldLength && held[from] == ':') {
            line = Line.COMMENT;
            skipped = heldLength;
        } else if (value < heldLength && names(beginning, from, heldLength, DATA)) {
            line = Line.DATA;
            beginData(beginning, held[value] == ' ' ? value + 1 : value, heldLength);
        } else {
            return;
        }
        begun = true;
        releaseHeld();
    }

    private void endLine(ByteBuffer bytes, int from, int end, SseHandler handler) {
        if (line == Line.WHOLE && heldLength == 0) {
            take(bytes, from, end, handler);
            return;
        }
        hold(bytes, from, end);
        if (line == Line.COMMENT) {
            checkRoom(skipped);
        } else if (line == Line.WHOLE) {
            ByteBuffer whole = ByteBuffer.wrap(held, 0, heldLength);
            releaseHeld();
            take(whole, 0, whole.limit(), handler);
        }
        line = Line.WHOLE;
        skipped = 0;
    }

    /** Takes one whole line, without its end. */
    private void take(ByteBuffer bytes, int start, int end, SseHandler handler) {
        int from = afterBom(bytes, start, end);
        begun = true;
        if (from == end) {
            dispatch(handler);
            return;
        }
        if (names(bytes, from, end, DATA)) {
            beginData(bytes, valueStart(bytes, from + DATA.length, end), end);
            return;
        }
        checkRoom(end - start);
        if (names(bytes, from, end, ID)) {
            takeId(bytes, valueStart(bytes, from + ID.length, end), end);
        } else if (names(bytes, from, end, EVENT)) {
            type = text(bytes, valueStart(bytes, from + EVENT.length, end), end);
        } else if (names(bytes, from, end, RETRY)) {
            takeRetry(bytes, valueStart(bytes, from + RETRY.length, end), end, handler);
        }
    }

    private void takeId(ByteBuffer bytes, int from, int end) {
        for (int i = from; i < end; i++) {
            if (bytes.get(i) == 0) {
                return;
            }
        }
        ownId = text(bytes, from, end);
        lastEventId = ownId;
    }

    private static void takeRetry(ByteBuffer bytes, int from, int end, SseHandler handler) {
        if (from == end || end - from > MAX_RETRY_DIGITS) {
            return;
        }
        long millis = 0;
        for (int i = from; i < end; i++) {
            int digit = bytes.get(i) - '0';
            if (digit < 0 || digit > 9) {
                return;
            }
            millis = millis * 10 + digit;
        }
        handler.retry(millis);
    }

    private void dispatch(SseHandler handler) {
        byte[] whole = data == null ? NOTHING : dataLength == data.length ? data : Arrays.copyOf(data, dataLength);
        boolean worthTelling = data != null || ownId != null;
        SseEvent event =
                new SseEvent(type == null || type.isEmpty() ? SseEvent.MESSAGE : type, whole, ownId, lastEventId);
        data = null;
        dataLength = 0;
        type = null;
        ownId = null;
        if (worthTelling) {
            handler.event(event);
        }
    }

    private void beginData(ByteBuffer bytes, int from, int end) {
        if (data == null) {
            data = NOTHING;
        } else {
            appendData(LINE_FEED, 0, 1);
        }
        appendData(bytes, from, end);
    }

    private void appendData(ByteBuffer bytes, int from, int end) {
        byte[] target = data == null ? NOTHING : data;
        checkRoom(end - from);
        int length = dataLength + (end - from);
        if (length > target.length) {
            // The first piece is taken for the whole, as it mostly is; further ones double the room.
            target = Arrays.copyOf(target, Math.clamp(2L * target.length, length, maxEventBytes));
        }
        bytes.get(from, target, dataLength, end - from);
        data = target;
        dataLength = length;
    }

    private void appendHeld(ByteBuffer bytes, int from, int end) {
        int length = heldLength + (end - from);
        checkUnfinished(length);
        if (length > held.length) {
            held = Arrays.copyOf(held, Math.max(Math.max(2 * held.length, DECIDING_BYTES), length));
        }
        bytes.get(from, held, heldLength, end - from);
        heldLength = length;
    }

    private void releaseHeld() {
        held = NOTHING;
        heldLength = 0;
    }

    /** Fails where the event's data and so many bytes more are too much. */
    private void checkRoom(long more) {
        if (dataLength + more > maxEventBytes) {
            data = null;
            releaseHeld();
            throw new SseLimitException("an event or a line of the stream is larger than " + maxEventBytes + " bytes");
        }
    }

    /** The same for a line that goes on, once it cannot be data any more: so the verdict is one, wherever it is cut. */
    private void checkUnfinished(int length) {
        if (length > DECIDING_BYTES) {
            checkRoom(length);
        }
    }

    private int afterBom(ByteBuffer bytes, int from, int end) {
        return !begun && starts(bytes, from, end, BOM) ? from + BOM.length : from;
    }

    /** Whether the line's field has this name. */
    private static boolean names(ByteBuffer bytes, int from, int end, byte[] name) {
        int nameEnd = from + name.length;
        return starts(bytes, from, end, name) && (nameEnd == end || bytes.get(nameEnd) == ':');
    }

    private static boolean starts(ByteBuffer bytes, int from, int end, byte[] prefix) {
        if (end - from < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            if (bytes.get(from + i) != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** Where the value begins: after the colon, if there is one, and one space, if there is one. */
    private static int valueStart(ByteBuffer bytes, int nameEnd, int end) {
        if (nameEnd == end) {
            return end;
        }
        int value = nameEnd + 1;
        return value < end && bytes.get(value) == ' ' ? value + 1 : value;
    }

    private static String text(ByteBuffer bytes, int from, int end) {
        if (end - from == MESSAGE.length && starts(bytes, from, end, MESSAGE)) {
            return SseEvent.MESSAGE;
        }
        if (end - from > MAX_ID_BYTES) {
            throw new SseLimitException("an id or event type is longer than " + MAX_ID_BYTES + " bytes");
        }
        byte[] utf8 = new byte[end - from];
        bytes.get(from, utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
