package dev.shadowcat.gateway.http;

import dev.shadowcat.memory.Footprint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One request on a {@link Connection}, and its streamed answer if it gets one. Its own object per request, so that whoever
 * holds on to a finished one cannot write into the next. Fields without a word belong to the connection's event loop.
 */
final class ServedExchange implements Exchange, StreamedResponse, Runnable {
    /** Larger pieces go to the socket as they are, smaller ones are gathered. */
    private static final int GATHERED = 16 << 10;

    private static final int FIRST_GATHERING = 256;
    /** Hexadecimal length and two line ends. */
    private static final int FRAMING = 12;

    private static final ByteBuf LINE_END = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer(2).writeByte('\r').writeByte('\n').asReadOnly());

    private static final VarHandle CLAIMED;

    static {
        try {
            CLAIMED = MethodHandles.lookup().findVarHandle(ServedExchange.class, "claimed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Connection connection;
    private final HttpMethod method;
    private final long begunNanos = System.nanoTime();
    private String target;
    private HttpHeaders headers;
    private ByteBuf body = Unpooled.EMPTY_BUFFER;
    private @Nullable ExchangeListener listener;
    private @Nullable ByteBuf gathered;
    private int reserved;
    private short status; // 0 until an answer begins

    @SuppressWarnings("unused") // by its VarHandle; any thread
    private volatile boolean claimed;

    private boolean ended;
    private boolean gone;
    private boolean streaming;
    private boolean chunked;
    private boolean flushWaits;

    ServedExchange(Connection connection, HttpMethod method, String target, HttpHeaders headers) {
        this.connection = connection;
        this.method = method;
        this.target = target;
        this.headers = headers;
    }

    @Override
    public HttpMethod method() {
        return method;
    }

    @Override
    public String path() {
        int question = target.indexOf('?');
        return question < 0 ? target : target.substring(0, question);
    }

    @Override
    public String query() {
        int question = target.indexOf('?');
        return question < 0 ? "" : target.substring(question);
    }

    @Override
    public HttpHeaders headers() {
        return headers;
    }

    @Override
    public ByteBuf body() {
        return body;
    }

    @Override
    public EventLoop loop() {
        return connection.loop();
    }

    @Override
    public String remote() {
        return connection.remote();
    }

    @Override
    public void listener(@Nullable ExchangeListener listener) {
        if (!loop().inEventLoop()) {
            hop(() -> listener(listener), Unpooled.EMPTY_BUFFER);
            return;
        }
        if (!ended) {
            this.listener = listener;
        } else if (gone && listener != null) {
            // Not from inside the call that sets it: its caller may not be ready yet.
            hop(listener::clientGone, Unpooled.EMPTY_BUFFER);
        }
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        ResponseHead.check(status);
        if (!claim()) {
            body.release();
        } else if (loop().inEventLoop()) {
            connection.respond(this, status, headers, body);
        } else {
            hop(() -> connection.respond(this, status, headers, body), body);
        }
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        ResponseHead.check(status);
        if (!claim()) {
            return DiscardedResponse.INSTANCE;
        }
        if (loop().inEventLoop()) {
            connection.startStream(this, status, headers, longLived);
        } else {
            hop(() -> connection.startStream(this, status, headers, longLived), Unpooled.EMPTY_BUFFER);
        }
        return this;
    }

    @Override
    public boolean writable() {
        return connection.writable();
    }

    @Override
    public void write(ByteBuf bytes) {
        if (!loop().inEventLoop()) {
            hop(() -> write(bytes), bytes);
            return;
        }
        int count = bytes.readableBytes();
        // An empty chunk would be the last one.
        if (ended || discardsBody() || count == 0) {
            bytes.release();
            return;
        }
        if (count + FRAMING > GATHERED) {
            writeLarge(bytes, count);
            return;
        }
        ByteBuf into = gather(count + FRAMING);
        if (chunked) {
            writeHex(into, count);
            into.writeBytes(bytes);
            into.writeShort('\r' << 8 | '\n');
        } else {
            into.writeBytes(bytes);
        }
        bytes.release();
    }

    private boolean discardsBody() {
        return HttpMethod.HEAD.equals(method);
    }

    private void writeLarge(ByteBuf bytes, int count) {
        if (chunked) {
            writeHex(gather(FRAMING), count);
            sendGathered();
            connection.write(bytes);
            connection.write(LINE_END.duplicate());
        } else {
            sendGathered();
            connection.write(bytes);
        }
    }

    /** A buffer that what is written next goes into, with room for that much. */
    ByteBuf gather(int room) {
        ByteBuf into = gathered;
        if (into != null && into.readableBytes() + room > GATHERED) {
            sendGathered();
            into = null;
        }
        if (into == null) {
            into = connection.allocate(Math.max(FIRST_GATHERING, room));
            gathered = into;
        } else {
            into.ensureWritable(room);
        }
        return into;
    }

    private void sendGathered() {
        ByteBuf ready = gathered;
        if (ready != null) {
            gathered = null;
            connection.write(ready);
        }
    }

    private static void writeHex(ByteBuf into, int value) {
        int shift = 28 - (Integer.numberOfLeadingZeros(value) & ~3);
        for (; shift >= 0; shift -= 4) {
            int digit = value >>> shift & 0xf;
            into.writeByte(digit < 10 ? '0' + digit : 'a' - 10 + digit);
        }
        into.writeShort('\r' << 8 | '\n');
    }

    @Override
    public void flush() {
        if (!loop().inEventLoop()) {
            hop(this::flush, Unpooled.EMPTY_BUFFER);
            return;
        }
        if (!ended) {
            flushWaits = false;
            sendGathered();
            connection.flush();
        }
    }

    @Override
    public void finish() {
        if (!loop().inEventLoop()) {
            hop(this::finish, Unpooled.EMPTY_BUFFER);
            return;
        }
        if (ended || !streaming) {
            return;
        }
        if (chunked && !discardsBody()) {
            gather(5).writeByte('0').writeInt('\r' << 24 | '\n' << 16 | '\r' << 8 | '\n');
        }
        sendGathered();
        connection.finished(this);
    }

    @Override
    public void abort() {
        if (!loop().inEventLoop()) {
            hop(this::abort, Unpooled.EMPTY_BUFFER);
        } else if (!ended) {
            connection.abort(this, !chunked);
        }
    }

    /** Flushes a head that nobody has flushed since it was written. */
    @Override
    public void run() {
        if (flushWaits) {
            flush();
        }
    }

    private boolean claim() {
        return CLAIMED.compareAndSet(this, false, true);
    }

    private void hop(Runnable task, ByteBuf owned) {
        try {
            loop().execute(task);
        } catch (RejectedExecutionException _) {
            // The loop has ended, and the connection with it.
            owned.release();
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).measured(connection);
    }

    // What follows is the connection's, on its loop.

    void status(int answered) {
        status = (short) answered;
    }

    void target(String effective) {
        target = effective;
    }

    /** Whether an answer has begun. */
    boolean isAnswered() {
        return claimed;
    }

    /** The listener answers by itself; the handler has not seen the exchange, or is too late. */
    void claimForListener() {
        CLAIMED.setVolatile(this, true);
    }

    void body(ByteBuf buffer, int reservedBytes) {
        body = buffer;
        reserved = reservedBytes;
    }

    int reserved() {
        return reserved;
    }

    void streaming(boolean asChunks) {
        streaming = true;
        chunked = asChunks;
        flushWaits = true;
    }

    boolean isStreaming() {
        return streaming;
    }

    @Nullable
    ExchangeListener listener() {
        return listener;
    }

    /** Lets go of the request; what it took of the budget comes back. */
    int forgetBody() {
        ByteBuf old = body;
        body = Unpooled.EMPTY_BUFFER;
        old.release();
        int bytes = reserved;
        reserved = 0;
        return bytes;
    }

    void forgetHead() {
        headers = EmptyHttpHeaders.INSTANCE;
        target = "";
    }

    /** Whatever is called from now on goes nowhere. */
    void ended(boolean clientGone) {
        ended = true;
        flushWaits = false;
        connection.served(method, status, System.nanoTime() - begunNanos);
        ByteBuf unsent = gathered;
        if (unsent != null) {
            gathered = null;
            unsent.release();
        }
        ExchangeListener told = listener;
        listener = null;
        if (!clientGone) {
            return;
        }
        gone = true; // for whoever takes the exchange over later, too
        if (told != null) {
            told.clientGone();
        }
    }
}
