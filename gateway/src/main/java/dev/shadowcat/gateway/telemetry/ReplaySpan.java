package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.observe.Replay;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;

/** A client's way through what it missed, as a span. */
final class ReplaySpan implements Replay {
    private static final AttributeKey<Long> EVENTS = AttributeKey.longKey("shadowcat.replay.events");
    private static final AttributeKey<Boolean> CAUGHT_UP = AttributeKey.booleanKey("shadowcat.replay.caught_up");

    private final Span span;
    private long events;

    ReplaySpan(Span span) {
        this.span = span;
    }

    @Override
    public void read(int more) {
        events += more;
    }

    @Override
    public void caughtUp() {
        end(true);
    }

    @Override
    public void left() {
        end(false);
    }

    private void end(boolean caughtUp) {
        span.setAttribute(EVENTS, events).setAttribute(CAUGHT_UP, caughtUp).end();
    }
}
