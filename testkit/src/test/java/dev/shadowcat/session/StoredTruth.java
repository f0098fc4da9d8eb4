package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the store took of every stream, against which each event that a client gets is held. */
final class StoredTruth {
    /** A stream of a session. */
    record Name(SessionId session, int stream) {}

    private final EventStore store;
    private final Map<Name, Known> streams = new HashMap<>();

    /** One stream: what retention took from it is still known here. */
    private static final class Known {
        private final NavigableMap<Long, Event> events = new TreeMap<>();
        private final Map<Long, String> shown = new HashMap<>();
        private long trimmedThrough;

        boolean trimmed(Event event) {
            return !event.answer() && event.sequence() <= trimmedThrough;
        }
    }

    StoredTruth(EventStore store) {
        this.store = store;
    }

    private Known of(Name name) {
        return streams.computeIfAbsent(name, _ -> new Known());
    }

    /** The store may have taken a batch, or says that it did: what it has of it is true from now on. */
    void stored(List<StoreWrite> batch) {
        for (StoreWrite write : batch) {
            switch (write) {
                case StoreWrite.AppendEvent append -> {
                    Optional<StoredStream> now = store.stream(append.session(), append.stream());
                    if (now.isPresent()
                            && now.get().lastSequence() >= append.event().sequence()) {
                        of(new Name(append.session(), append.stream()))
                                .events
                                .put(append.event().sequence(), append.event());
                    }
                }
                case StoreWrite.TrimStream trim -> trimmed(new Name(trim.session(), trim.stream()));
                default -> {}
            }
        }
    }

    private void trimmed(Name name) {
        store.stream(name.session(), name.stream()).ifPresent(now -> of(name).trimmedThrough = now.trimmedThrough());
    }

    /** A power cut: only what the store still has is true from now on, and what it knows that retention took of it. */
    void readAgain() {
        streams.forEach((name, known) -> {
            known.trimmedThrough = store.stream(name.session(), name.stream())
                    .map(StoredStream::trimmedThrough)
                    .orElse(0L);
            known.events.tailMap(known.trimmedThrough, false).clear();
            store.read(name.session(), name.stream(), 0, Integer.MAX_VALUE, Long.MAX_VALUE)
                    .forEach(event -> known.events.put(event.sequence(), event));
        });
    }

    /**
     * Rules 1 to 3 and 6: a client that had everything up to a sequence gets this event next.
     *
     * @param toldOfGap whether its connection said before that something is missing
     * @param withoutId what its connection brought before the store had it
     */
    void shown(Name name, long before, long sequence, byte[] message, boolean toldOfGap, Set<String> withoutId) {
        Known known = of(name);
        String text = text(message);
        assertThat(known.events)
                .as("rule 2: %s-%d is in the store when it is sent", name, sequence)
                .containsKey(sequence);
        Event event = Objects.requireNonNull(known.events.get(sequence));
        assertThat(text).as("rule 1: what %s-%d says", name, sequence).isEqualTo(text(event.message()));
        String earlier = known.shown.put(sequence, text);
        assertThat(earlier).as("rule 1: %s-%d is one event", name, sequence).isIn(null, text);
        assertThat(sequence)
                .as("rule 3: the event of %s after %d", name, before)
                .isGreaterThan(before);
        passedOver(name, before, sequence, toldOfGap, withoutId);
    }

    /** The same for a client whose cursor moves there: the last is one that it was shown before, or a gap. */
    void caughtUp(Name name, long before, long sequence, boolean toldOfGap, Set<String> withoutId) {
        Event event = of(name).events.get(sequence);
        assertThat(event)
                .as("rule 2: %s-%d is in the store when its id is given", name, sequence)
                .isNotNull();
        passedOver(name, before, sequence + 1, toldOfGap, withoutId);
    }

    private void passedOver(Name name, long before, long sequence, boolean toldOfGap, Set<String> withoutId) {
        Known known = of(name);
        for (Event skipped : known.events.subMap(before, false, sequence, false).values()) {
            if (skipped.gap() || withoutId.contains(text(skipped.message()))) {
                continue; // who has seen what a gap stands for is not told of it
            }
            assertThat(known.trimmed(skipped))
                    .as("rule 3: %s-%d was passed over for %d", name, skipped.sequence(), sequence)
                    .isTrue();
            assertThat(toldOfGap)
                    .as("rule 6: the gap of %s-%d before %d is told", name, skipped.sequence(), sequence)
                    .isTrue();
        }
    }

    /** The newest event that is still kept. */
    long newest(Name name) {
        Known known = of(name);
        return known.events.descendingMap().values().stream()
                .filter(event -> !known.trimmed(event))
                .findFirst()
                .map(Event::sequence)
                .orElse(0L);
    }

    /** What the stream says, message by message. */
    List<String> texts(Name name) {
        return of(name).events.values().stream()
                .map(event -> text(event.message()))
                .toList();
    }

    long answers(Name name) {
        return of(name).events.values().stream().filter(Event::answer).count();
    }

    static String text(byte @Nullable [] message) {
        return message == null ? "" : new String(message, StandardCharsets.UTF_8);
    }
}
