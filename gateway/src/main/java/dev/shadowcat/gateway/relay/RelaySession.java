package dev.shadowcat.gateway.relay;

import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.Call;
import dev.shadowcat.session.Contest;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.Session;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.session.SessionServices;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A session with its upstream's side: what is under way to the upstream, and who heals it. The session's loop only. */
final class RelaySession extends Session {
    private static final String UNKNOWN_OUTCOME =
            "The connection to the MCP server was lost after the request was sent. Whether it was processed is unknown.";

    private static final long DELETION_MILLIS = 100;
    private static final long DRAIN_MILLIS = 10; // between two looks
    private static final AtomicIntegerFieldUpdater<RelaySession> CLIENTS =
            AtomicIntegerFieldUpdater.newUpdater(RelaySession.class, "clients");

    private final Relay relay;
    private @Nullable CredentialGate gate; // null until somebody comes with credentials that are not known
    private @Nullable PostRelay newestPost; // the others behind it
    private List<StreamResume> resumes = List.of();
    private List<PostRelay> kept = List.of(); // by a session that is lost, for the one that takes its place
    private boolean deleting;
    private @Nullable Healing healing;
    private @Nullable StandaloneFeed standaloneFeed;
    private @Nullable Contest contest;
    private @Nullable String memoryCookies; // of this upstream session, beside the stored ones
    private volatile int clients; // connections that carry a stream
    private long upstreamSinceMillis; // 0 where it was not stored, and this session came from the store
    private @Nullable List<EventStream> orphans; // open streams that lost their upstream in a restart of ours

    RelaySession(
            Relay relay, SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams) {
        super(services, loop, known, streams);
        this.relay = relay;
        this.upstreamSinceMillis = known.state().generation() == 1 ? createdAtMillis() : 0;
        List<EventStream> lost =
                streams().stream().filter(each -> !each.standalone()).toList();
        this.orphans = lost.isEmpty() ? null : lost;
    }

    Relay relay() {
        return relay;
    }

    NettyLoop nettyLoop() {
        return (NettyLoop) loop();
    }

    /** Its upstream; null where the configuration has lost it. */
    @Nullable
    Upstream target() {
        return relay.upstream(upstream());
    }

    Healing healing() {
        if (healing == null) {
            healing = new Healing(this);
        }
        return healing;
    }

    CredentialGate gate() {
        if (gate == null) {
            gate = new CredentialGate(this);
        }
        return gate;
    }

    Contest contest() {
        if (contest == null) {
            contest = new Contest();
        }
        return contest;
    }

    StandaloneFeed standaloneFeed(Upstream target) {
        if (standaloneFeed == null) {
            standaloneFeed = new StandaloneFeed(this, target);
        }
        return standaloneFeed;
    }

    @Nullable
    StandaloneFeed standaloneFeed() {
        return standaloneFeed;
    }

    void add(PostRelay post) {
        post.older = newestPost;
        newestPost = post;
    }

    void remove(PostRelay post) {
        unlink(post);
        relay.sessions().settled(this);
    }

    void add(StreamResume resume) {
        if (resumes.isEmpty()) {
            resumes = new ArrayList<>(1);
        }
        resumes.add(resume);
    }

    void remove(StreamResume resume) {
        if (!resumes.isEmpty() && resumes.remove(resume) && resumes.isEmpty()) {
            resumes = List.of();
        }
    }

    private void unlink(PostRelay gone) {
        if (newestPost == gone) {
            newestPost = gone.older;
            return;
        }
        PostRelay newer = newestPost;
        while (newer != null && newer.older != gone) {
            newer = newer.older;
        }
        if (newer != null) {
            newer.older = gone.older;
        }
    }

    /** Who ends a call that its client takes back: whoever fetches its answer; null where nobody does. */
    @Nullable
    Consumer<Call> canceller(Call call) {
        for (PostRelay post = newestPost; post != null; post = post.older) {
            if (post.serves(call)) {
                return post::cancelled;
            }
        }
        for (StreamResume resume : resumes) {
            if (resume.serves(call)) {
                return resume::cancelled;
            }
        }
        return null;
    }

    /** The client's headers, as they go to the upstream on this session. */
    HttpHeaders headers(Upstream target, HttpHeaders client) {
        HttpHeaders headers = ForwardedHeaders.request(client, target.settings().headers());
        headers.set("accept", ForwardedHeaders.BOTH); // servers take no wildcards, though clients may send them
        if (!headers.contains(ForwardedHeaders.VERSION)) {
            headers.set(ForwardedHeaders.VERSION, protocolVersion());
        }
        return headers;
    }

    /** Streams that are open, and requests that may still become one. */
    int streamsUnderWay() {
        int count = streams().size();
        for (PostRelay post = newestPost; post != null; post = post.older) {
            count += post.mayBecomeStream() ? 1 : 0;
        }
        return count;
    }

