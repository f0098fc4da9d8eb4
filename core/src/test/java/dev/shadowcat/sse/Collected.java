package dev.shadowcat.sse;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A handler that keeps what it is told. */
final class Collected implements SseHandler {
    final List<SseEvent> events = new ArrayList<>();
    final List<String> told = new ArrayList<>();

    @Override
    public void event(SseEvent event) {
        events.add(event);
        told.add(ReferenceDecoder.describe(event));
    }

    @Override
    public void retry(long millis) {
        told.add("retry " + millis);
    }

    /** Decodes a stream that comes cut at these places. */
    static Collected decode(byte[] stream, int maxEventBytes, int... cuts) {
        Collected collected = new Collected();
        SseDecoder decoder = new SseDecoder(maxEventBytes);
        int from = 0;
        for (int cut : cuts) {
            decoder.feed(ByteBuffer.wrap(stream, from, cut - from), collected);
            from = cut;
        }
        decoder.feed(ByteBuffer.wrap(stream, from, stream.length - from), collected);
        return collected;
    }
}
