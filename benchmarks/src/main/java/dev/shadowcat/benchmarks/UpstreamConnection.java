package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One connection to the upstream. On its event loop. */
final class UpstreamConnection extends HttpReader {
    private static final byte[] ID = Scan.key("id");
    private static final byte[] METHOD = "\"method\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENTS_TOOL = "\"name\":\"events\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VERSION = "\"protocolVersion\":\"".getBytes(StandardCharsets.US_ASCII);

    private final UpstreamSessions sessions;
    private final UpstreamControl control;
    private @Nullable ChannelHandlerContext context;
    private char method;
    private String target = "";
    private @Nullable String sessionId;
    private @Nullable UpstreamSession streaming;

    /** The answer to the request being read, null while none is known. */
    private @Nullable ByteBuf answer;

    UpstreamConnection(UpstreamSessions sessions, UpstreamControl control) {
        super(true);
        this.sessions = sessions;
        this.control = control;
    }

    @Override
    public void channelActive(ChannelHandlerContext connected) {
        context = connected;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext connected) {
        connected.flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext connected) throws Exception {
        if (streaming != null) {
            sessions.closed(streaming, connected);
        }
        super.channelInactive(connected);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext connected, Throwable cause) {
        var _ = connected.close(); // a client that went away in the middle is no event here
    }

    @Override
    void head(HttpHead message) {
        method = message.method;
        target = message.target;
        sessionId = message.sessionId;
    }

    @Override
    void body(ByteBuf bytes, int index, int length) {
        if (method == 'P' && target.equals("/mcp")) {
            answer = post(connection(), bytes, index, length);
        }
    }

    @Override
    void end() {
        ChannelHandlerContext connected = connection();
        ByteBuf bytes = answer;
        answer = null;
        var _ = connected.write(bytes == null ? answerWithoutBody(connected) : bytes, connected.voidPromise());
    }

    private ByteBuf answerWithoutBody(ChannelHandlerContext connected) {
        if (!target.equals("/mcp")) {
            return UpstreamAnswers.json(connected.alloc(), control.obey(target), "");
        }
        UpstreamSession session = sessions.find(sessionId);
        if (session == null) {
            return UpstreamAnswers.notFound();
        }
        if (method == 'D') {
            sessions.delete(session);
            return UpstreamAnswers.accepted();
        }
        sessions.open(session, connected);
        streaming = session;
        return UpstreamAnswers.stream(connected.alloc());
    }

    private ByteBuf post(ChannelHandlerContext connected, ByteBuf bytes, int index, int length) {
        int idIndex = Scan.after(bytes, index, length, ID);
        int methodIndex = Scan.after(bytes, index, length, METHOD);
        if (idIndex < 0 || methodIndex < 0) {
            return UpstreamAnswers.accepted();
        }
        int idLength = tokenLength(bytes, idIndex, index + length);
        byte first = bytes.getByte(methodIndex);
        if (first == 'i') {
            return initialize(connected, bytes, index, length, idIndex, idLength);
        }
        UpstreamSession session = sessions.find(sessionId);
        if (session == null) {
            return UpstreamAnswers.notFound();
        }
        if (first != 't') {
            return UpstreamAnswers.empty(connected.alloc(), bytes, idIndex, idLength);
        }
        if (Scan.after(bytes, index, length, EVENTS_TOOL) >= 0) {
            session.answers++;
            return UpstreamAnswers.events(connected.alloc(), bytes, idIndex, idLength, session.answers);
        }
        return UpstreamAnswers.echo(connected.alloc(), bytes, idIndex, idLength);
    }

    private ByteBuf initialize(
            ChannelHandlerContext connected, ByteBuf bytes, int index, int length, int idIndex, int idLength) {
        int version = Scan.after(bytes, index, length, VERSION);
        String named = version < 0 ? "2025-11-25" : bytes.toString(version, 10, StandardCharsets.US_ASCII);
        String requestId = bytes.toString(idIndex, idLength, StandardCharsets.UTF_8);
        return UpstreamAnswers.initialized(connected.alloc(), requestId, named, sessions.mint().id);
    }

    private static int tokenLength(ByteBuf bytes, int index, int end) {
        int at = index;
        while (at < end && bytes.getByte(at) != ',' && bytes.getByte(at) != '}') {
            at++;
        }
        return at - index;
    }

    private ChannelHandlerContext connection() {
        ChannelHandlerContext connected = context;
        if (connected == null) {
            throw new IllegalStateException("bytes came before the connection");
        }
        return connected;
    }
}
