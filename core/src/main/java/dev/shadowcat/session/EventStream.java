package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.EventTracker;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.mcp.Span;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * An ordered run of events inside one session: numbers what the upstream sends, has it stored, and only then shows it to the
 * client that is attached. The session's thread only.
 */
public final class EventStream implements Completion, Measured {
    /** The standalone stream's number. */
    public static final int STANDALONE = 0;

    /** No session counts so far: from here on numbers are picked at random. */
    private static final int FIRST_RANDOM = 1 << 30;

    /** What is said of a request that was sent on and whose session has ended. */
    public static final String SESSION_ENDED =
            "The session ended while the request was under way. Whether it was processed is unknown.";

    /** What is said of a request that was sent on and whose session goes on elsewhere, to who cannot come back for the answer. */
    public static final String GOES_ON_ELSEWHERE =
            "This node let the session go while the request was under way. Whether it was processed is unknown.";

    private static final String NO_CURSOR = ""; // as the store has it: the last one means nothing any more
    private static final long LOOK_AGAIN_MILLIS = 1_000;
    private static final int TRIM_SLACK = 10; // trimmed when a tenth above the limit, not event by event

    private final Session session;
    private int number;
    private final long createdAtMillis;
    private final EventTracker tracker;
    private final StreamCalls calls;
    private int generation;
    private Phase phase;
    private long stored; // the newest event that the store has
    private long trimmedThrough;
    private long leaptTo; // the last number skipped for what a power cut may have lost; 0 where none was
    private boolean recordStored;
    private boolean begun; // its client may have come, whether or not the store has its record
    private boolean endStored; // or refused for good
    private boolean kept; // its upstream's connection outlives the store's server
    private boolean endRepeated; // it was refused, as it is where an answer before it was, and no answer since
    private @Nullable String upstreamCursor;
    private @Nullable String storedCursor; // the upstream's as of the events that the store has
    private @Nullable ClientStream client;
    private @Nullable Runnable whenOpened;
    private @Nullable Runnable whenCursorStored;

    /** A fresh stream. */
    EventStream(Session session, int number, List<Call> calls, long nowMillis, long leap) {
        this.session = session;
        this.number = number;
        this.createdAtMillis = nowMillis;
        this.generation = session.generation();
        this.tracker = new EventTracker(leap);
        this.stored = leap;
        this.leaptTo = leap;
        this.calls = StreamCalls.of(calls);
        this.phase = Phase.OPEN;
    }

    /** A stream as the store has it. */
    EventStream(Session session, StoredStream known, long leap) {
        this.session = session;
        this.number = known.record().number();
        this.createdAtMillis = known.record().createdAtMillis();
        this.generation = known.record().generation();
        this.tracker = new EventTracker(known.lastSequence() + leap);
        this.calls = StreamCalls.of(
                known.record().open().stream().map(Call::of).toList(),
                known.record().origin());
        this.phase = known.record().phase();
        this.stored = known.lastSequence() + leap;
        this.leaptTo = leap == 0 ? 0 : stored;
        this.trimmedThrough = known.trimmedThrough();
        this.upstreamCursor = cursorOf(known.upstreamCursor());
        this.storedCursor = upstreamCursor;
        this.recordStored = true;
        this.begun = true;
        this.endStored = phase != Phase.OPEN;
    }

    private static @Nullable String cursorOf(@Nullable String kept) {
        return NO_CURSOR.equals(kept) ? null : kept;
    }

    /** It came from the store, which has it open since it refused its end. */
    void endIsKnownHere() {
        if (!ended()) {
            phase = Phase.FINISHED;
            endStored = true;
        }
    }

    /** Ends a stream that came from the store with nothing left to answer. */
    void endIfAnswered() {
        if (!ended()) {
            finishIfAnswered();
        }
    }

    public Session session() {
        return session;
    }

    public int number() {
        return number;
    }

    public boolean standalone() {
        return number == STANDALONE;
    }

    /** The upstream generation that it belongs to. */
    public int generation() {
        return generation;
    }

