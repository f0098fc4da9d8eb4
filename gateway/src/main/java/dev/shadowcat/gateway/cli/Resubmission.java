package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Another try with dead letters, one after the other, against a store that nobody else has. It may be the try after one that
 * was killed: an event that is in the store already counts as done.
 */
final class Resubmission {
    private final EventStore store;
    private final Console console;
    private final List<String> left = new ArrayList<>();

    /** Where an event could not be stored now: one after it would take its number's place for good. */
    private final Set<StreamName> halted = new HashSet<>();

    private int stored;
    private int there;

    Resubmission(EventStore store, Console console) {
        this.store = store;
        this.console = console;
    }

    void tryAgain(String line) {
        Optional<AppendEvent> event = DeadLetter.parse(line).flatMap(DeadLetter::event);
        if (event.isEmpty()) {
            stays(line, "not an event: only events are sent again");
            return;
        }
        AppendEvent append = event.get();
        StreamName stream = new StreamName(append.session(), append.stream());
        String obstacle;
        try {
            obstacle = halted.contains(stream) ? "waits for the one before it" : store(append, stream);
        } catch (StoreException failed) {
            halted.add(stream);
            obstacle = String.valueOf(failed.getMessage());
        }
        if (!obstacle.isEmpty()) {
            stays(line, "event " + append.event().sequence() + " of " + stream + ": " + obstacle);
        }
    }

    /** The lines that are to be kept. */
    List<String> left() {
        return left;
    }

    /** What became of the lines, for people. */
    String summary() {
        return stored + " stored, " + (there == 0 ? "" : there + " there already, ") + left.size() + " left";
    }

    /** What stands in the way; empty where the store has the event. */
    private String store(AppendEvent append, StreamName name) {
        Optional<StoredStream> stream = store.stream(append.session(), append.stream());
        if (stream.isEmpty()) {
            return "its stream has ended";
        }
        if (append.event().sequence() <= stream.get().lastSequence()) {
            if (has(append)) {
                there++;
                return "";
            }
            return "its stream has gone on, up to " + stream.get().lastSequence();
        }
        return switch (store.append(List.of(append))) {
            case AppendOutcome.Stored _ -> {
                stored++;
                yield "";
            }
            case AppendOutcome.Busy busy -> {
                halted.add(name);
                yield busy.reason();
            }
            case AppendOutcome.Refused refused -> "refused again: " + refused.reason();
        };
    }

    /** Whether the store has this very event, and not only its number. */
    private boolean has(AppendEvent append) {
        Event wanted = append.event();
        return store.read(append.session(), append.stream(), wanted.sequence() - 1, 1, Long.MAX_VALUE).stream()
                .anyMatch(event -> event.sequence() == wanted.sequence()
                        && event.storedAtMillis() == wanted.storedAtMillis()
                        && event.generation() == wanted.generation()
                        && Arrays.equals(event.message(), wanted.message()));
    }

    private void stays(String line, String why) {
        left.add(line);
        console.print("shadowcat: stays: " + why);
    }

    /** A stream of one session. */
    private record StreamName(SessionId session, int number) {
        @Override
        public String toString() {
            return "stream " + number + " of session " + session.shortened();
        }
    }
}
