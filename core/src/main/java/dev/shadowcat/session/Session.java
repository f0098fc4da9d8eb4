package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Interner;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client's session while it is in memory: its streams, its open requests, and its way to the store. Its state belongs to
 * one loop; only what says otherwise may be called from elsewhere.
 */
public class Session implements Lane.Listener, Measured {
    /** Numbers skipped after a power cut: more than can have been lost within the sync interval. */
    static final long LEAP = 1L << 20;

    /** The same for the numbers of streams. */
    static final int STREAM_LEAP = 1 << 12;

    private static final int STREAM_BLOCK = 256;
    private static final long TOUCH_MILLIS = 1_000;
    private static final String FRESH_ID = "shadowcat-r";

    private final SessionServices services;
    private final SessionLoop loop;
    private final int heldIn; // the store's boot epoch: it may be another store since
    private final SessionId id;
    private final String upstream;
    private final String protocolVersion;
    private final List<String> capabilities;
    private final long createdAtMillis;
    private final byte @Nullable [] initializeRequest; // null where no other store can take the place of this one
    private final Lane lane;
    // Streams with an upstream, a client, or open requests. Most sessions in memory have the standalone one, or none.
    private @Nullable EventStream standalone;
    private @Nullable Map<Integer, EventStream> others; // null while there are none
    private List<Call> calls = List.of(); // open ones, oldest first
    private SessionState state;
    private int storedGeneration; // the newest that a restart would know
    private @Nullable ServerRequests serverRequests;
    private @Nullable List<Runnable> waitingForRoom;
    private int nextStream;
    private int freshIds;
    private long lastActiveMillis;
    private long touchedMillis;
    private long standaloneCursor;
    private boolean cursorSkipped; // of the updates with the standalone cursor: the store may have no newer one
    private @Nullable StoredBytes storedBytes; // null while the store has only answers of it: most sessions are idle
    private boolean deleted;
    private boolean lost;
    private List<Late> late = List.of(); // in any order, until it is taken anew
    private @Nullable SessionManager<?> manager; // hears when the session may have become idle

    // Guarded by the residents.
    @Nullable
    Session older; // of the idle ones

    @Nullable
    Session newer; // likewise

    int holds;
    boolean idle;
    boolean gone; // from memory

    /** An event that was on its way to the store when another took its place, which may have it or not. */
    private record Late(int stream, Event event) {}

    @SuppressWarnings("this-escape") // streams keep their session; none calls it before it is whole
    protected Session(SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams) {
        this.services = services;
        this.loop = loop;
        SessionRecord record = known.record();
        this.heldIn = services.store().bootEpoch();
        this.id = record.id();
        // Servers are few and sessions many.
        this.upstream = services.texts().share(record.upstream());
        this.protocolVersion = services.texts().share(record.protocolVersion());
        this.capabilities = services.texts().share(record.capabilities());
        this.createdAtMillis = record.createdAtMillis();
        this.initializeRequest =
                services.store() instanceof SharedStore ? services.texts().share(record.initializeRequest()) : null;
        this.state = known.state().shared(services.texts());
        this.storedGeneration = state.generation();
        this.lastActiveMillis = known.activity().lastActiveMillis();
        this.standaloneCursor = known.activity().standaloneCursor();
        this.lane = services.worker().lane(loop, this);
        long leap = leap();
        this.nextStream = Math.max(1, state.streamLimit()) + STREAM_LEAP * powerCuts();
        long kept = 0;
        for (StoredStream stream : streams) {
            kept += stream.trimmableBytes();
            if (stream.record().phase() == dev.shadowcat.store.StreamRecord.Phase.OPEN) {
                EventStream open = new EventStream(this, stream, leap);
                attached(open);
                open.endIfAnswered();
            }
        }
        this.storedBytes = kept == 0 ? null : new StoredBytes(this, kept);
    }