    /** The standalone stream goes on with a new upstream session; its upstream cursor means nothing there. */
    public void regenerate() {
        generation = session.generation();
        upstreamCursor = null;
        storedCursor = null;
        session.lane()
                .offer(new StoreWrite.MoveUpstreamCursor(session.id(), number, tracker.newest(), NO_CURSOR), NOBODY);
        putRecord(NOBODY);
    }

    /** The request that began it, where that was recorded. */
    @Override
    public @Nullable SpanIdentity origin() {
        return calls.origin();
    }

    /** The newest sequence that the store has. */
    public long stored() {
        return stored;
    }

    /** The newest sequence given. */
    public long newest() {
        return tracker.newest();
    }

    public long trimmedThrough() {
        return trimmedThrough;
    }

    /** Retention takes what is up to this number: a cursor before it is told of a gap. */
    public void trimmed(long through) {
        trimmedThrough = Math.max(trimmedThrough, through);
    }

    /** Whether a power cut may have lost what came after a client's cursor: it lies among the numbers that were skipped. */
    public boolean lost(long cursor) {
        return cursor > leaptTo - session.leap() && cursor < leaptTo;
    }

    /** The last number skipped for what a power cut may have lost; 0 where none was. */
    public long leaptTo() {
        return leaptTo;
    }

    /** Where the upstream would have to be resumed; null where it gave no id, or has lost the session that it gave it in. */
    public @Nullable String upstreamCursor() {
        return generation == session.generation() ? upstreamCursor : null;
    }

    /** The requests that it still owes an answer. */
    public List<Call> open() {
        return calls.open();
    }

    public boolean ended() {
        return phase != Phase.OPEN;
    }

    /** Whether the store knows that it ended, and how. */
    boolean endStored() {
        return endStored;
    }

    public @Nullable ClientStream client() {
        return client;
    }

    /** Whether it keeps its session in memory: a client reads it, or the store has not all of it yet. */
    boolean busy() {
        return client != null || hasUnstored();
    }

    private boolean hasUnstored() {
        return stored < tracker.newest();
    }

    /**
     * Has the stream's record stored, then calls {@code opened}: from then on a client may hear of it. Where events are sent on
     * unstored it is called while the record still waits; ids may be given only {@link #whenRecordStored}.
     */
    void store(Runnable opened) {
        whenOpened = opened;
        putRecord(this);
    }

    /** Runs a task once the store has the record, and so a client may have an id: now, where it has. After it was opened. */
    public void whenRecordStored(Runnable task) {
        if (recordStored) {
            task.run();
            return;
        }
        begun = true;
        whenOpened = task;
    }

    /** Runs once when the first upstream cursor of this stream is stored. */
    public void whenCursorStored(Runnable task) {
        whenCursorStored = task;
    }

    private void putRecord(Completion completion) {
        session.lane().offer(new StoreWrite.PutStream(session.id(), record(open(), phase)), completion);
    }

    private StreamRecord record(List<Call> owed, Phase now) {
        List<StreamRecord.OpenRequest> requests =
                owed.stream().map(Call::record).toList();
        return new StreamRecord(number, createdAtMillis, generation, requests, now, Owner.ONLY, calls.origin());
    }

    /**
     * Its session is about to be taken anew, on another server of the store: the connection that its answer comes on is kept until then.
     *
     * @return whether it may be: not where its client may have heard of it without an id to come back with
     */
    public boolean keep() {
        kept = !ended() && (recordStored || !begun);
        return kept;
    }

    /**
     * Under which number it is put anew where the store may never have known it, and so no client does: another node may have given its own
     * one to another call meanwhile, and gives none of these.
     *
     * @return the number that it had
     */
    int renumber() {
        int had = number;
        if (!recordStored && !standalone()) {
            number = FIRST_RANDOM | ThreadLocalRandom.current().nextInt(FIRST_RANDOM);
        }
        return had;
    }

