package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Another try with dead letters, one after the other, against a store that nobody else has. It may be the try after one that
 * was killed: an event that is in the store already counts as done.
 */
final class Resubmission {
    private static final int PAGE = 256;
    private static final long PAGE_BYTES = 1 << 20;

    private final EventStore store;
    private final Console console;
    private final List<String> left = new ArrayList<>();

    /** Where an event could not be stored now: one after it would take its number's place for good. */
    private final Set<StreamName> halted = new HashSet<>();

    /** The requests that have their answer in the store, of streams that an answer is sent again to. */
    private final Map<StreamName, Set<RequestId>> answered = new HashMap<>();

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
        if (append.event().answer() && stream.get().record().phase() != Phase.OPEN) {
            return "its stream has ended, and its request may have had another answer";
        }
        if (append.event().answer() && answers(append.event()).anyMatch(answeredIn(name)::contains)) {
            return "its request has another answer";
        }
        return switch (store.append(List.of(append))) {
            case AppendOutcome.Stored _ -> {
                stored++;
                if (append.event().answer()) {
                    answers(append.event()).forEach(answeredIn(name)::add);
                }
                yield "";
            }
            case AppendOutcome.Busy busy -> {
                halted.add(name);
                yield busy.reason();
            }
            case AppendOutcome.Refused refused -> "refused again: " + refused.reason();
            case AppendOutcome.Lost _ -> "another node holds its session";
        };
    }

    private static Stream<RequestId> answers(Event answer) {
        return MessageReader.read(answer.message()).answered();
    }

    private Set<RequestId> answeredIn(StreamName name) {
        return answered.computeIfAbsent(name, this::readAnswered);
    }

    private Set<RequestId> readAnswered(StreamName name) {
        Set<RequestId> ids = new HashSet<>();
        long after = 0;
        List<Event> page = page(name, after);
        while (!page.isEmpty()) {
            page.stream().filter(Event::answer).flatMap(Resubmission::answers).forEach(ids::add);
            after = page.getLast().sequence();
            page = page(name, after);
        }
        return ids;
    }

    private List<Event> page(StreamName name, long after) {
        return store.read(name.session(), name.number(), after, PAGE, PAGE_BYTES);
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
