package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;

/**
 * Takes the chunked framing off a body as its bytes come, split anywhere (RFC 9112, 7.1). Strict where leniency lets two
 * readers differ: lines end in CR LF, sizes are bare hexadecimal digits. Extensions are ignored, trailers skipped, both
 * bounded. It holds no bytes.
 */
final class ChunkedBody {
    /** What the bytes so far amount to. */
    enum Progress {
        MORE,
        END,
        BROKEN
    }

    private static final int MAX_LINE_BYTES = 1024;
    private static final int MAX_TRAILER_BYTES = 8192;
    private static final long MAX_SIZE = Long.MAX_VALUE >>> 8;

    private enum State {
        SIZE_FIRST_DIGIT,
        SIZE,
        EXTENSION,
        SIZE_LF,
        DATA,
        DATA_CR,
        DATA_LF,
        TRAILER_START,
        TRAILER,
        TRAILER_LF,
        END_LF
    }

    private State state = State.SIZE_FIRST_DIGIT;
    private int count; // bytes of the line, or of the trailers, so far
    private long left; // of the chunk

    /** Hands the data within these bytes to the call, until they are used up, the body ends, or the call is over. */
    Progress decode(ByteBuf bytes, OpenCall call) {
        while (bytes.isReadable()) {
            if (state == State.DATA) {
                int length = (int) Math.min(left, bytes.readableBytes());
                left -= length;
                if (left == 0) {
                    state = State.DATA_CR;
                }
                call.data(bytes.readSlice(length));
                if (call.isOver()) {
                    return Progress.MORE;
                }
                continue;
            }
            Progress progress = framing(bytes.readByte());
            if (progress != Progress.MORE) {
                return progress;
            }
        }
        return Progress.MORE;
    }

    private Progress framing(byte next) {
        return switch (state) {
            case SIZE_FIRST_DIGIT -> {
                left = 0;
                count = 0;
                state = State.SIZE;
                yield digit(next) ? Progress.MORE : Progress.BROKEN;
            }
            case SIZE -> afterDigit(next);
            case EXTENSION -> {
                if (next == '\r') {
                    state = State.SIZE_LF;
                    yield Progress.MORE;
                }
                yield next != '\n' && ++count <= MAX_LINE_BYTES ? Progress.MORE : Progress.BROKEN;
            }
            case SIZE_LF -> {
                count = 0;
                yield expect('\n', next, left == 0 ? State.TRAILER_START : State.DATA);
            }
            case DATA_CR -> expect('\r', next, State.DATA_LF);
            case DATA_LF -> expect('\n', next, State.SIZE_FIRST_DIGIT);
            case TRAILER_START, TRAILER -> trailer(next);
            case TRAILER_LF -> expect('\n', next, State.TRAILER_START);
            case END_LF -> next == '\n' ? Progress.END : Progress.BROKEN;
            case DATA -> throw new IllegalStateException("data is no framing");
        };
    }

    private Progress afterDigit(byte next) {
        if (next == '\r') {
            state = State.SIZE_LF;
            return Progress.MORE;
        }
        if (next == ';' || next == ' ' || next == '\t') {
            state = State.EXTENSION;
            return Progress.MORE;
        }
        return digit(next) ? Progress.MORE : Progress.BROKEN;
    }

    private boolean digit(byte next) {
        int value = Character.digit(next, 16);
        if (value < 0 || left > MAX_SIZE || ++count > MAX_LINE_BYTES) {
            return false;
        }
        left = (left << 4) | value;
        return true;
    }

    private Progress trailer(byte next) {
        if (next == '\r') {
            state = state == State.TRAILER_START ? State.END_LF : State.TRAILER_LF;
            return Progress.MORE;
        }
        state = State.TRAILER;
        return next != '\n' && ++count <= MAX_TRAILER_BYTES ? Progress.MORE : Progress.BROKEN;
    }

    private Progress expect(char wanted, byte next, State then) {
        state = then;
        return next == wanted ? Progress.MORE : Progress.BROKEN;
    }
}