    /**
     * How far it has come, for a store that has lost it; null where no client knows anything of it and nothing has come that anybody could
     * go on with, or none waits for anything.
     *
     * @param had the number that the store may know it by
     */
    Remains.@Nullable Head head(int had) {
        boolean has = storedCursor != null || kept || (!begun && hasUnstored());
        if (endStored || phase == Phase.CANCELLED || !(recordStored || has)) {
            return null;
        }
        List<Call> owed = hasUnstored() ? calls.owedAfter(0) : open();
        return new Remains.Head(had, record(owed, Phase.OPEN), stored, storedCursor);
    }

    /** The upstream was resumed: what it repeats is dropped, as far as anyone remembers it. */
    public void upstreamResumed(NewestEvents newest) {
        calls.upstreamResumed();
        tracker.expectRepeats(newest.repeats(generation));
    }

    /**
     * Takes an event of the upstream.
     *
     * @param ownId the id in the event itself; null where it has none
     * @param message its data; kept, and not changed by anyone from here on
     */
    public Received receive(@Nullable String ownId, byte[] message) {
        if (ended()) {
            return stray();
        }
        if (message.length == 0) { // an id without an event: whether it is a repeat, nobody knows
            return tracker.knows(ownId) ? repeated() : moveCursor(ownId);
        }
        return switch (tracker.compare(ownId)) {
            case YES -> repeated();
            case YES_AND_SOME_BEFORE -> {
                session.repeatNotices().forEach(this::notice);
                yield repeated();
            }
            case PERHAPS -> Received.UNCERTAIN;
            case NO ->
                switch (MessageReader.read(message)) {
                    case Message.Single single -> take(ownId, message, single.envelope());
                    case Message.Batch batch -> takeBatch(ownId, message, batch);
                    case Message.Malformed malformed -> Received.MALFORMED;
                };
        };
    }

    private Received repeated() {
        session.observer().repeatDropped();
        return Received.REPEATED;
    }

    /**
     * Takes what came before its session was taken anew, and gives it new numbers. Only of a stream that no other node could have gone
     * on with: what the store has of it then is what this node wrote, under the numbers that this node gave. So what it has already is
     * passed over, and nothing is taken behind what it lacks.
     *
     * @param came in order; before anything else is recorded
     */
    void receiveAgain(List<Event> came) {
        if (standalone() || ended() || upstreamCursor != null) {
            return;
        }
        long next = stored - session.leap() + 1;
        for (Event event : came) {
            if (event.sequence() < next) {
                continue;
            }
            if (event.sequence() > next || event.gap()) {
                return;
            }
            next++;
            if (event.answer()) {
                closeShown(event.message());
            }
            record(event.upstreamId(), event.message(), event.answer());
        }
        finishIfAnswered();
    }

    /** An answer with the ids that the client knows. */
    private void closeShown(byte[] answer) {
        for (RequestId request : MessageReader.read(answer).answered().toList()) {
            open().stream()
                    .filter(call -> call.clientId().equals(request))
                    .findFirst()
                    .ifPresent(this::closeAnswered);
        }
    }

    /** Looks in the store for an event that was {@link Received#UNCERTAIN}; {@code then} runs when it can be received again. */
    public void lookUp(String ownId, Runnable then) {
        RepeatFilter known = tracker.expected();
        if (known == null) {
            session.loop().execute(then);
            return;
        }
        RepeatSearch search = new RepeatSearch(session.store(), session.id(), number, generation, upstreamCursor);
        long newest = tracker.newest();
        session.reader()
                .read(
                        session.loop(),
                        () -> Optional.ofNullable(search.around(ownId, known.through(), newest)),
                        found -> {
                            tracker.expect(known, found.orElse(null));
                            then.run();
                        },
                        unreadable -> session.loop().after(LOOK_AGAIN_MILLIS, () -> lookUp(ownId, then)));
    }