    void clientCame() {
        CLIENTS.incrementAndGet(this);
    }

    void clientLeft() {
        CLIENTS.decrementAndGet(this);
    }

    /** Client connections that carry a stream of it. Any thread. */
    int clients() {
        return clients;
    }

    /** Remembers the cookies of an upstream's answer: those of its load balancer in the store, all others here. */
    void keepCookies(Upstream target, HttpHeaders received) {
        if (!received.contains(HttpHeaderNames.SET_COOKIE)) {
            return;
        }
        List<String> affinity = target.settings().affinityCookies();
        memoryCookies = Cookies.others(memoryCookies, received, affinity);
        String known = state().affinityCookies();
        String kept = Cookies.kept(known, received, affinity);
        if (kept != null && !kept.equals(known)) {
            change(now -> now.withAffinityCookies(kept), Completion.NOBODY);
        }
    }

    /** There is a new upstream session, and these are its cookies. */
    void renewCookies(Upstream target, HttpHeaders received) {
        memoryCookies = Cookies.others(null, received, target.settings().affinityCookies());
    }

    /** Puts the present upstream session on a request; done anew for each attempt. */
    HttpHeaders addressed(HttpHeaders headers) {
        return withMemory(addressedWithoutMemory(headers));
    }

    /** Puts the cookies on a request that only memory knows. */
    HttpHeaders withMemory(HttpHeaders addressed) {
        String cookies = Cookies.merged(addressed.get("cookie"), memoryCookies);
        if (cookies != null) {
            addressed.set("cookie", cookies);
        }
        return addressed;
    }

    /** The same without the cookies that may stand for who opened the session: for whoever has yet to prove it. */
    HttpHeaders addressedWithoutMemory(HttpHeaders headers) {
        return addressed(headers, state());
    }

    /** Puts the upstream session of a state on a request. */
    static HttpHeaders addressed(HttpHeaders headers, SessionState state) {
        HttpHeaders addressed = headers.copy();
        String upstreamSession = state.upstreamSession();
        if (upstreamSession != null) {
            addressed.set(ForwardedHeaders.SESSION, upstreamSession);
        } else {
            addressed.remove(ForwardedHeaders.SESSION);
        }
        String cookies = Cookies.merged(headers.get("cookie"), state.affinityCookies());
        if (cookies != null) {
            addressed.set("cookie", cookies);
        }
        return addressed;
    }

    /** The same for one who sends these headers again and again, and nothing else: without a copy where none is needed. */
    HttpHeaders addressedInPlace(HttpHeaders headers) {
        String upstreamSession = state().upstreamSession();
        if (upstreamSession == null || state().affinityCookies() != null || memoryCookies != null) {
            return addressed(headers);
        }
        return headers.set(ForwardedHeaders.SESSION, upstreamSession);
    }

    /** What an upstream said before it answered {@code initialize}: it belongs to no request. */
    void heard(List<byte[]> messages) {
        for (byte[] message : messages) {
            standalone().receive(null, message);
        }
    }

    /** Takes up what a restart of the gateway interrupted, with credentials that were let in. Once. */
    void recover(HttpHeaders clientHeaders) {
        failUnresumable();
        List<EventStream> lost = orphans;
        orphans = null;
        Upstream target = target();
        if (lost == null || target == null) {
            return;
        }
        for (EventStream stream : lost) {
            takeUp(stream);
            new StreamResume(this, target, stream, headers(target, clientHeaders)).start(0);
        }
    }

    /** The same where nobody is there yet whose credentials could be used: without any, if it was opened without any. */
    void recoverAlone() {
        if (state().credentials().hashes().isEmpty()) {
            recover(Answers.headers());
        } else {
            failUnresumable();
        }
    }

    @Override
    protected void keepUpstream() {
        kept = new ArrayList<>();
        for (PostRelay post = newestPost; post != null; post = post.older) {
            if (post.keep()) {
                kept.add(post);
            }
        }
        kept.forEach(this::unlink);
    }

    @Override
    protected void takenAnew(Session before) {
        if (before instanceof RelaySession lost) {
            lost.kept.forEach(this::takeOver);
        }
        recoverAlone();
    }

    private void takeOver(PostRelay post) {
        EventStream stream = stream(post.streamNumber());
        if (stream == null || stream.ended() || orphans == null) {
            post.giveUp();
            return;
        }
        orphans = orphans.stream().filter(each -> !each.equals(stream)).toList();
        takeUp(stream);
        add(post);
        post.goOn(this, stream);
    }

    @Override
    protected void takenByOthers() {
        kept.forEach(PostRelay::giveUp);
    }

    /** Ends those of the interrupted streams that no upstream can go on with, whoever comes back. */
    void failUnresumable() {
        List<EventStream> lost = orphans;
        if (lost == null) {
            return;
        }
        boolean gone = target() == null;
        for (EventStream stream : lost) {
            if (gone || stream.upstreamCursor() == null) {
                failUnknown(stream);
            }
        }
        List<EventStream> left = lost.stream().filter(each -> !each.ended()).toList();
        orphans = left.isEmpty() ? null : left;
    }

