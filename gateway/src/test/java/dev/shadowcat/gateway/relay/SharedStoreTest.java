package dev.shadowcat.gateway.relay;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.event.EventId;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Event;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.SharedMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Two gateways on one store: any of them serves any session. */
@Timeout(30)
class SharedStoreTest {
    private static final String WORKING = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";

    private static final Duration LEASE = Duration.ofMillis(400);
    private static final Duration STOP = Duration.ofSeconds(5); // that the store may take
    private static final Duration SILENCE = LEASE.multipliedBy(5);

    private final SharedMemory shared = new SharedMemory(LEASE, System::nanoTime);
    private final SharedMemory.Node storeOfOne = shared.node();
    private final SharedMemory.Node storeOfTwo = shared.node();
    private ScriptedServer server;
    private GatewayFixture one;
    private GatewayFixture two;
    private boolean gone; // the first of them

    private final Logger log = (Logger) LoggerFactory.getLogger(Nodes.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>(); // that it was told

    @BeforeEach
    void start() throws Exception {
        lines.start();
        log.addAppender(lines);
        server = new ScriptedServer().withStandaloneStream();
        one = new GatewayFixture(storeOfOne, server.url(), Map.of());
        storeOfOne.address(one.url("").getAuthority());
        two = new GatewayFixture(storeOfTwo, server.url(), Map.of());
        storeOfTwo.address(two.url("").getAuthority());
    }

    @AfterEach
    void stop() {
        log.detachAppender(lines);
        storeOfOne.cut(false);
        storeOfTwo.cut(false);
        if (!gone) {
            one.close();
        }
        two.close();
        server.close();
    }

    private TestClient atOther(TestClient client) {
        return two.client().as(client.session());
    }

    @Test
    void aCallByAnotherNodeReachesTheSession() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client).bearer("secret")) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("7");
            Request request = server.nextRequest();
            assertThat(request.header("Mcp-Session-Id")).isEqualTo("up-1");
            assertThat(request.header("Authorization")).isEqualTo("Bearer secret");
            assertThat(request.header(OtherNodes.HEADER))
                    .as("is for nodes only")
                    .isEmpty();
            request.result("done");
            HttpResponse<InputStream> answer = call.get();
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(TestClient.text(answer)).isEqualTo(request.resultOf("done"));
            assertThat(two.metric("requests_forwarded_total")).isEqualTo(1);
        }
    }

    @Test
    void aStreamIsResumedByAnotherNodeWhileItGoesOn() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            String seen = firstId(call);
            try (Events events = other.get(seen)) {
                stream.event("u2", WORKING);
                assertThat(events.nextMessage().data()).isEqualTo(WORKING);
                stream.event("u3", request.resultOf("done"));
                assertThat(events.rest()).extracting(Event::data).containsExactly(request.resultOf("done"));
            }
        }
    }

    @Test
    void whatDeletesASessionByAnotherNodeEndsIt() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            assertThat(other.delete().statusCode()).isEqualTo(200);
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(404);
            assertThat(other.post(TestClient.call("1")).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void whatIsDeletedAfterAFailoverStaysDeleted() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            shared.failOver(); // what this node held is nobody's
            await().until(() -> client.delete().statusCode() == 200); // 503 while it is taken anew
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(404);
            assertThat(other.post(TestClient.call("1")).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void whatIsDeletedWhileAnotherStoreTakesThePlaceOfTheOneStaysDeleted() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            storeOfOne.failOverUnder(StoreWrite.DeleteSession.class);
            assertThat(client.delete().statusCode()).isEqualTo(200);
            assertThat(storeOfOne.session(client.sessionId())).isEmpty();
            assertThat(other.post(TestClient.call("1")).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void whatTheHolderServesIsLeftToItThoughTheSessionEnds() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            Request request = server.nextRequest();
            storeOfOne.append(List.of(new StoreWrite.DeleteSession(client.sessionId())));
            int asked = storeOfTwo.claims();
            await().until(() -> storeOfTwo.claims() > asked + 1);
            request.result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theSessionsOfANodeThatIsGoneGoOnAtAnother() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            request.sse().event("u1", WORKING);
            String seen = firstId(call);
            kill();
            CompletableFuture<Events> resumed = CompletableFuture.supplyAsync(() -> open(other, seen));
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            resume.sse().event("u2", request.resultOf("done"));
            try (Events events = resumed.get()) {
                assertThat(events.rest()).extracting(Event::data).contains(request.resultOf("done"));
            }
        }
    }

    /** As one is that stopped, of an older version. */
    @Test
    void aNodeThatIsGoneIsNoWarningWhereItsRequestsAreServedElsewhere() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            kill();
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            assertThat(lines.list).extracting(ILoggingEvent::getLevel).doesNotContain(Level.WARN, Level.ERROR);
        }
    }

    @Test
    void anUpstreamThatStillSeesTheNodeThatIsGoneIsAskedAgain() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            request.sse().event("u1", WORKING);
            String seen = firstId(call);
            kill();
            CompletableFuture<Events> resumed = CompletableFuture.supplyAsync(() -> open(other, seen));
            server.nextGet().empty(409);
            server.nextGet().empty(409);
            server.nextGet().sse().event("u2", request.resultOf("done"));
            try (Events events = resumed.get()) {
                assertThat(events.rest()).extracting(Event::data).contains(request.resultOf("done"));
            }
            assertThat(two.metric("upstream_conflicts_total")).isEqualTo(2);
            assertThat(two.metric("session_claims_total{outcome=\"taken_over\"}"))
                    .isEqualTo(1);
        }
    }

    private int handOver() {
        return handOver(one, Duration.ofSeconds(10));
    }

    /** Without a listener that ends, which is not these tests' business. */
    private static int handOver(GatewayFixture node, Duration time) {
        int unstored = node.gateway().handOver(time);
        node.gateway().endForwarded(time);
        return unstored;
    }

    /** The first node stops without giving its lease back. */
    private void kill() {
        storeOfOne.cut(true);
        leave();
    }

    private void leave() {
        one.close();
        gone = true;
    }

    private static Events open(TestClient client, String cursor) {
        try {
            return client.get(cursor);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    @Test
    void aCallWhoseNodeIsGoneAndThatNobodyCanGoOnWithIsAnswered() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            request.sse().event("", WORKING);
            String seen = firstId(call);
            kill();
            try (Events events = other.get(seen)) {
                assertThat(events.nextMessage().data()).contains("\"id\":1", "\"outcome\":\"unknown\"");
            }
        }
    }

    @Test
    void aCallWhoseSessionTheStoreLostGoesOnAtItsHolder() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            request.sse().event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
                CompletableFuture<Events> resumed = CompletableFuture.supplyAsync(() -> open(other, seen));
                Request resume = server.nextGet();
                assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
                resume.sse().event("u2", request.resultOf("done"));
                try (Events rest = resumed.get()) {
                    assertThat(messages(rest)).containsExactly(request.resultOf("done"));
                }
            }
            CompletableFuture<HttpResponse<InputStream>> next = client.callLater("2");
            server.nextRequest().result("more");
            assertThat(next.get().statusCode()).as("the session goes on").isEqualTo(200);
        }
    }

    @Test
    void whatTheStoreLostOfAStreamIsToldToWhoHasNotSeenIt() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            stream.event("u2", WORKING);
            try (Events events = new Events(call.get())) {
                String first = events.nextMessage().id();
                String second = events.nextMessage().id();
                shared.failOver(new StoreWrite.DeleteStream(client.sessionId(), streamOf(first)));
                Request resume = server.nextGet();
                assertThat(resume.header("Last-Event-ID")).isEqualTo("u2");
                resume.sse().event("u3", request.resultOf("done"));
                try (Events rest = other.get(first)) {
                    List<Event> came = rest.rest();
                    assertThat(came)
                            .extracting(Event::data)
                            .filteredOn(data -> !data.isEmpty())
                            .satisfiesExactly(
                                    notice -> assertThat(notice).contains("no longer kept"),
                                    answer -> assertThat(answer).isEqualTo(request.resultOf("done")));
                    assertThat(sequenceOf(came.getLast().id())).isGreaterThan(sequenceOf(second));
                }
            }
        }
    }

    /** Between the two questions whether its cursor is among numbers that were skipped, and which stream it is of. */
    @Test
    void whatMayComeTwiceIsToldThoughTheStreamEndsMeanwhile() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            stream.event("u2", WORKING);
            String first;
            String second;
            try (Events events = new Events(call.get())) {
                first = events.nextMessage().id();
                second = events.nextMessage().id();
            }
            loseAfter(client.sessionId(), first);
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            storeOfOne.holdAnswers();
            CompletableFuture<Events> resumed = CompletableFuture.supplyAsync(() -> open(client, second));
            await().until(() -> storeOfOne.heldAnswers() == 1);
            Stream again = resume.sse();
            again.event("u2", WORKING);
            again.event("u3", request.resultOf("done"));
            await().until(() -> storeOfOne.stream(client.sessionId(), streamOf(first))
                    .filter(known -> known.record().phase() != Phase.OPEN)
                    .isPresent());
            storeOfOne.letAnswersThrough();
            try (Events rest = resumed.get()) {
                assertThat(messages(rest))
                        .satisfiesExactly(
                                notice -> assertThat(notice).contains("no longer kept"),
                                notice -> assertThat(notice).contains("come twice"),
                                repeated -> assertThat(repeated).isEqualTo(WORKING),
                                answer -> assertThat(answer).isEqualTo(request.resultOf("done")));
            }
        }
    }

    /** The id of its first event, after which the client leaves. */
    private static String firstId(CompletableFuture<HttpResponse<InputStream>> call) throws Exception {
        try (Events events = new Events(call.get())) {
            return events.nextMessage().id();
        }
    }

    /** Another store takes the place of the one, and lacks what came after an event. */
    private void loseAfter(SessionId session, String newest) {
        int stream = streamOf(newest);
        StreamRecord record = storeOfOne.stream(session, stream).orElseThrow().record();
        List<StoreWrite> lacking = new ArrayList<>();
        lacking.add(new StoreWrite.DeleteStream(session, stream));
        lacking.add(new StoreWrite.PutStream(session, record));
        storeOfOne
                .read(session, stream, 0, (int) sequenceOf(newest), 1 << 20)
                .forEach(event -> lacking.add(new StoreWrite.AppendEvent(session, stream, event)));
        shared.failOver(lacking.toArray(StoreWrite[]::new));
    }

    @Test
    void whoWaitsForAStreamThatTheStoreDidNotTakeBeforeAnotherTookItsPlaceGetsIt() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("7");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.raw("id: u1\ndata:\n\n");
            stream.event("u2", WORKING);
            await().until(() -> one.gateway().retryQueueDepth() >= 3);
            shared.failOver();
            storeOfOne.full(false);
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            Stream rest = resume.sse();
            rest.event("u2", WORKING);
            rest.event("u3", request.resultOf("done"));
            assertThat(messages(new Events(call.get()))).containsExactly(WORKING, request.resultOf("done"));
        }
    }

    @Test
    void whatCameBeforeTheStoreTookItsStreamIsNotAskedForAgain() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Request request = server.nextRequest();
            request.sse().event("u1", WORKING);
            await().until(() -> one.gateway().retryQueueDepth() >= 2);
            failOverWhileItIsAway();
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            resume.sse().event("u2", request.resultOf("done"));
            assertThat(messages(new Events(call.get()))).containsExactly(WORKING, request.resultOf("done"));
        }
    }

    @Test
    void whoWaitsForAStreamThatNobodyCanGoOnWithIsTold() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest().sse().event("", WORKING);
            await().until(() -> one.gateway().retryQueueDepth() >= 2);
            failOverWhileItIsAway();
            assertThat(messages(new Events(call.get())))
                    .satisfiesExactly(
                            event -> assertThat(event).isEqualTo(WORKING),
                            unknown -> assertThat(unknown).contains("\"id\":7", "\"outcome\":\"unknown\""));
        }
    }

    @Test
    void anAnswerWithoutIdsThatHasComeWholeBeforeTheStoreTookItsStreamComes() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("", WORKING);
            stream.event("", request.resultOf("done"));
            stream.end();
            await().until(() -> one.gateway().retryQueueDepth() >= 3);
            failOverWhileItIsAway();
            assertThat(messages(new Events(call.get()))).containsExactly(WORKING, request.resultOf("done"));
        }
    }

    @Test
    void anAnswerThatHasComeWholeBeforeTheStoreTookItsStreamIsAskedForAgainToo() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.raw("id: u1\ndata:\n\n");
            stream.event("u2", request.resultOf("done"));
            stream.end();
            await().until(() -> one.gateway().retryQueueDepth() >= 3);
            shared.failOver();
            storeOfOne.full(false);
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            resume.sse().event("u2", request.resultOf("done"));
            assertThat(messages(new Events(call.get()))).containsExactly(request.resultOf("done"));
        }
    }

    /** Its number may be another call's at the node that took the session. */
    @Test
    void whoWaitsForAStreamThatTheStoreNeverKnewIsTold() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = waitsAtOneThatIsCutOff(client);
            CompletableFuture<HttpResponse<InputStream>> next = other.callLater("8");
            Request second = server.nextRequest();
            second.sse().event("v1", WORKING);
            storeOfOne.cut(false);
            storeOfOne.full(false);
            HttpResponse<InputStream> unknown = call.get();
            assertThat(unknown.statusCode()).isEqualTo(502);
            assertThat(TestClient.text(unknown)).contains("\"id\":7", "\"outcome\":\"unknown\"");
            assertThat(next.get().statusCode()).isEqualTo(200);
        }
    }

    /** Though then another store took the place of the one, where the session is put anew: by the node that took it. */
    @Test
    void whoWaitsForAStreamThatTheStoreNeverKnewIsToldInAFailoverToo() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = waitsAtOneThatIsCutOff(client);
            CompletableFuture<HttpResponse<InputStream>> next = other.callLater("8");
            Request second = server.nextRequest();
            second.sse().event("v1", WORKING);
            String seen = firstId(next);
            shared.failOver();
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("v1");
            resume.sse().event("v2", second.resultOf("done"));
            storeOfOne.cut(false);
            storeOfOne.full(false);
            HttpResponse<InputStream> unknown = call.get();
            assertThat(TestClient.text(unknown)).contains("\"id\":7", "\"outcome\":\"unknown\"");
            assertThat(unknown.statusCode()).isEqualTo(502);
            try (Events rest = other.get(seen)) {
                assertThat(messages(rest)).containsExactly(second.resultOf("done"));
            }
        }
    }

    /** The take-over is among what was lost, and who held the session before is the first to come. */
    @Test
    void aStreamThatIsPutAnewTakesNoNumberThatAnotherNodeMayHaveGiven() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = waitsAtOneThatIsCutOff(client);
            CompletableFuture<HttpResponse<InputStream>> next = other.callLater("8");
            server.nextRequest().sse().event("v1", WORKING);
            String seen = firstId(next);
            storeOfTwo.cut(true);
            shared.failOver(new StoreWrite.DeleteStream(client.sessionId(), streamOf(seen)));
            storeOfOne.cut(false);
            storeOfOne.full(false);
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            String done = "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}";
            resume.sse().event("u2", done);
            try (Events rest = new Events(call.get())) {
                assertThat(messages(rest)).containsExactly(done);
            }
            assertThat(client.tryGet(seen).statusCode())
                    .as("what was lost is not another call")
                    .isEqualTo(400);
        }
    }

    /** A call whose server has given it an id that the store does not take; then the node's lease runs out. */
    private CompletableFuture<HttpResponse<InputStream>> waitsAtOneThatIsCutOff(TestClient client) throws Exception {
        storeOfOne.full(true);
        CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
        server.nextRequest().sse().raw("id: u1\ndata:\n\n");
        await().until(() -> one.gateway().retryQueueDepth() >= 2);
        storeOfOne.cut(true);
        await().until(() -> storeOfTwo.others().isEmpty());
        return call;
    }

    @Test
    void aCallIsNotSentOnASessionThatItsNodeIsAboutToTakeAnew() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.freeze(); // the lease is yet to be renewed
            shared.failOver();
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            assertThat(server.seesNothingFor(Duration.ofMillis(100))).isTrue();
            storeOfOne.thaw();
            server.nextRequest().result("done");
            HttpResponse<InputStream> answer = call.get();
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(TestClient.text(answer)).contains("done");
        }
    }

    @Test
    void aClientThatTakesNoIdInAdvanceIsToldInAFailover() throws Exception {
        server.revision("2025-06-18");
        try (TestClient client = one.client().initialize(TestClient.OLDER_INITIALIZE)) {
            storeOfOne.full(true);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest().sse().raw("id: u1\ndata:\n\n");
            await().until(() -> one.gateway().retryQueueDepth() >= 2);
            shared.failOver();
            storeOfOne.full(false);
            HttpResponse<InputStream> unknown = call.get();
            assertThat(unknown.statusCode()).isEqualTo(502);
            assertThat(TestClient.text(unknown)).contains("\"outcome\":\"unknown\"");
        }
    }

    @Test
    void eachRequestOfABatchIsToldInAFailover() throws Exception {
        server.revision("2025-03-26");
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> calls =
                    client.postLater("[" + TestClient.call("1") + "," + TestClient.call("2") + "]");
            server.nextRequest();
            shared.failOver();
            HttpResponse<InputStream> unknown = calls.get();
            assertThat(unknown.statusCode()).isEqualTo(502);
            assertThat(TestClient.text(unknown))
                    .startsWith("[")
                    .contains("\"id\":1", "\"id\":2", "\"outcome\":\"unknown\"")
                    .doesNotContain("null");
        }
    }

    @Test
    void anAnswerThatTheStoreDidNotTakeBeforeAnotherTookItsPlaceIsAskedForAgain() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                storeOfOne.cut(true);
                stream.event("u2", request.resultOf("done"));
                await().until(() -> one.gateway().queueDepth() > 0
                        || !one.gateway().degraded().isEmpty());
                shared.failOver(new StoreWrite.DeleteStream(client.sessionId(), streamOf(seen)));
                storeOfOne.cut(false);
                Request resume = server.nextGet();
                assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
                resume.sse().event("u2", request.resultOf("done"));
                try (Events rest = other.get(seen)) {
                    assertThat(messages(rest)).containsExactly(request.resultOf("done"));
                }
            }
        }
    }

    @Test
    void aCallThatNobodyCanGoOnWithIsAnsweredThoughTheStoreLostItsStream() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest().sse().event("", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
                try (Events rest = other.get(seen)) {
                    assertThat(rest.nextMessage().data()).contains("\"id\":1", "\"outcome\":\"unknown\"");
                }
            }
        }
    }

    /** Nobody could ask the server for it again: it comes on the connection that the session's holder has. */
    @Test
    void aPlainAnswerComesThoughTheStoreLostTheStreamThatItsCallHadBecome() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            try (Events events = new Events(call.get())) {
                String seen = events.next().id();
                shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
                events.rest();
                try (Events rest = other.get(seen)) {
                    request.result("done");
                    assertThat(messages(rest)).containsExactly(request.resultOf("done"));
                }
            }
            assertThat(one.metric("upstream_unknown_outcome_total")).isZero();
        }
    }

    @Test
    void aPlainAnswerComesToWhoWaitsForItWithoutAStreamWhenAnotherStoreTakesThePlaceOfTheOne() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            CompletableFuture<HttpResponse<InputStream>> sentOn = other.callLater("2");
            Request second = server.nextRequest();
            shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
            await().until(() -> storeOfOne.streams(client.sessionId()).size() == 2);
            second.result("more");
            request.result("done");
            assertThat(messages(new Events(call.get()))).containsExactly(request.resultOf("done"));
            assertThat(messages(new Events(sentOn.get()))).containsExactly(second.resultOf("more"));
            CompletableFuture<HttpResponse<InputStream>> next = client.callLater("3");
            server.nextRequest().result("again");
            assertThat(next.get().statusCode()).as("the session goes on").isEqualTo(200);
        }
    }

    @Test
    void anAnswerThatComesWhileItsSessionIsTakenAnewIsNotLost() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> plain = client.callLater("1");
            Request request = server.nextRequest();
            CompletableFuture<HttpResponse<InputStream>> streamed = client.callLater("2");
            Request second = server.nextRequest();
            storeOfOne.full(true);
            shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
            await().until(() -> one.gateway().retryQueueDepth() > 0);
            request.result("done");
            Stream stream = second.sse();
            stream.event("u1", WORKING);
            stream.event("u2", second.resultOf("more"));
            stream.end();
            storeOfOne.full(false);
            assertThat(messages(new Events(plain.get()))).containsExactly(request.resultOf("done"));
            assertThat(messages(new Events(streamed.get()))).containsExactly(WORKING, second.resultOf("more"));
        }
    }

    /** Its stream is the client's already, and stays it. */
    @Test
    void aPlainAnswerThatComesWhileTheStoreIsAwayComesWhenAnotherTakesItsPlace() throws Exception {
        theAnswerComesThoughTheNextStoreLacks(_ -> new StoreWrite[0]);
    }

    @Test
    void aPlainAnswerThatComesWhileTheStoreIsAwayComesThoughTheNextOneLacksItsStream() throws Exception {
        theAnswerComesThoughTheNextStoreLacks(id -> new StoreWrite[] {new StoreWrite.DeleteStream(id, 1)});
    }

    @Test
    void aPlainAnswerThatComesWhileTheStoreIsAwayComesThoughTheNextOneLacksItsSession() throws Exception {
        theAnswerComesThoughTheNextStoreLacks(id -> new StoreWrite[] {new StoreWrite.DeleteSession(id)});
    }

    private void theAnswerComesThoughTheNextStoreLacks(Function<SessionId, StoreWrite[]> lacking) throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            try (Events events = new Events(call.get())) {
                String seen = events.next().id();
                assertThat(streamOf(seen)).isEqualTo(1);
                answersWhileTheStoreIsAway(request);
                failOverWhileItIsAway(lacking.apply(client.sessionId()));
                events.rest();
                try (Events rest = client.get(seen)) {
                    assertThat(messages(rest)).containsExactly(request.resultOf("done"));
                }
            }
        }
        assertThat(one.metric("upstream_unknown_outcome_total")).isZero();
    }

    private void answersWhileTheStoreIsAway(Request request) throws Exception {
        storeOfOne.full(true);
        request.result("done");
        await().until(() -> one.gateway().retryQueueDepth() > 0);
    }

    /** What waits for the store is let go before the next one could be asked for it; the other node has no time to take it. */
    private void failOverWhileItIsAway(StoreWrite... lacking) {
        storeOfTwo.cut(true);
        shared.failOver(lacking);
        await().untilAsserted(
                        () -> assertThat(one.metric("sessions_lost_total")).isEqualTo(1));
        storeOfOne.full(false);
    }

    /** Its acknowledgement did not come through. */
    @Test
    void anAnswerThatTheNextStoreHasAlreadyComesOnce() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            try (Events events = new Events(call.get())) {
                String seen = events.next().id();
                answersWhileTheStoreIsAway(request);
                byte[] answer = request.resultOf("done").getBytes(StandardCharsets.UTF_8);
                failOverWhileItIsAway(new StoreWrite.AppendEvent(
                        client.sessionId(),
                        streamOf(seen),
                        new dev.shadowcat.event.Event(1, 0, 1, true, null, answer)));
                events.rest();
                try (Events rest = client.get(seen)) {
                    assertThat(messages(rest)).containsExactly(request.resultOf("done"));
                }
            }
        }
    }

    @Test
    void whatCameWithoutIdsWhileTheStoreWasAwayComesInOrderBeforeTheOutcomeIsToldAsUnknown() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                storeOfOne.full(true);
                stream.event("", working("2"));
                await().until(() -> one.gateway().retryQueueDepth() > 0);
                stream.event("", working("3")); // waits behind
                await().until(() -> one.metric("sse_events_total{direction=\"received\"}") == 3);
                failOverWhileItIsAway();
                events.rest();
                try (Events rest = client.get(seen)) {
                    assertThat(messages(rest))
                            .hasSize(3)
                            .startsWith(working("2"), working("3"))
                            .last()
                            .asString()
                            .contains("\"outcome\":\"unknown\"");
                }
            }
        }
    }

    /** Else what is missing would be passed over in silence. */
    @Test
    void whatCameWhileTheStoreWasAwayIsNotTakenBehindWhatTheNextStoreLacks() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("", working("1"));
            stream.event("", working("2"));
            try (Events events = new Events(call.get())) {
                String first = events.nextMessage().id();
                events.nextMessage();
                storeOfOne.full(true);
                stream.event("", request.resultOf("done"));
                stream.end();
                await().until(() -> one.gateway().retryQueueDepth() > 0);
                storeOfTwo.cut(true);
                loseAfter(client.sessionId(), first);
                storeOfOne.full(false);
                events.rest();
                try (Events rest = client.get(first)) {
                    assertThat(messages(rest)).singleElement().asString().contains("\"outcome\":\"unknown\"");
                }
            }
        }
    }

    private static String working(String on) {
        return WORKING.replace("{}", "{\"data\":\"" + on + "\"}");
    }

    /** Whoever has the session knows nothing of the call, and answers others by its number. */
    @Test
    void aPlainAnswerWhoseSessionAnotherNodeTookMeanwhileIsToldAsUnknown() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest();
            storeOfOne.cut(true);
            await().until(() -> storeOfTwo.others().isEmpty());
            shared.failOver();
            CompletableFuture<HttpResponse<InputStream>> next = other.callLater("8");
            server.nextRequest().result("more");
            assertThat(next.get().statusCode()).isEqualTo(200);
            storeOfOne.cut(false);
            HttpResponse<InputStream> unknown = call.get();
            assertThat(unknown.statusCode()).isEqualTo(502);
            assertThat(TestClient.text(unknown)).contains("\"id\":7", "\"outcome\":\"unknown\"");
        }
    }

    @Test
    void aSessionThatTheStoreLostWithItsHolderIsForgotten() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            kill();
            shared.failOver(new StoreWrite.DeleteSession(client.sessionId()));
            assertThat(other.post(TestClient.call("1")).statusCode()).isEqualTo(404);
        }
    }

    private static List<String> messages(Events events) {
        return events.rest().stream()
                .map(Event::data)
                .filter(data -> !data.isEmpty())
                .toList();
    }

    private static int streamOf(String id) {
        return EventId.parse(id).orElseThrow().stream();
    }

    private static long sequenceOf(String id) {
        return EventId.parse(id).orElseThrow().sequence();
    }

    @Test
    void aNodeThatWasPausedStoresNothingAndLetsGoOfWhatOthersTook() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                storeOfOne.cut(true);
                Request resume = server.nextGet(); // by the other node, when the lease has run out
                stream.event("u2", WORKING); // waits at the node that cannot reach the store
                storeOfOne.cut(false);
                assertThat(events.rest()).as("left to the other node").isEmpty();
                try (Events rest = other.get(seen)) {
                    Stream second = resume.sse();
                    second.event("u2", WORKING);
                    second.event("u3", request.resultOf("done"));
                    assertThat(rest.rest())
                            .extracting(Event::data)
                            .filteredOn(data -> !data.isEmpty())
                            .containsExactly(WORKING, request.resultOf("done"));
                }
                await().untilAsserted(() ->
                        assertThat(one.metric("sessions_lost_total")).isEqualTo(1));
            }
        }
    }

    @Test
    void aCallThatWasAnsweredBeforeItsSessionWasTakenIsNotSaidToBeUnprocessed() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest().sse().event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                events.nextMessage();
                CompletableFuture<HttpResponse<InputStream>> waiting = client.callLater("2");
                Request sent = server.nextRequest();
                storeOfOne.cut(true);
                sent.sse().event("u1", sent.resultOf("done")); // on a stream that the store does not know
                server.nextGet(); // by the other node, when the lease has run out
                storeOfOne.cut(false);
                HttpResponse<InputStream> unknown = waiting.get();
                assertThat(unknown.statusCode()).isEqualTo(502);
                assertThat(TestClient.text(unknown)).contains("\"id\":2", "\"outcome\":\"unknown\"");
            }
        }
    }

    /** Its session could be lost with the store, and with it what came of the call. */
    @Test
    void whileTheStoreTakesNothingNoCallIsSent() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> before = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            storeOfOne.full(true);
            stream.event("u1", WORKING);
            await().until(() -> !one.gateway().degraded().isEmpty());
            CompletableFuture<HttpResponse<InputStream>> here = client.callLater("2");
            CompletableFuture<HttpResponse<InputStream>> there = other.callLater("3");
            assertThat(server.seesNothingFor(LEASE)).isTrue();
            assertThat(client.post(WORKING).statusCode())
                    .as("says nothing that is to be kept")
                    .isEqualTo(202);
            storeOfOne.full(false);
            server.nextRequest().result("done");
            server.nextRequest().result("done");
            assertThat(here.get().statusCode()).isEqualTo(200);
            assertThat(there.get().statusCode()).isEqualTo(200);
            stream.event("u2", request.resultOf("done"));
            assertThat(messages(new Events(before.get()))).contains(request.resultOf("done"));
        }
    }

    @Test
    void nobodyWaitsForANodeThatStandsStill() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            Request request = server.nextRequest();
            CompletableFuture<HttpResponse<InputStream>> silent = other.callLater("2");
            server.nextRequest();
            request.sse().event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                String seen = events.nextMessage().id();
                storeOfOne.cut(true); // whose connections stay open
                assertThat(events.rest()).isEmpty();
                HttpResponse<InputStream> unknown = silent.get();
                assertThat(unknown.statusCode()).isEqualTo(502);
                assertThat(TestClient.text(unknown)).contains("\"id\":2", "\"outcome\":\"unknown\"");
                server.nextGet().sse().event("u2", request.resultOf("done"));
                try (Events rest = other.get(seen)) {
                    assertThat(rest.rest()).extracting(Event::data).contains(request.resultOf("done"));
                }
            }
        }
    }

    /** As one that stops may do. Its lease is long, so that the answer is there before nobody waits for it any more. */
    @Test
    void theAnswerOfANodeThatGaveItsLeaseBackMeanwhileIsTaken() throws Exception {
        SharedMemory patient = new SharedMemory(Duration.ofSeconds(5), System::nanoTime);
        SharedMemory.Node storeOfHolder = patient.node();
        SharedMemory.Node storeOfOther = patient.node();
        try (GatewayFixture holder = new GatewayFixture(storeOfHolder, server.url(), Map.of());
                GatewayFixture other = new GatewayFixture(storeOfOther, server.url(), Map.of())) {
            storeOfHolder.address(holder.url("").getAuthority());
            storeOfOther.address(other.url("").getAuthority());
            try (TestClient client = holder.client().initialize();
                    TestClient atOther = other.client().as(client.session())) {
                CompletableFuture<HttpResponse<InputStream>> call = atOther.callLater("1");
                Request request = server.nextRequest();
                assertThat(holder.gateway().nodes().lease().close(STOP)).isTrue();
                await().until(() -> other.metric("session_claims_total{outcome=\"handed_over\"}") == 1);
                request.result("done");
                assertThat(TestClient.text(call.get())).isEqualTo(request.resultOf("done"));
            }
        }
    }

    @Test
    void nobodyWaitsForANodeThatTakesConnectionsAndAnswersNothing() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client);
                ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            storeOfOne.address("127.0.0.1:" + silent.getLocalPort());
            HttpResponse<InputStream> call = other.post(TestClient.call("1"));
            assertThat(call.statusCode()).isEqualTo(502);
            assertThat(TestClient.text(call)).contains("\"id\":1", "\"outcome\":\"unknown\"");
            HttpResponse<InputStream> notification = other.post(WORKING);
            assertThat(notification.statusCode()).isEqualTo(502);
            assertThat(other.delete().statusCode()).isEqualTo(502);
            assertThat(two.metric("requests_forward_failures_total{reason=\"silent\"}"))
                    .isEqualTo(3);
            assertThat(lines.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .singleElement()
                    .asString()
                    .contains("127.0.0.1:" + silent.getLocalPort(), "it answers nothing");
            storeOfOne.address(one.url("").getAuthority());
        }
    }

    /** For longer than a node may be silent. */
    @Test
    void aLongCallThatTheHolderServesGoesOn() throws Exception {
        String slow = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/slow\",\"params\":{}}";
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            server.handNotifications();
            CompletableFuture<HttpResponse<InputStream>> call = other.postLater(slow);
            Request request = server.nextRequest();
            long begun = System.nanoTime();
            await().atMost(Duration.ofSeconds(10))
                    .until(() ->
                            System.nanoTime() - begun > SILENCE.plusSeconds(1).toNanos());
            assertThat(call).isNotDone();
            request.empty(202);
            assertThat(call.get().statusCode()).isEqualTo(202);
        }
    }

    @Test
    void whatNodesAskEachOtherNobodyElseIsTold() throws Exception {
        try (TestClient stranger = new TestClient(one.url("/node"));
                TestClient node = new TestClient(one.url("/node")).header(OtherNodes.HEADER, word())) {
            assertThat(stranger.tryGet("").statusCode()).isEqualTo(404);
            assertThat(node.tryGet("").statusCode()).isEqualTo(204);
        }
    }

    /** Once the lease of a node that was there before must have run out. */
    @Test
    void ofASessionOfAnotherNodeWithTheSameAddressItIsSaidAtOnceWhatIsWrong() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client);
                TestClient node = atOther(client).header(OtherNodes.HEADER, word())) {
            String same = two.url("").getAuthority();
            storeOfOne.address(same);
            await().until(() -> node.post(TestClient.call("1")).statusCode() == 503);
            for (TestClient each : List.of(other, node)) {
                HttpResponse<InputStream> refused = each.post(TestClient.call("7"));
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(TestClient.text(refused))
                        .contains("\"id\":7", "node-address " + same, "each needs one of its own");
            }
            assertThat(lines.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anyMatch(line -> line.contains("node-address " + same));
            assertThat(two.metric("requests_forward_failures_total{reason=\"same_address\"}"))
                    .isGreaterThanOrEqualTo(2);
            storeOfOne.address(one.url("").getAuthority());
        }
    }

    @Test
    void anAddressOfAnotherNodeThatLeadsHereIsToldOf() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            String same = "localhost:" + two.url("").getPort();
            storeOfOne.address(same);
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            await().untilAsserted(() -> assertThat(lines.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .singleElement()
                    .asString()
                    .contains(same, "node-address"));
            storeOfOne.address(one.url("").getAuthority());
            Request request = server.nextRequest();
            assertThat(request.header(OtherNodes.FROM)).as("is for nodes only").isEmpty();
            request.result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            assertThat(lines.list).hasSize(1);
        }
    }

    @Test
    void anAnswerOfTheServerIsNotTakenForTheHolders() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            server.nextRequest().empty(421);
            assertThat(call.get().statusCode()).isEqualTo(421);
        }
    }

    @Test
    void aStrangerAtANodesAddressIsNotBelieved() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client);
                ScriptedServer stranger = new ScriptedServer()) {
            storeOfOne.address(stranger.url().getAuthority());
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            stranger.nextRequest().empty(404);
            assertThat(call.get().statusCode()).isEqualTo(502);
            assertThat(TestClient.text(call.get())).contains("\"outcome\":\"unknown\"");
            storeOfOne.address(one.url("").getAuthority());
        }
    }

    @Test
    void aNodeWithoutALeaseServesNothingFromMemory() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.cut(true);
            await().until(() -> !one.gateway().degraded().isEmpty());
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            assertThat(server.seesNothingFor(Duration.ofMillis(300))).isTrue();
            storeOfOne.cut(false);
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            assertThat(one.gateway().degraded()).isEmpty();
        }
    }

    @Test
    void aNodeWithoutALeaseSaysWhyItIsNotRenewed() {
        storeOfOne.cut(true);
        await().untilAsserted(() -> assertThat(one.gateway().degraded())
                .containsExactly("lease: it has run out, and is not renewed: the store cannot be reached"));
        storeOfOne.cut(false);
        await().untilAsserted(() -> assertThat(one.gateway().degraded()).isEmpty());
    }

    @Test
    void aNodeWithoutALeaseSendsOtherNodesAway() throws Exception {
        try (TestClient client = one.client().initialize()) {
            storeOfOne.cut(true);
            await().until(() -> !one.gateway().degraded().isEmpty());
            client.header(OtherNodes.HEADER, word());
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(421);
        }
    }

    private String word() {
        return new OtherNodes(storeOfTwo.credentialKey(), Transport.available()).word();
    }

    @Test
    void theSessionsOfANodeThatStopsGoOnAtOnce() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            leave();
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whatComesToANodeThatStopsIsServedByTheOthers() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient begins = one.client()) {
            assertThat(one.gateway().beginStop(STOP)).isTrue();
            assertThat(one.gateway().degraded()).containsExactly("stopping");
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            begins.initialize();
            assertThat(two.metric("sessions_created_total")).isEqualTo(1);
            CompletableFuture<Integer> handedOver = CompletableFuture.supplyAsync(this::handOver);
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            assertThat(handedOver.get()).as("writes that were not stored").isZero();
            assertThat(two.metric("session_claims_total{outcome=\"handed_over\"}"))
                    .isEqualTo(1);
            CompletableFuture<HttpResponse<InputStream>> later = client.callLater("2");
            server.nextRequest().result("done");
            assertThat(later.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aNodeThatGoesOnAndDoesNotHaveTheSessionYetIsAskedAgain() throws Exception {
        try (TestClient client = one.client().initialize();
                ScriptedServer older = new ScriptedServer()) {
            storeOfTwo.address(older.url().getAuthority());
            assertThat(one.gateway().beginStop(STOP)).isTrue();
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            fromNode(older.nextRequest(), OtherNodes.MISDIRECTED, word()).empty(421);
            fromNode(older.nextRequest(), OtherNodes.HEADER, word()).result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            storeOfTwo.address(two.url("").getAuthority());
        }
    }

    private Request fromNode(Request request, String header, String value) {
        request.exchange().getResponseHeaders().set(OtherNodes.HEADER, word());
        request.exchange().getResponseHeaders().set(header, value);
        return request;
    }

    @Test
    void aNodeThatStopsTooIsNotWaitedFor() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = two.client().initialize()) {
            assertThat(one.gateway().beginStop(STOP)).isTrue();
            assertThat(two.gateway().beginStop(STOP)).isTrue();
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(503);
            assertThat(other.post(TestClient.call("1")).statusCode()).isEqualTo(503);
            for (GatewayFixture each : List.of(one, two)) {
                assertThat(each.metric("requests_forward_failures_total{reason=\"misdirected\"}"))
                        .as("the other one was asked, and not again")
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void aCallUnderWayIsLeftToTheOthersAtOnce() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event("u1", WORKING);
            InputStream answer = call.get().body();
            one.gateway().beginStop(STOP);
            assertThat(one.gateway().drain(Duration.ofSeconds(10)))
                    .as("nothing is waited for that others can fetch")
                    .isTrue();
            one.gateway().sendClientsAway();
            List<String> lines = new String(answer.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            String cursor = lines.stream()
                    .filter(line -> line.startsWith("id: "))
                    .toList()
                    .getLast()
                    .substring(4);
            String told = lines.stream()
                    .filter(line -> line.startsWith("retry: "))
                    .toList()
                    .getLast();
            assertThat(Integer.parseInt(told.substring(7)))
                    .as("others are there")
                    .isBetween(30, 90);
            await().untilAsserted(() -> assertThatThrownBy(() -> stream.raw(": nobody\n"))
                    .as("the upstream is left, so that another node can have the stream")
                    .isInstanceOf(IOException.class));
            CompletableFuture<Events> resumed = CompletableFuture.supplyAsync(() -> open(other, cursor));
            handOver();
            Request resume = server.nextGet();
            assertThat(resume.header("Last-Event-ID")).isEqualTo("u1");
            resume.sse().event("u2", request.resultOf("done"));
            try (Events events = resumed.get()) {
                assertThat(events.rest()).extracting(Event::data).contains(request.resultOf("done"));
            }
        }
    }

    @Test
    void aStreamThatIsToBeAskedForAgainIsLeftToTheOthersToo() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Stream stream = server.nextRequest().sse();
            stream.raw("retry: 1000\n\n");
            stream.event("u1", WORKING);
            try (Events events = new Events(call.get())) {
                events.nextMessage();
                stream.end();
                assertThat(one.gateway().beginStop(STOP)).isTrue();
                one.gateway().sendClientsAway();
                assertThat(server.seesNoGetFor(Duration.ofMillis(1_500)))
                        .as("whoever goes on with it asks")
                        .isTrue();
            }
        }
    }

    @Test
    void aStreamThatANodeSendsOnEndsWithItsStopAndIsToldToComeBack() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            Stream stream = server.nextRequest().sse();
            stream.event("u1", WORKING);
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(call.get().body(), StandardCharsets.UTF_8));
            two.gateway().beginStop(STOP);
            assertThat(two.gateway().drain(Duration.ofSeconds(10))).isTrue();
            two.gateway().sendClientsAway();
            stream.event("u2", WORKING.replace("message", "second"));
            assertThat(lines.lines().takeWhile(line -> !line.contains("second")))
                    .as("it goes on while the node stops")
                    .isNotEmpty();
            handOver(two, Duration.ofSeconds(10));
            assertThat(lines.lines().toList()).anyMatch(line -> line.matches("retry: [3-9]\\d"));
        }
    }

    @Test
    void aStreamThatANodeSendsOnIsNotEndedBeforeItsClientHasAnId() throws Exception {
        server.revision("2025-06-18"); // no priming
        try (TestClient client = one.client().initialize(TestClient.OLDER_INITIALIZE);
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            Stream stream = server.nextRequest().sse();
            assertThat(two.gateway().beginStop(STOP)).isTrue();
            CompletableFuture<Integer> handedOver =
                    CompletableFuture.supplyAsync(() -> handOver(two, Duration.ofSeconds(20)));
            await().until(() -> storeOfOne.others().isEmpty());
            assertThatThrownBy(() -> handedOver.get(3 * LEASE.toMillis(), MILLISECONDS))
                    .as("the client could not come back")
                    .isInstanceOf(TimeoutException.class);
            stream.event("u1", WORKING);
            assertThat(new Events(call.get()).nextMessage().id()).isNotEmpty();
            assertThat(handedOver.get(10, SECONDS)).isZero();
        }
    }

    @Test
    void whoHasNoIdOfAStreamThatANodeSendsOnIsAnsweredAtTheEndOfItsStop() throws Exception {
        assertThat(answerAtTheEndOfTheStopOfTheOther(Request::sse).statusCode()).isEqualTo(502);
    }

    @Test
    void aCallThatANodeSendsOnIsAnsweredAtTheEndOfItsStop() throws Exception {
        assertThat(answerAtTheEndOfTheStopOfTheOther(_ -> {}).statusCode()).isEqualTo(502);
    }

    @Test
    void aCallThatBecomesAStreamAfterItsNodeGaveAllAwayGetsNoId() throws Exception {
        try (TestClient client = one.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest();
            assertThat(one.gateway().beginStop(STOP)).isTrue();
            assertThat(one.gateway().drain(Duration.ofMillis(100))).isFalse();
            one.gateway().sendClientsAway();
            handOver();
            try (Events events = new Events(call.get())) {
                List<Event> told = events.rest();
                assertThat(told).extracting(Event::id).containsOnly("");
                assertThat(told).extracting(Event::data).anyMatch(data -> data.contains("\"outcome\":\"unknown\""));
            }
        }
    }

    @Test
    void aRequestThatWaitsForAnotherNodeWhenItsOwnEndsIsRefused() throws Exception {
        ScriptedServer nobody = new ScriptedServer();
        nobody.close();
        try (TestClient client = two.client().initialize();
                TestClient other = one.client().as(client.session())) {
            storeOfTwo.address(nobody.url().getAuthority());
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("1");
            await().until(() -> one.gateway().nodes().waiting() > 0);
            one.gateway().endForwarded(Duration.ZERO);
            HttpResponse<InputStream> answer = call.get();
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("This node stops");
        } finally {
            storeOfTwo.address(two.url("").getAuthority());
        }
    }

    /** Of a call of an older revision, which takes no id before its first event. */
    private HttpResponse<InputStream> answerAtTheEndOfTheStopOfTheOther(ThrowingConsumer<Request> begun)
            throws Exception {
        server.revision("2025-06-18");
        try (TestClient client = one.client().initialize(TestClient.OLDER_INITIALIZE);
                TestClient other = atOther(client)) {
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("7");
            begun.accept(server.nextRequest());
            assertThat(two.gateway().beginStop(STOP)).isTrue();
            two.gateway().sendClientsAway();
            handOver(two, Duration.ofSeconds(1));
            HttpResponse<InputStream> answer = call.get();
            assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\"id\":7", "\"outcome\":\"unknown\"");
            return answer;
        }
    }

    @Test
    void whileAStopWaitsForACallThatNobodyCouldGoOnWithTheOthersAreServed() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient served = one.client().initialize();
                TestClient servedByOther = atOther(served)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request without = server.nextRequest(); // event ids
            assertThat(one.gateway().beginStop(STOP)).isTrue();
            CompletableFuture<Boolean> drained =
                    CompletableFuture.supplyAsync(() -> one.gateway().drain(Duration.ofSeconds(15)));
            await().until(() -> one.gateway().nodes().servesOn());
            for (TestClient each : List.of(served, servedByOther)) {
                CompletableFuture<HttpResponse<InputStream>> meanwhile = each.callLater("2");
                server.nextRequest().result("done");
                assertThat(meanwhile.get().statusCode()).isEqualTo(200);
            }
            assertThat(drained).isNotDone();
            without.result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            assertThat(drained.get()).isTrue();
            assertThat(two.metric("session_claims_total{outcome=\"handed_over\"}"))
                    .isZero();
        }
    }

    @Test
    void aNodeThatIsAloneServesOnWhileItStops() throws Exception {
        storeOfTwo.cut(true);
        await().until(() -> storeOfOne.others().isEmpty());
        try (TestClient client = one.client().initialize()) {
            assertThat(one.gateway().beginStop(STOP)).isFalse();
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aNodeWhoseStoreGivesNoAnswerStopsAllTheSame() throws Exception {
        storeOfOne.freeze();
        try {
            assertThat(one.gateway().beginStop(Duration.ofMillis(100))).isFalse();
        } finally {
            storeOfOne.thaw();
        }
    }

    @Test
    void aNodeAsksNoFurtherThanTheHolder() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient node = atOther(client).header(OtherNodes.HEADER, word());
                TestClient stranger = atOther(client).header(OtherNodes.HEADER, "guess")) {
            assertThat(node.post(TestClient.call("1")).statusCode()).isEqualTo(421);
            CompletableFuture<HttpResponse<InputStream>> call = stranger.callLater("1");
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
        }
    }
}
