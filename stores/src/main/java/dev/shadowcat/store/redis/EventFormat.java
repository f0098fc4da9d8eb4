package dev.shadowcat.store.redis;

import static dev.shadowcat.store.format.Records.VERSION;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;

/** An event as an entry of a Redis stream keeps it, in the format of {@link Records}; its number is the entry's id. */
final class EventFormat {
    private static final int ANSWER = 1;
    private static final int UPSTREAM_ID = 2;

    private EventFormat() {}

    static void write(RecordWriter out, Event event) {
        String upstreamId = event.upstreamId();
        out.begin(VERSION)
                .number((event.answer() ? ANSWER : 0) | (upstreamId == null ? 0 : UPSTREAM_ID))
                .number(event.storedAtMillis())
                .number(event.generation());
        if (upstreamId != null) {
            out.text(upstreamId);
        }
        out.rest(event.message());
    }

    static Event read(long sequence, byte[] value) {
        return Records.decode("event", value, value.length, in -> {
            int flags = in.smallNumber();
            return new Event(
                    sequence,
                    in.number(),
                    in.smallNumber(),
                    (flags & ANSWER) != 0,
                    (flags & UPSTREAM_ID) != 0 ? in.text() : null,
                    in.rest());
        });
    }
}
