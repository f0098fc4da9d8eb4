package dev.shadowcat.store.redis;

import static dev.shadowcat.store.format.Records.VERSION;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import org.jspecify.annotations.Nullable;

/** An event as an entry of a Redis stream keeps it, in the format of {@link Records}; its number is the entry's id, its upstream id a field of its own. */
final class EventFormat {
    private static final int ANSWER = 1;

    private EventFormat() {}

    static void write(RecordWriter out, Event event) {
        out.begin(VERSION)
                .number(event.answer() ? ANSWER : 0)
                .number(event.storedAtMillis())
                .number(event.generation())
                .rest(event.message());
    }

    static Event read(long sequence, byte[] value, @Nullable String upstreamId) {
        return Records.decode("event", value, value.length, in -> {
            int flags = in.smallNumber();
            return new Event(sequence, in.number(), in.smallNumber(), (flags & ANSWER) != 0, upstreamId, in.rest());
        });
    }
}