    private Received moveCursor(@Nullable String ownId) {
        if (ownId == null) {
            return Received.STRAY;
        }
        upstreamCursor = ownId;
        if (tracker.newest() == 0) {
            storedCursor = ownId; // there is no event before it that the store could lack
        }
        session.lane().offer(new StoreWrite.MoveUpstreamCursor(session.id(), number, tracker.newest(), ownId), this);
        return Received.CURSOR_MOVED;
    }

    private Received take(@Nullable String ownId, byte[] message, Envelope envelope) {
        byte[] shown = calls.excludes(envelope) ? null : shown(message, 0, message.length, envelope);
        if (shown == null) {
            return stray();
        }
        record(ownId, shown, envelope.isAnswer());
        finishIfAnswered();
        return Received.RECORDED;
    }

    /** Takes what belongs here; an answer to a request that is not open on this stream is left out, as it is alone. */
    private Received takeBatch(@Nullable String ownId, byte[] message, Message.Batch batch) {
        List<byte[]> kept = new ArrayList<>();
        boolean answers = false;
        for (Message.Element element : batch.namelessLast()) {
            Span span = element.span();
            byte[] shown = shown(message, span.start(), span.end(), element.envelope());
            if (shown == null) {
                stray();
                continue;
            }
            answers |= element.envelope().isAnswer();
            kept.add(shown);
        }
        if (kept.isEmpty()) {
            return Received.STRAY;
        }
        record(ownId, MessageEditor.batch(kept), answers);
        finishIfAnswered();
        return Received.RECORDED;
    }

    /** A message with the id that the client knows; null where it answers nothing that is open here. */
    private byte @Nullable [] shown(byte[] array, int start, int end, Envelope envelope) {
        if (!envelope.isAnswer()) {
            return withId(array, start, end, envelope, shownId(envelope));
        }
        Call call = calls.answeredBy(envelope);
        if (call == null) {
            return null;
        }
        closeAnswered(call);
        call.answered(envelope);
        return withId(array, start, end, envelope, call.clientId());
    }

    /** The id that a message without a call of this stream has for the client; null where it has none. */
    private @Nullable RequestId shownId(Envelope envelope) {
        RequestId id = envelope.id();
        return id != null && envelope.isRequest() ? session.serverRequests().shown(id, generation) : id;
    }

    private static byte[] withId(byte[] array, int start, int end, Envelope envelope, @Nullable RequestId id) {
        if (id != null) {
            return MessageEditor.withId(array, start, end, envelope, id);
        }
        return start == 0 && end == array.length ? array : Arrays.copyOfRange(array, start, end);
    }

    private void closeAnswered(Call call) {
        calls.answered(call, tracker.newest() + 1); // it is recorded next
        session.closed(call);
    }

    private void close(Call call) {
        calls.close(call);
        session.closed(call);
    }

    private Received stray() {
        session.observer().strayDropped();
        return Received.STRAY;
    }

    private void finishIfAnswered() {
        if (open().isEmpty() && !standalone()) {
            end(Phase.FINISHED);
        }
    }

    private void end(Phase how) {
        phase = how;
        putRecord(this);
    }

    /** Records a message of Shadowcat's own. */
    public void notice(byte[] message) {
        if (!ended()) {
            record(null, message, false);
        }
    }

    /** Answers every request that is still open with an error, which ends the stream. */
    public void fail(int code, String reason, Map<String, ?> data) {
        if (ended()) {
            return;
        }
        for (Call call : List.copyOf(open())) {
            closeAnswered(call);
            call.operation().failed(code, reason);
            record(null, Messages.error(call.clientId(), code, reason, data), true);
        }
        finishIfAnswered();
    }

    /** The session ends, and nothing of it stays in the store: who is connected gets an answer to each request that has none. */
    void tellSessionEnded() {
        if (client != null) {
            tellUnknown(client, SESSION_ENDED);
        }
    }

    /**
     * The session goes on elsewhere: who is connected gets an id to come back with, and where it takes none, an answer to each
     * request that has none.
     */
    public void sendAway() {
        ClientStream sent = client;
        if (sent == null) {
            return;
        }
        if (recordStored) {
            sent.sink().priming(number, 0);
        }
        if (!sent.sink().resumable()) {
            tellUnknown(sent, GOES_ON_ELSEWHERE).forEach(_ -> session.observer().outcomeUnknown());
        }
    }

