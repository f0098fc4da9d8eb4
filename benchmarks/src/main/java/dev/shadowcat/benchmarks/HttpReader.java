package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Reads HTTP/1.1 messages off one connection: bodies of a declared length whole, chunked ones as they come. Far less than a
 * server or client needs, and far cheaper. On the connection's event loop.
 */
abstract class HttpReader extends ChannelInboundHandlerAdapter {
    private enum State {
        HEAD,
        FIXED,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        LAST_CHUNK_END,
        UNTIL_CLOSE
    }

    private static final byte LINE_FEED = '\n';

    private final boolean requests;
    private final HttpHead head = new HttpHead();
    private State state = State.HEAD;
    private int remaining;
    private @Nullable ByteBuf rest;

    HttpReader(boolean requests) {
        this.requests = requests;
    }

    /** A head came; valid until the next one. */
    abstract void head(HttpHead message);

    /** Bytes of the body came: {@code length} of them at {@code index}. The buffer is the caller's. */
    abstract void body(ByteBuf bytes, int index, int length);

    /** The message is whole. */
    abstract void end();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        ByteBuf before = rest;
        if (before != null) {
            rest = null;
            before.writeBytes(in);
            in.release();
            in = before;
        }
        try {
            boolean more = true;
            while (more && in.isReadable()) {
                more = step(in);
            }
            if (in.isReadable()) {
                rest = context.alloc().buffer(in.readableBytes() + 256).writeBytes(in);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        if (rest != null) {
            rest.release();
            rest = null;
        }
        if (state == State.UNTIL_CLOSE) {
            state = State.HEAD;
            end();
        }
        super.channelInactive(context);
    }

    /** Takes what it can; false while more bytes are needed. */
    private boolean step(ByteBuf in) {
        return switch (state) {
            case HEAD -> readHead(in);
            case FIXED -> readFixed(in);
            case CHUNK_SIZE -> readChunkSize(in);
            case CHUNK, UNTIL_CLOSE -> readPart(in);
            case CHUNK_END -> skipLine(in, State.CHUNK_SIZE);
            case LAST_CHUNK_END -> skipLine(in, State.HEAD);
        };
    }

    private boolean readHead(ByteBuf in) {
        int after = head.read(in, requests);
        if (after < 0) {
            return false;
        }
        in.readerIndex(after);
        head(head);
        if (head.chunked) {
            state = State.CHUNK_SIZE;
            return true;
        }
        remaining = head.contentLength;
        if (remaining > 0) {
            state = State.FIXED;
            return true;
        }
        if (remaining < 0 && !requests && head.status != 202 && head.status != 204) {
            remaining = Integer.MAX_VALUE;
            state = State.UNTIL_CLOSE;
            return true;
        }
        end();
        return true;
    }

    private boolean readFixed(ByteBuf in) {
        if (in.readableBytes() < remaining) {
            return false;
        }
        int index = in.readerIndex();
        in.skipBytes(remaining);
        state = State.HEAD;
        body(in, index, remaining);
        end();
        return true;
    }

    private boolean readChunkSize(ByteBuf in) {
        int index = in.readerIndex();
        int newline = in.indexOf(index, in.writerIndex(), LINE_FEED);
        if (newline < 0) {
            return false;
        }
        int size = 0;
        for (; index < newline; index++) {
            int digit = Character.digit(in.getByte(index), 16);
            if (digit < 0) {
                break;
            }
            size = size * 16 + digit;
        }
        in.readerIndex(newline + 1);
        remaining = size;
        state = size == 0 ? State.LAST_CHUNK_END : State.CHUNK;
        return true;
    }

    private boolean readPart(ByteBuf in) {
        int length = Math.min(remaining, in.readableBytes());
        int index = in.readerIndex();
        in.skipBytes(length);
        body(in, index, length);
        if (state == State.CHUNK) {
            remaining -= length;
            if (remaining == 0) {
                state = State.CHUNK_END;
            }
        }
        return true;
    }

    private boolean skipLine(ByteBuf in, State next) {
        int newline = in.indexOf(in.readerIndex(), in.writerIndex(), LINE_FEED);
        if (newline < 0) {
            return false;
        }
        in.readerIndex(newline + 1);
        state = next;
        if (next == State.HEAD) {
            end();
        }
        return true;
    }
}
