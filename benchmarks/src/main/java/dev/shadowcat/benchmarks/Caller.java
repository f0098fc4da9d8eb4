package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;

/** Calls a tool on one keep-alive connection and checks each answer. On its event loop. */
final class Caller implements ClientConnection.Answer, SseLines.Sink {
    /** Decides what a caller does next. */
    interface Load {
        /** An answer is whole; {@code right} unless status, request id or number of events were wrong. */
        void answered(Caller caller, long intendedAt, boolean right);

        /** The connection closed; the caller is of no use any more. */
        void broken(Caller caller);
    }

    private static final int FIRST_ID = 100_000_000;
    private static final byte[] ID = Scan.key("id");

    private final ClientSession session;
    private final Load load;
    private final int expectedEvents;
    private final ByteBuf request;
    private final int idIndex;
    private final SseLines lines = new SseLines(this);
    private int id = FIRST_ID;
    private long intendedAt;
    private int status;
    private boolean eventStream;
    private int events;
    private boolean answeredId;

    /**
     * @param tool {@code echo} or {@code events}
     */
    Caller(ClientSession session, String tool, Load load) {
        this.session = session;
        this.load = load;
        expectedEvents = tool.equals("events") ? UpstreamAnswers.EVENTS : 1;
        request = Requests.call(session.target(), session.id(), tool);
        idIndex = Scan.after(request, 0, request.writerIndex(), ID);
    }

    ClientSession session() {
        return session;
    }

    /** Sends the next call; {@code intended} is when it should have gone out. */
    void call(long intended) {
        intendedAt = intended;
        id++;
        events = 0;
        answeredId = false;
        ByteBuf bytes = session.connection().allocator().buffer(request.writerIndex());
        bytes.writeBytes(request, 0, request.writerIndex());
        int left = id;
        for (int digit = 8; digit >= 0; digit--) {
            bytes.setByte(idIndex + digit, '0' + left % 10);
            left /= 10;
        }
        session.connection().send(bytes, this);
    }

    @Override
    public void head(HttpHead message) {
        status = message.status;
        eventStream = message.eventStream;
    }

    @Override
    public void body(ByteBuf bytes, int index, int length) {
        if (eventStream) {
            lines.read(bytes, index, length);
            return;
        }
        data(bytes, index, length);
    }

    @Override
    public void data(ByteBuf bytes, int index, int length) {
        events++;
        answeredId |= Scan.number(bytes, index, length, ID) == id;
    }

    @Override
    public void end() {
        load.answered(this, intendedAt, status == 200 && answeredId && events == expectedEvents);
    }

    @Override
    public void broken() {
        load.broken(this);
    }

    /** What was wrong with the newest answer, for people. */
    String wrong() {
        return "status " + status + ", " + events + " of " + expectedEvents + " events, own id " + answeredId;
    }
}