    /** Whether who is connected waits for an answer, and has no id to come back for it with. */
    public boolean owesWhoHasNoId() {
        ClientStream waiting = client;
        return waiting != null
                && !waiting.sink().resumable()
                && !calls.owedAfter(waiting.shown()).isEmpty();
    }

    /** Answers without ids, since they are stored nowhere, those calls of which the client has no answer; says which. */
    private List<Call> tellUnknown(ClientStream told, String reason) {
        List<Call> owed = calls.owedAfter(told.shown());
        for (Call call : owed) {
            told.sink()
                    .notice(Messages.error(
                            call.clientId(), McpErrors.SERVER_ERROR, reason, Map.of("outcome", "unknown")));
        }
        return owed;
    }

    /** The client took a request back: it gets no answer. */
    public void cancel(Call call) {
        close(call);
        call.operation().cancelled();
        if (open().isEmpty() && !ended()) {
            end(Phase.CANCELLED);
            pump();
            return;
        }
        putRecord(NOBODY);
    }

    /** No client hears of it: what its requests get, they get elsewhere. */
    public void withdraw() {
        List.copyOf(open()).forEach(this::close);
        if (!ended()) {
            end(Phase.CANCELLED);
        }
    }

    private void record(@Nullable String ownId, byte[] message, boolean answer) {
        record(ownId, message, answer, this);
    }

    private void record(@Nullable String ownId, byte[] message, boolean answer, Completion completion) {
        if (session.isLost()) {
            return; // what is said of it from here on is for whoever has it
        }
        if (ownId != null) {
            upstreamCursor = ownId;
        }
        Event event = tracker.record(session.clock().millis(), generation, answer, upstreamCursor, message);
        session.lane().offer(new StoreWrite.AppendEvent(session.id(), number, event), completion);
        session.observer().eventReceived();
        trimIfLong();
    }

    private void trimIfLong() {
        long limit = session.retention().eventsPerStream();
        long from = Math.max(trimmedThrough, leaptTo); // numbers that were skipped are no events
        if (tracker.newest() - from > limit + limit / TRIM_SLACK + 1) {
            trimmedThrough = tracker.newest() - limit;
            session.lane().offer(new StoreWrite.TrimStream(session.id(), number, trimmedThrough), NOBODY);
        }
    }

    @Override
    public void stored(StoreWrite write) {
        switch (write) {
            case StoreWrite.AppendEvent append -> {
                session.told(number, append.event());
                stored = append.event().sequence();
                storedCursor = append.event().upstreamId();
                session.kept(append.event());
                if (client != null) {
                    client.stored(append.event());
                }
                if (stored == tracker.newest() && !isBehind()) {
                    calls.settled();
                }
                cursorStored(append.event().upstreamId() != null);
            }
            case StoreWrite.MoveUpstreamCursor moved -> {
                storedCursor = cursorOf(moved.cursor());
                cursorStored(true);
            }
            case StoreWrite.PutStream put
            when put.record().phase() != Phase.OPEN -> {
                endStored = true;
                session.leaveMemory(this);
            }
            default -> opened();
        }
    }

    /**
     * The store fails for long: the stream begins without it, and a client that has everything before an event is shown it. Not
     * where a kill would have the upstream session's generation given to another one: answers to the server would cross.
     */
    @Override
    public boolean unstored(StoreWrite write) {
        return switch (write) {
            case StoreWrite.AppendEvent append ->
                client != null
                        && session.knownAfterAKill(append.event().generation())
                        && client.unstored(append.event());
            case StoreWrite.PutStream put -> {
                if (!begun && session.knownAfterAKill(put.record().generation())) {
                    begin();
                }
                yield false;
            }
            default -> false;
        };
    }

    @Override
    public void unstoredGap(StoreWrite.AppendEvent gap, long after) {
        if (client != null) {
            client.unstoredGap(gap.event(), after);
        }
    }

