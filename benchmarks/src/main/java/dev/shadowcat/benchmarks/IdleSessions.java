package dev.shadowcat.benchmarks;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that were opened and left alone: no connection stays. One in a hundred made a call that was answered by an event
 * stream, and knows the id of an event in the middle of it.
 */
final class IdleSessions {
    private static final String ID = "id: ";
    private static final String DATA = "data: ";
    private static final int AT_ONCE = 16;
    private static final int SAMPLED = 100;
    private static final int SEEN = 3; // events of the answer that the client says it saw

    private final URI endpoint;
    private final HttpClient client;
    private final List<Opened> all = new ArrayList<>();

    private record Opened(String session, @Nullable Cursor cursor) {}

    private record Cursor(String id, List<String> after) {}

    IdleSessions(URI endpoint) {
        this.endpoint = endpoint;
        ExecutorService threads =
                Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().factory());
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(threads)
                .build();
    }

    void open(int count) {
        int before = all.size();
        all.addAll(Together.run(count, AT_ONCE, index -> open((before + index) % SAMPLED == 0)));
    }

    void deleteAll() {
        Together.run(
                all.size(),
                AT_ONCE,
                index -> send(request(all.get(index).session()).DELETE().build()));
        all.clear();
    }

    int sampled() {
        return (int) all.stream().filter(each -> each.cursor() != null).count();
    }

    /** Comes back to each sampled session after its cursor; returns how many got exactly what followed. */
    int resumeSampled() {
        List<Opened> sampled =
                all.stream().filter(each -> each.cursor() != null).toList();
        List<Boolean> whole = Together.run(sampled.size(), AT_ONCE, index -> resume(sampled.get(index)));
        return (int) whole.stream().filter(each -> each).count();
    }

    private CompletableFuture<Opened> open(boolean calls) {
        HttpRequest initialize = request("")
                .POST(HttpRequest.BodyPublishers.ofString(Requests.INITIALIZE))
                .build();
        return send(initialize).thenCompose(answer -> {
            String session = answer.headers()
                    .firstValue("Mcp-Session-Id")
                    .orElseThrow(() -> new IllegalStateException("no session: " + answer.statusCode()));
            return calls ? call(session) : CompletableFuture.completedFuture(new Opened(session, null));
        });
    }

    private CompletableFuture<Opened> call(String session) {
        HttpRequest call = request(session)
                .POST(HttpRequest.BodyPublishers.ofString(Requests.callBody("events")))
                .build();
        return send(call).thenApply(answer -> {
            List<String> ids = idsOfMessages(answer.body());
            List<String> data = messages(answer.body());
            if (ids.size() != UpstreamAnswers.EVENTS || data.size() != ids.size()) {
                throw new IllegalStateException("not the answer of " + UpstreamAnswers.EVENTS + " events: " + ids);
            }
            return new Opened(session, new Cursor(ids.get(SEEN - 1), data.subList(SEEN, data.size())));
        });
    }

    private CompletableFuture<Boolean> resume(Opened opened) {
        Cursor cursor = opened.cursor();
        if (cursor == null) {
            throw new IllegalArgumentException("not sampled");
        }
        HttpRequest resume = request(opened.session())
                .header("Last-Event-ID", cursor.id())
                .GET()
                .build();
        return send(resume).thenApply(answer -> messages(answer.body()).equals(cursor.after()));
    }

    private static List<String> messages(String body) {
        return body.lines()
                .filter(line -> line.startsWith(DATA) && line.length() > DATA.length())
                .toList();
    }

    /** The ids of events with a message: one without primes the client. */
    private static List<String> idsOfMessages(String body) {
        return Arrays.stream(body.split("\n\n", -1))
                .filter(event -> !messages(event).isEmpty())
                .flatMap(String::lines)
                .filter(line -> line.startsWith(ID))
                .map(line -> line.substring(ID.length()))
                .toList();
    }

    private HttpRequest.Builder request(String session) {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream");
        if (!session.isEmpty()) {
            request.header("Mcp-Session-Id", session).header("MCP-Protocol-Version", "2025-11-25");
        }
        return request;
    }

    private CompletableFuture<HttpResponse<String>> send(HttpRequest request) {
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }
}