    /**
     * Numbers to skip in a session from before a power cut, so many for each. They are skipped anew each time that the session
     * comes to memory: a stream may not have written anything since the last time, and then the store knows of no leap.
     */
    final long leap() {
        return LEAP * powerCuts();
    }

    /** Whether numbers were skipped in this session, since the store may have lost some. */
    public final boolean hasSkipped() {
        return powerCuts() > 0;
    }

    private int powerCuts() {
        return services.store().bootEpoch() - state.bootEpoch();
    }

    public final SessionId id() {
        return id;
    }

    /** The name of its upstream. */
    public final String upstream() {
        return upstream;
    }

    /** Wall-clock time, milliseconds since the epoch. */
    public final long createdAtMillis() {
        return createdAtMillis;
    }

    public final String protocolVersion() {
        return protocolVersion;
    }

    /** What the upstream declared; see {@link SessionRecord#capabilities}. */
    public final List<String> capabilities() {
        return capabilities;
    }

    public final SessionLoop loop() {
        return loop;
    }

    public final SessionState state() {
        return state;
    }

    public final int generation() {
        return state.generation();
    }

    public final Lane lane() {
        return lane;
    }

    /** Changes the state and has it stored. */
    public final void change(UnaryOperator<SessionState> change, Completion completion) {
        state = change.apply(state).shared(services.texts());
        boolean regenerates = state.generation() != storedGeneration;
        lane.offer(new StoreWrite.PutSessionState(id, state), regenerates ? new Regeneration(completion) : completion);
    }

    /** Hears first that the store knows a generation. */
    private final class Regeneration implements Completion {
        private final Completion then;

        Regeneration(Completion then) {
            this.then = then;
        }

        @Override
        public void stored(StoreWrite write) {
            storedGeneration = ((StoreWrite.PutSessionState) write).state().generation();
            then.stored(write);
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            then.refused(write, reason);
        }
    }

    /** Whether a generation could not be given again, to another upstream session, after a kill. */
    final boolean knownAfterAKill(int generation) {
        return generation <= storedGeneration;
    }

    final EventStore store() {
        return services.store();
    }

    final StoreReader reader() {
        return services.reader();
    }

    final Clock clock() {
        return services.clock();
    }

    final Observer observer() {
        return services.observer();
    }

    final int tailBytes() {
        return services.tailBytes();
    }

    final RetentionLimits retention() {
        return services.retention();
    }

    public final ServerRequests serverRequests() {
        if (serverRequests == null) {
            serverRequests = new ServerRequests();
        }
        return serverRequests;
    }

    /** Open requests of the client. */
    public final int pending() {
        return calls.size();
    }

    /** The streams that are in memory: open ones, and ended ones that a client still reads. */
    public final Collection<EventStream> streams() {
        List<EventStream> all = new ArrayList<>();
        if (standalone != null) {
            all.add(standalone);
        }
        if (others != null) {
            all.addAll(others.values());
        }
        return all;
    }

    public final @Nullable EventStream stream(int number) {
        if (number == EventStream.STANDALONE) {
            return standalone;
        }
        return others == null ? null : others.get(number);
    }

    /** The newest standalone event that was written to any connection. */
    public final long standaloneCursor() {
        return standaloneCursor;
    }

    /** Takes a client's request in: with the client's own id, unless that one is still open, or the upstream might round it. */
    public final Call begin(RequestId clientId, String method, @Nullable String progressToken, Operation operation) {
        boolean replaced = isTaken(clientId) || !clientId.survivesDoubles();
        RequestId upstreamId = replaced ? RequestId.ofText(FRESH_ID + freshId()) : clientId;
        Call call = new Call(clientId, upstreamId, services.texts().share(method), progressToken, operation);
        add(call);
        return call;
    }

    private boolean isTaken(RequestId id) {
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).upstreamId().equals(id)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Counts the requests of a stream that came from the store among the open ones. Until then they keep nothing in memory: perhaps
     * nobody comes back for them.
     */
    protected final void takeUp(EventStream stream) {
        stream.open().forEach(this::add);
    }

