package dev.shadowcat.session;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.ArrayList;
import java.util.List;

/** A client's connection that remembers what it got, and whether the store had it by then. */
class StressSink implements EventSink {
    final List<Long> got = new ArrayList<>();
    boolean ahead; // of the store
    boolean over;
    boolean afterTheEnd;
    private final EventStore store;
    private final SessionId session;

    StressSink(EventStore store, SessionId session) {
        this.store = store;
        this.session = session;
    }

    @Override
    public boolean writable() {
        return true;
    }

    @Override
    public void event(int stream, long sequence, byte[] message) {
        ahead |= store.read(session, stream, sequence - 1, 1, 1).isEmpty();
        afterTheEnd |= over;
        got.add(sequence);
    }

    @Override
    public void notice(byte[] message) {}

    @Override
    public void cursor(int stream, long sequence) {}

    @Override
    public void gap(int stream, long next) {}

    @Override
    public void priming(int stream, long sequence) {}

    @Override
    public boolean resumable() {
        return !got.isEmpty();
    }

    @Override
    public void flush() {}

    @Override
    public void finish() {
        over = true;
    }

    @Override
    public void abort() {
        over = true;
    }
}
