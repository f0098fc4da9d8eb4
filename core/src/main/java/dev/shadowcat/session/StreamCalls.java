package dev.shadowcat.session;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests that began one stream: the open ones, and those whose answers the store, or who is attached, may not have yet. The
 * session's thread only.
 */
final class StreamCalls implements Measured {
    private static final StreamCalls NONE = new StreamCalls(List.of(), null); // shared: nothing in it ever changes

    private final List<Call> open;
    private final @Nullable SpanIdentity origin; // the request that began the stream, where that is recorded
    private List<Answered> answered = List.of();
    private boolean resumed; // the upstream connection is not the first one: it may send what is not this stream's

    /** A call, and the event that has its answer. */
    private record Answered(Call call, long sequence) {}

    private StreamCalls(List<Call> open, @Nullable SpanIdentity origin) {
        this.open = open;
        this.origin = origin;
    }

    /** Of a fresh stream. */
    static StreamCalls of(List<Call> calls) {
        return of(calls, calls.isEmpty() ? null : calls.getFirst().operation().span());
    }

    /** Of a stream that the store has. */
    static StreamCalls of(List<Call> calls, @Nullable SpanIdentity origin) {
        return calls.isEmpty() && origin == null ? NONE : new StreamCalls(new ArrayList<>(calls), origin);
    }

    List<Call> open() {
        return open;
    }

    @Nullable
    SpanIdentity origin() {
        return origin;
    }

    void upstreamResumed() {
        if (!open.isEmpty()) {
            resumed = true;
        }
    }

    /** What a message answers; an error that names no request, since the upstream could not read it, can mean the only one. */
    @Nullable
    Call answeredBy(Envelope answer) {
        if (answer.id() == null) {
            return open.size() == 1 && !resumed ? open.getFirst() : null;
        }
        for (Call call : open) {
            if (call.upstreamId().equals(answer.id())) {
                return call;
            }
        }
        return null;
    }

    /** Whether a message is the progress of another stream's call: so a resumed upstream that mixes its streams up betrays itself. */
    boolean excludes(Envelope message) {
        if (!resumed || !message.is(McpMethod.PROGRESS)) {
            return false;
        }
        String token = message.progressToken();
        return open.stream()
                .noneMatch(call ->
                        call.progressToken() == null || call.progressToken().equals(token));
    }

    /** A call of it gets no other answer than this event's. */
    void answered(Call call, long sequence) {
        close(call);
        if (answered.isEmpty()) {
            answered = new ArrayList<>(1);
        }
        answered.add(new Answered(call, sequence));
    }

    void close(Call call) {
        if (!open.isEmpty()) { // the list of a stream that never had a request cannot be changed
            open.remove(call);
        }
    }

    /** The store has every answer, and so has who is attached. */
    void settled() {
        if (!answered.isEmpty()) {
            answered = List.of();
        }
    }

    /** Those without an answer up to an event. */
    List<Call> owedAfter(long sequence) {
        List<Call> owed = new ArrayList<>(open);
        answered.stream().filter(each -> each.sequence() > sequence).forEach(each -> owed.add(each.call()));
        return owed;
    }

    /** Its open requests are its session's to add. */
    @Override
    public void measure(Footprint footprint) {
        if (this != NONE) {
            footprint.add(this).add(origin).list(open);
        }
    }
}