    private void add(Call call) {
        if (calls.isEmpty()) {
            calls = new ArrayList<>(2);
        }
        calls.add(call);
    }

    private String freshId() {
        return generation() + "-" + Long.toString(clock().millis(), 36) + "-" + Integer.toString(freshIds++, 36);
    }

    /** A request got its answer, or never will. */
    public final void closed(Call call) {
        if (!calls.isEmpty() && calls.remove(call) && calls.isEmpty()) {
            calls = List.of();
        }
    }

    /** The newest open request that the client knows by this id; what {@code notifications/cancelled} means. */
    public final @Nullable Call openCall(RequestId clientId) {
        for (int i = calls.size() - 1; i >= 0; i--) {
            if (calls.get(i).clientId().equals(clientId)) {
                return calls.get(i);
            }
        }
        return null;
    }

    /** The gateway stops: nobody here will see how the open requests end. */
    public final void interrupted() {
        calls.forEach(call -> call.operation().interrupted());
    }

    /** Opens a stream for requests; {@code opened} runs when the store has its record. */
    public final EventStream openStream(List<Call> requests, Runnable opened) {
        int number = nextStream++;
        if (number >= state.streamLimit()) {
            change(now -> now.withStreamLimit(number + STREAM_BLOCK), Completion.NOBODY);
        }
        EventStream stream = new EventStream(this, number, requests, clock().millis(), 0);
        attached(stream);
        stream.store(opened);
        return stream;
    }

    /** The standalone stream, which begins when it is first asked for. */
    public final EventStream standalone() {
        EventStream known = standalone;
        if (known != null) {
            if (known.generation() != generation()) {
                known.regenerate(); // a kill came between the new upstream session and what it means for the stream
            }
            return known;
        }
        EventStream stream = new EventStream(this, EventStream.STANDALONE, List.of(), clock().millis(), leap());
        attached(stream);
        stream.store(() -> {});
        return stream;
    }

    /** Brings a stream that ended back to memory, for a client to read; one that has not ended never leaves it. */
    public final EventStream recall(StoredStream known) {
        EventStream present = stream(known.record().number());
        if (present != null) {
            return present;
        }
        EventStream recalled = new EventStream(this, known, 0);
        recalled.endIsKnownHere();
        attached(recalled);
        return recalled;
    }

    final void attached(EventStream stream) {
        if (stream.standalone()) {
            standalone = stream;
            return;
        }
        if (others == null) {
            others = new HashMap<>(4);
        }
        others.put(stream.number(), stream);
    }

    /** A stream that ended is needed until the store knows of its end and its client has gone. */
    public final void leaveMemory(EventStream stream) {
        if (stream.endStored() && stream.client() == null) {
            remove(stream);
        }
    }

    private void remove(EventStream stream) {
        if (standalone == stream) {
            standalone = null;
        } else if (others != null && others.remove(stream.number(), stream) && others.isEmpty()) {
            others = null;
        }
    }

    /** A client used the session. */
    public final void touch() {
        lastActiveMillis = clock().millis();
        if (lastActiveMillis - touchedMillis >= TOUCH_MILLIS || lastActiveMillis < touchedMillis) {
            offerActivity();
        }
    }

    /** A client reads a stream, which is use as well: noted a few times in an idle period, in case the gateway is killed. */
    public final void attended() {
        if (clock().millis() - lastActiveMillis >= retention().sessionIdle().toMillis() / 4) {
            touch();
        }
    }

    final void standaloneWritten(long sequence) {
        if (sequence > standaloneCursor) {
            standaloneCursor = sequence;
            if (!offerActivity() && !cursorSkipped) {
                cursorSkipped = true;
                loop.after(TOUCH_MILLIS, this::offerCursor);
            }
        }
    }

