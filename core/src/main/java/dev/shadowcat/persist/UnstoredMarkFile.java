package dev.shadowcat.persist;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks in a file, a line each, while an outage lasts. Where it is there at the start, the gateway was killed in one, and each of
 * its streams gets a gap. Bounded, and beside the store: what a full disk or the bound keeps out of it is tried again while the
 * outage lasts, and logged once.
 */
public final class UnstoredMarkFile implements UnstoredMarks {
    private static final Logger log = LoggerFactory.getLogger(UnstoredMarkFile.class);
    private static final int MOST = 50_000; // lines of 24 to 30 bytes
    private static final int STANDALONE = 0;

    private final Path file;
    private final Set<StreamKey> marked = new HashSet<>(); // worker only, like what follows
    private boolean written; // or tried to, since it was last cleared
    private boolean failed;

    public UnstoredMarkFile(Path file) {
        this.file = file;
    }

    @Override
    public void begin(SessionId session, int stream) {
        StreamKey key = new StreamKey(session, stream);
        if (marked.contains(key)) {
            return;
        }
        if (marked.size() >= MOST) {
            failed(MOST + " streams are marked already");
            return;
        }
        written = true;
        try {
            Files.writeString(
                    file,
                    "\n" + stream + " " + session, // cut off, it names none and is parted from the next
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            marked.add(key);
        } catch (IOException cannotMark) {
            failed(cannotMark.toString());
        }
    }

    private void failed(String reason) {
        if (!failed) {
            failed = true;
            log.error("Cannot mark in {} what is sent on unstored, so a kill now would leave no gap: {}", file, reason);
        }
    }

    @Override
    public void clear() {
        failed = false;
        marked.clear();
        if (written) {
            written = false;
            delete();
        }
    }

    private void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException kept) {
            log.warn(
                    "{} cannot be deleted; the next start takes it for a kill in an outage: {}", file, kept.toString());
        }
    }

    /**
     * Puts a gap at the end of each stream that is marked from before: what was sent on of it, nobody has any more. Before the
     * worker begins. Where the store takes nothing yet, the marks stay for the next start.
     */
    public void recover(EventStore store, long nowMillis) {
        if (!Files.exists(file)) {
            return;
        }
        List<StoreWrite> gaps = new ArrayList<>();
        try {
            if (store instanceof SharedStore shared) {
                shared.renew(); // without a lease nothing can be claimed, nor kept
            }
            for (String line : new LinkedHashSet<>(Files.readAllLines(file))) {
                gaps.addAll(gap(store, line, nowMillis));
            }
            AppendOutcome outcome = store.append(gaps);
            if (!(outcome instanceof AppendOutcome.Stored)) {
                throw new IOException(outcome.toString());
            }
            long streams = gaps.stream().filter(AppendEvent.class::isInstance).count();
            log.warn("The last run was killed while it sent events on unstored: {} streams have a gap", streams);
            delete();
        } catch (IOException | RuntimeException unread) {
            log.error("The gaps of {} cannot be stored: {}", file, unread.toString());
        }
    }

    /** None where nothing follows on the stream, or nobody can come back to it; a line that was cut off names none either. */
    private static List<StoreWrite> gap(EventStore store, String line, long nowMillis) {
        int space = line.indexOf(' ');
        Optional<SessionId> session = SessionId.parse(line.substring(space + 1));
        if (session.isEmpty() || space < 0 || !line.substring(0, space).matches("\\d{1,9}")) {
            return List.of();
        }
        if (store instanceof SharedStore shared && !(shared.claim(session.get()) instanceof SharedStore.Claim.Held)) {
            return List.of(); // another node has gone on with it, and a client of it there has seen what came since
        }
        int number = Integer.parseInt(line.substring(0, space));
        Optional<StoredStream> known = store.stream(session.get(), number);
        if (known.isPresent()) {
            StreamRecord record = known.get().record();
            return record.phase() == Phase.OPEN
                    ? List.of(gap(session.get(), record, known.get().lastSequence() + 1, nowMillis))
                    : List.of();
        }
        return store.session(session.get())
                .filter(_ -> number == STANDALONE) // of any other, which began in the outage, no client was given an id
                .map(owner -> begun(session.get(), owner.state().generation(), nowMillis))
                .orElse(List.of());
    }

    private static AppendEvent gap(SessionId session, StreamRecord stream, long sequence, long nowMillis) {
        return new AppendEvent(session, stream.number(), Event.gapOfUnknown(sequence, nowMillis, stream.generation()));
    }

    private static List<StoreWrite> begun(SessionId session, int generation, long nowMillis) {
        StreamRecord record = new StreamRecord(STANDALONE, nowMillis, generation, List.of(), Phase.OPEN, Owner.ONLY);
        return List.of(new StoreWrite.PutStream(session, record), gap(session, record, 1, nowMillis));
    }
}
