package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import java.time.Duration;

/**
 * Bounds how long somebody waits for a write: as long as the store works it is waited for, and where it fails, no longer than
 * {@code hold-for}. On its loop.
 */
final class StoreWait implements SessionLoop.Timer {
    private static final long LOOK_AGAIN_MILLIS = 100;

    private final Relay relay;
    private final NettyLoop loop;
    private final Runnable tooLong;
    private SessionLoop.Timer timer;
    private boolean over;

    private StoreWait(Relay relay, NettyLoop loop, Duration grace, Runnable tooLong) {
        this.relay = relay;
        this.loop = loop;
        this.tooLong = tooLong;
        this.timer = loop.afterHold(relay.storeFailure().holdFor(), () -> later(grace.toMillis()));
    }

    /** Begins when the write was offered; {@code tooLong} runs once at most, and not after {@link #cancel}. */
    static StoreWait begin(Relay relay, NettyLoop loop, Runnable tooLong) {
        return new StoreWait(relay, loop, Duration.ZERO, tooLong);
    }

    /**
     * The same for a write that is not waited for where events are sent on unstored. That begins when the store has failed for
     * {@code hold-for}, unless the store does not return at all.
     */
    static StoreWait beginWhereSentOn(Relay relay, NettyLoop loop, Runnable tooLong) {
        return new StoreWait(relay, loop, relay.storeFailure().stallAfter(), tooLong);
    }

    private void later(long millis) {
        if (millis > 0) {
            timer = loop.after(millis, this::due);
            return;
        }
        due();
    }

    private void due() {
        if (relay.storeFails()) {
            over = true;
            tooLong.run();
            return;
        }
        timer = loop.after(LOOK_AGAIN_MILLIS, this::due);
    }

    /** Whether it was too long. */
    boolean over() {
        return over;
    }

    @Override
    public void cancel() {
        timer.cancel();
    }
}