    /** Without its cursor noted somewhere the session does not leave memory. */
    private void offerCursor() {
        if (!offerActivity()) {
            loop.after(TOUCH_MILLIS, this::offerCursor);
            return;
        }
        cursorSkipped = false;
        settled();
    }

    /** Whether it was noted, or is of no interest any more. */
    private boolean offerActivity() {
        touchedMillis = lastActiveMillis;
        return deleted || services.worker().touch(id, new SessionActivity(lastActiveMillis, standaloneCursor));
    }

    /** Whether there is no room for what this session produces, in the queue or in the store: its upstreams must not be read. */
    public final boolean blocked() {
        return lane.blocked() || (storedBytes != null && storedBytes.exceeded());
    }

    /** Runs once when there is room again. */
    public final void whenRoom(Runnable task) {
        if (waitingForRoom == null) {
            waitingForRoom = new ArrayList<>(2);
        }
        waitingForRoom.add(task);
    }

    @Override
    public final void roomAgain() {
        List<Runnable> tasks = waitingForRoom;
        waitingForRoom = null;
        if (tasks != null) {
            tasks.forEach(Runnable::run);
        }
    }

    /** The store has one more event. */
    final void kept(Event event) {
        if (event.answer()) {
            return;
        }
        if (storedBytes == null) {
            storedBytes = new StoredBytes(this, 0);
        }
        storedBytes.kept(event);
    }

    /**
     * The upstream forgot its session and gave a new one: what the old one asked the client is void, and lists may have
     * changed.
     */
    public final void regenerated() {
        EventStream told = standalone;
        List<RequestId> abandoned = serverRequests == null ? List.of() : serverRequests.abandon(generation());
        if (told == null) {
            return;
        }
        told.regenerate();
        for (RequestId request : abandoned) {
            told.notice(Messages.cancelled(request, "The server lost its session."));
        }
        Messages.listsChanged(capabilities).forEach(told::notice);
    }

    public final boolean declares(String capability) {
        return capabilities.contains(capability);
    }

    /** What a client is told where events of a stream are gone: as much as the upstream's declared capabilities allow. */
    public final List<byte[]> gapNotices(boolean standalone) {
        List<byte[]> notices = new ArrayList<>();
        if (declares("logging")) {
            notices.add(Messages.log("warning", "shadowcat", "Some events of this stream are no longer kept."));
        }
        if (standalone) {
            notices.addAll(Messages.listsChanged(capabilities));
        }
        return notices;
    }

    /** What a client is told where a resumed upstream may have repeated events of which nobody remembers that they came before. */
    public final List<byte[]> repeatNotices() {
        return declares("logging")
                ? List.of(Messages.log("warning", "shadowcat", "Some events of this stream may have come twice."))
                : List.of();
    }

    /** Whether it is over: for good, or {@link #isLost} to another node. */
    public final boolean deleted() {
        return deleted;
    }

    /** Whether another node holds it now: it goes on, but not here. */
    public final boolean isLost() {
        return lost;
    }

    /**
     * Ends the session for good: waiting writes are discarded, open requests are answered to who is connected,
     * clients' connections end, then the store forgets it.
     */
    public final void delete(Completion completion) {
        deleted = true;
        services.worker().forget(id);
        lane.close(new StoreWrite.DeleteSession(id), completion);
        calls.forEach(call -> call.operation().abandoned());
        streams().forEach(EventStream::tellSessionEnded);
        letGo();
    }

    /**
     * This node does not hold the session any more: it leaves memory without a word to the store. Another node has it, to which
     * its clients come back; or another store took this one's place, and then this node takes it anew.
     */
    @Override
    public final void lost() {
        if (deleted) {
            return;
        }
        Remains remains = remains();
        deleted = true;
        lost = true;
        services.worker().forget(id);
        lane.abandon();
        calls.forEach(call -> call.operation().interrupted());
        streams().forEach(EventStream::sendAway);
        closeUpstream();
        letGo();
        if (manager != null) {
            manager.lost(this, remains);
        }
    }

