package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;

/** A second answer to an exchange that has one: it goes nowhere. */
final class DiscardedResponse implements StreamedResponse {
    static final StreamedResponse INSTANCE = new DiscardedResponse();

    private DiscardedResponse() {}

    @Override
    public boolean writable() {
        return false;
    }

    @Override
    public void write(ByteBuf bytes) {
        bytes.release();
    }

    @Override
    public void flush() {}

    @Override
    public void finish() {}

    @Override
    public void abort() {}
}
