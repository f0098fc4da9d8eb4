package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the store has of every stream, against which each event that a client gets is held. */
final class StoredTruth {
    /** A stream of a session. */
    record Name(SessionId session, int stream) {}

    private final EventStore store;
    private final Map<Name, NavigableMap<Long, Event>> events = new HashMap<>();
    private final Map<Name, Map<Long, String>> everShown = new HashMap<>();

    StoredTruth(EventStore store) {
        this.store = store;
    }

    NavigableMap<Long, Event> of(Name name) {
        return events.computeIfAbsent(name, _ -> new TreeMap<>());
    }

    void stored(List<StoreWrite> batch) {
        for (StoreWrite write : batch) {
            if (write instanceof StoreWrite.AppendEvent append) {
                Name name = new Name(append.session(), append.stream());
                if (!store.read(
                                append.session(),
                                append.stream(),
                                append.event().sequence() - 1,
                                1,
                                1)
                        .isEmpty()) {
                    of(name).put(append.event().sequence(), append.event());
                }
            }
        }
    }

    /** A power cut: only what the store still has is true from now on. */
    void readAgain() {
        events.forEach((name, known) -> {
            known.clear();
            store.read(name.session(), name.stream(), 0, Integer.MAX_VALUE, Long.MAX_VALUE)
                    .forEach(event -> known.put(event.sequence(), event));
        });
    }

    /** Rules 1 to 3: a client that had everything up to a sequence gets this event next. */
    void shown(Name name, long before, long sequence, byte[] message) {
        String text = text(message);
        List<Event> now = store.read(name.session(), name.stream(), sequence - 1, 1, 1);
        assertThat(now)
                .as("rule 2: %s-%d is in the store when it is sent", name, sequence)
                .isNotEmpty();
        assertThat(now.getFirst().sequence()).as("rule 2: %s", name).isEqualTo(sequence);
        assertThat(text)
                .as("rule 1: what %s-%d says", name, sequence)
                .isEqualTo(text(now.getFirst().message()));
        String earlier = everShown.computeIfAbsent(name, _ -> new HashMap<>()).put(sequence, text);
        assertThat(earlier).as("rule 1: %s-%d is one event", name, sequence).isIn(null, text);
        assertThat(sequence)
                .as("rule 3: the event of %s after %d", name, before)
                .isEqualTo(of(name).higherKey(before));
    }

    long newest(Name name) {
        return of(name).isEmpty() ? 0 : of(name).lastKey();
    }

    /** What the stream says, message by message. */
    List<String> texts(Name name) {
        return of(name).values().stream().map(event -> text(event.message())).toList();
    }

    long answers(Name name) {
        return of(name).values().stream().filter(Event::answer).count();
    }

    static String text(byte @Nullable [] message) {
        return message == null ? "" : new String(message, StandardCharsets.UTF_8);
    }
}