    /** Whether who is attached has not been shown all that is stored. */
    private boolean isBehind() {
        return client != null && client.shown() < stored;
    }

    private void opened() {
        recordStored = true;
        begin();
    }

    private void begin() {
        begun = true;
        Runnable task = whenOpened;
        whenOpened = null;
        if (task != null) {
            task.run();
        }
    }

    private void cursorStored(boolean given) {
        Runnable task = whenCursorStored;
        if (given && task != null) {
            whenCursorStored = null;
            task.run();
        }
    }

    /** The store will never have it: the stream goes on with a hole, and no request stays without its answer. */
    @Override
    public void refused(StoreWrite write, String reason) {
        if (write instanceof StoreWrite.AppendEvent append) {
            session.told(number, append.event());
            if (passOver(append.event())) {
                replace(append.event().message(), reason);
            }
        }
        if (write instanceof StoreWrite.PutStream && !recordStored) {
            begin(); // whoever waits for it must not wait for ever, the session's end included, and gets no id of it
            fail(McpErrors.INTERNAL_ERROR, "Shadowcat could not store the stream: " + reason, Map.of());
        }
        if (write instanceof StoreWrite.PutStream put
                && put.record().phase() != Phase.OPEN
                && ended()
                && !session.deleted()) {
            endRefused();
        }
        pump();
    }

    /** It is told once more; a store that takes no end at all has the stream open, and the next start ends it again. */
    private void endRefused() {
        if (endRepeated) {
            endStored = true;
            session.leaveMemory(this);
            return;
        }
        endRepeated = true;
        putRecord(this);
    }

    /** Whether it was an answer that nobody was shown. */
    private boolean passOver(Event refused) {
        stored = Math.max(stored, refused.sequence());
        if (!refused.answer()) {
            return false;
        }
        endRepeated = false;
        return !session.deleted() && (client == null || !client.hasSeenUnstored(refused.sequence()));
    }

    /** An error takes the place of an answer. The end of the stream was refused with that, and so comes after the error. */
    private void replace(byte[] message, String reason) {
        for (RequestId request : MessageReader.read(message).answered().toList()) {
            byte[] error = Messages.error(
                    request, McpErrors.INTERNAL_ERROR, "Shadowcat could not store the answer: " + reason, Map.of());
            record(null, error, true, new Replacement());
        }
    }

    /** Waits for an error in the place of an answer: where the store refuses that too, it is told without being stored. */
    private final class Replacement implements Completion {
        @Override
        public void stored(StoreWrite write) {
            EventStream.this.stored(write);
        }

        @Override
        public boolean unstored(StoreWrite write) {
            return EventStream.this.unstored(write);
        }

        @Override
        public @Nullable SpanIdentity origin() {
            return calls.origin();
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            Event error = ((StoreWrite.AppendEvent) write).event();
            if (passOver(error) && client != null) {
                client.sink().notice(error.message());
            }
            pump();
        }
    }

    /**
     * A client's connection takes the stream over; the one before it, if any, ends. Events after its cursor follow from the
     * store, then live.
     */
    public void attach(ClientStream next) {
        ClientStream before = client;
        client = next;
        if (before != null) {
            before.close();
            before.sink().finish();
        }
        session.attached(this);
        next.pump();
    }

    /** A client's connection is gone. The upstream's stays. */
    public void detach(ClientStream gone) {
        gone.close();
        if (client == gone) {
            client = null;
            session.touch(); // until now it was in use
            session.leaveMemory(this);
        }
    }

    private void pump() {
        if (client != null) {
            client.pump();
        }
    }

    /** An event was written to a client. */
    void written(long sequence) {
        if (standalone()) {
            session.standaloneWritten(sequence);
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint
                .add(this)
                .measured(tracker)
                .measured(calls)
                .text(upstreamCursor)
                .measured(client);
    }

    /** Whether the store knows of the stream, so that a client may. */
    public boolean recordStored() {
        return recordStored;
    }
}