    /** Whether another store took the place of the one that this node held it in. Any thread. */
    public final boolean storeReplaced() {
        return services.store().bootEpoch() != heldIn;
    }

    /**
     * The fate of an event is told. Where the session is to be taken anew it is kept for that, whatever its fate: of a session that it does
     * not have, a store says that all is stored. So much is kept as the queue held when the session was lost.
     */
    final void told(int stream, Event event) {
        if (lost && storeReplaced()) {
            if (late.isEmpty()) {
                late = new ArrayList<>();
            }
            late.add(new Late(stream, event));
        }
    }

    /** Its streams go on with what was on its way to the store when the session was lost, where that is not there. */
    final void goOnFrom(Session before) {
        for (EventStream stream : streams()) {
            stream.receiveAgain(before.late.stream()
                    .filter(each -> each.stream() == stream.number())
                    .map(Late::event)
                    .sorted(Comparator.comparingLong(Event::sequence))
                    .toList());
        }
    }

    /** What is here of it, for a store that may have lost some; null where it is the store that this node held it in. */
    private @Nullable Remains remains() {
        if (initializeRequest == null || !storeReplaced()) {
            return null;
        }
        keepUpstream();
        List<Remains.Head> heads = new ArrayList<>();
        for (EventStream stream : streams()) {
            Remains.Head head = stream.head(stream.renumber());
            if (head != null) {
                heads.add(head);
            }
        }
        SessionRecord record =
                new SessionRecord(id, upstream, createdAtMillis, protocolVersion, capabilities, initializeRequest);
        SessionActivity activity = new SessionActivity(lastActiveMillis, standaloneCursor);
        return new Remains(new StoredSession(record, state, activity), heads);
    }

    /** It is about to be lost, and taken anew: what is under way to the upstream and nobody could ask for again is kept. */
    protected void keepUpstream() {}

    /**
     * This node took it anew, with what was under way when another store took the place of its own. Its loop, before anybody else finds it.
     *
     * @param before the session as it was lost, with what it kept
     */
    protected void takenAnew(Session before) {}

    /** Another node took it, or nobody: what was kept is of no use. Its loop. */
    protected void takenByOthers() {}

    /** Ends everything that is under way to the upstream. */
    protected void closeUpstream() {}

    private void letGo() {
        for (EventStream stream : streams()) {
            ClientStream client = stream.client();
            if (client != null) {
                stream.detach(client);
                client.sink().finish();
            }
        }
        standalone = null;
        others = null;
        calls = List.of();
    }

    /** Everything that it wrote is in the store: from here on it may leave memory, if nothing else holds it. */
    @Override
    public final void settled() {
        if (manager != null && !busy()) {
            manager.settledSession(this);
        }
    }

    final void heldBy(SessionManager<?> holder) {
        manager = holder;
    }

    /** Whether it must stay in memory: a request or stream is open, or something of it is yet to be written. */
    public boolean busy() {
        if (!calls.isEmpty() || cursorSkipped || !lane.settled() || (storedBytes != null && storedBytes.looking())) {
            return true;
        }
        if (standalone != null && standalone.busy()) {
            return true;
        }
        if (others != null) {
            for (EventStream stream : others.values()) {
                if (stream.busy()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Its tracking: itself, its streams and requests, its way to the store, and its entry in the cache of sessions. */
    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(id).add(lane).entries(1).measured(state);
        if (initializeRequest != null && initializeRequest.length > Interner.MAX_BODY) {
            footprint.array(initializeRequest.length, Byte.BYTES);
        }
        if (!calls.isEmpty()) {
            footprint.list(calls);
            calls.forEach(footprint::measured);
        }
        footprint.measured(standalone).measured(storedBytes);
        if (others != null) {
            footprint.add(others).entries(others.size());
            others.values().forEach(footprint::measured);
        }
        footprint.measured(serverRequests);
    }
}