    /** Ends a stream whose upstream is lost for good. */
    void failUnknown(EventStream stream) {
        if (!stream.ended()) {
            relay.observer().outcomeUnknown();
            stream.open().forEach(call -> call.operation().upstreamFailed(ErrorType.CONNECTION_LOST));
            stream.fail(McpErrors.SERVER_ERROR, UNKNOWN_OUTCOME, Map.of("outcome", "unknown"));
        }
    }

    static String unknownOutcome() {
        return UNKNOWN_OUTCOME;
    }

    /** The upstream's session was lost, and there is a new one. */
    void upstreamReplaced() {
        upstreamEnded(ErrorType.FORGOTTEN);
        upstreamSinceMillis = relay.clock().millis();
    }

    private void upstreamEnded(@Nullable ErrorType errorType) {
        Upstream target = target();
        if (target != null && upstreamSinceMillis != 0) {
            long millis = relay.clock().millis() - upstreamSinceMillis;
            relay.operations().upstreamSessionEnded(target.peer(), millis, protocolVersion(), errorType);
        }
    }

    private void ended(@Nullable ErrorType errorType) {
        if (!deleted()) {
            upstreamEnded(errorType);
            relay.operations().sessionEnded(relay.clock().millis() - createdAtMillis(), protocolVersion(), errorType);
        }
    }

    /** Ends the session for the client too: its upstream session cannot be replaced by an equal one. */
    void end() {
        ended(ErrorType.FORGOTTEN);
        closeUpstream();
        relay.sessions().delete(this, Completion.NOBODY);
    }

    /**
     * The gateway stops: it is to wait for what could not be fetched again elsewhere. Of a stream whose upstream's part is over, too: its
     * answer may have yet to be stored and shown.
     */
    void drain(Drain stopping) {
        for (PostRelay post = newestPost; post != null; post = post.older) {
            drain(stopping, post::lostOtherwise);
        }
        for (EventStream stream : streams()) {
            drain(stopping, stream::owesWhoHasNoId);
        }
    }

    private void drain(Drain stopping, BooleanSupplier lost) {
        if (lost.getAsBoolean()) {
            stopping.add();
            lookAgain(stopping, lost);
        }
    }

    private void lookAgain(Drain stopping, BooleanSupplier lost) {
        if (lost.getAsBoolean()) {
            loop().after(DRAIN_MILLIS, () -> lookAgain(stopping, lost));
        } else {
            stopping.remove();
        }
    }

    /** The gateway stops: what can be fetched from the upstream later is left there. */
    void leaveUpstream() {
        for (PostRelay post = newestPost; post != null; ) {
            PostRelay older = post.older; // leaving takes it off the list
            post.leaveToOthers();
            post = older;
        }
        List.copyOf(resumes).forEach(StreamResume::close);
        if (standaloneFeed != null) {
            standaloneFeed.close();
        }
    }

    @Override
    protected void closeUpstream() {
        if (standaloneFeed != null) {
            standaloneFeed.sessionEnded();
        }
        for (PostRelay post = newestPost; post != null; ) {
            PostRelay older = post.older; // ending takes it off the list
            post.sessionEnded();
            post = older;
        }
        kept.forEach(PostRelay::goesOnElsewhere);
        List.copyOf(resumes).forEach(StreamResume::close);
    }

    /** Whether a client has asked for its end, and the upstream has yet to say what it makes of that. */
    void deleting(boolean asked) {
        deleting = asked;
    }

    /** Does something about what an upstream broke off, unless it does so since the session ends. */
    void unlessDeleted(Runnable work) {
        if (deleting && !deleted()) {
            loop().after(DELETION_MILLIS, () -> unlessDeleted(work));
        } else if (!deleted()) {
            work.run();
        }
    }

    /** The session was deleted at the client's wish. */
    void delete(Runnable done, Runnable refused) {
        ended(null);
        closeUpstream();
        relay.sessions().delete(this, new Completion() {
            @Override
            public void stored(StoreWrite write) {
                done.run();
            }

            @Override
            public void refused(StoreWrite write, String reason) {
                refused.run();
            }
        });
    }

    /** Its tracking, and both sides' sockets with what is under way on them. */
    @Override
    public void measure(Footprint footprint) {
        super.measure(footprint);
        footprint.add(gate).add(healing).add(contest).text(memoryCookies).measured(standaloneFeed);
        footprint.list(resumes);
        for (PostRelay post = newestPost; post != null; post = post.older) {
            footprint.measured(post);
        }
    }

    @Override
    public boolean busy() {
        return super.busy()
                || relay == null // while it is being built
                || newestPost != null
                || (healing != null && healing.busy())
                || (standaloneFeed != null && standaloneFeed.open());
    }
}
