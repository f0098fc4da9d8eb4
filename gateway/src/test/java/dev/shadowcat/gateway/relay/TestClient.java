package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A client of one session, as plain as HTTP allows. */
final class TestClient implements AutoCloseable {
    static final String INITIALIZE = """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},\
            "clientInfo":{"name":"test","version":"1"}}}""";

    /** Of a revision whose clients take no id before their first event. */
    static final String OLDER_INITIALIZE = INITIALIZE.replace("2025-11-25", "2025-06-18");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI url;
    private String session = "";
    private String authorization = "";
    private final Map<String, String> headers = new HashMap<>();

    TestClient(URI url) {
        this.url = url;
    }

    /** The same session seen by another client, perhaps through another gateway. */
    TestClient as(String id) {
        session = id;
        return this;
    }

    /** From here on with these credentials. */
    TestClient bearer(String token) {
        authorization = "Bearer " + token;
        return this;
    }

    /** From here on with this header. */
    TestClient header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    String session() {
        return session;
    }

    SessionId sessionId() {
        return SessionId.parse(session).orElseThrow();
    }

    TestClient initialize() throws IOException, InterruptedException {
        return initialize(INITIALIZE);
    }

    TestClient initialize(String request) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = post(request);
        if (answer.statusCode() != 200) {
            throw new AssertionError("initialize: " + answer.statusCode() + " " + text(answer));
        }
        text(answer);
        session = answer.headers().firstValue("mcp-session-id").orElseThrow();
        return this;
    }

    HttpResponse<InputStream> post(String body) throws IOException, InterruptedException {
        return http.send(request(body), BodyHandlers.ofInputStream());
    }

    /** A post of a body whose length its sender does not know before. */
    HttpResponse<InputStream> postChunked(String body) throws IOException, InterruptedException {
        HttpRequest.BodyPublisher known = HttpRequest.BodyPublishers.ofString(body);
        HttpRequest.Builder request = builder().header("Content-Type", "application/json");
        return http.send(
                request.POST(HttpRequest.BodyPublishers.fromPublisher(known)).build(), BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<InputStream>> postLater(String body) {
        return http.sendAsync(request(body), BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<InputStream>> callLater(String id) {
        return postLater(call(id));
    }

    /** A call of a tool; the id is JSON text. */
    static String call(String id) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"t\"}}";
    }

    private HttpRequest request(String body) {
        HttpRequest.Builder request = builder().header("Content-Type", "application/json");
        return request.POST(HttpRequest.BodyPublishers.ofString(body)).build();
    }

    private HttpRequest.Builder builder() {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url).header("Accept", "application/json, text/event-stream");
        if (!session.isEmpty()) {
            request.header("Mcp-Session-Id", session);
        }
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        headers.forEach(request::setHeader);
        return request;
    }

    /** Opens a stream; {@code ""} is no cursor. */
    Events get(String cursor) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = tryGet(cursor);
        if (answer.statusCode() != 200) {
            throw new AssertionError("GET: " + answer.statusCode() + " " + text(answer));
        }
        return new Events(answer);
    }

    HttpResponse<InputStream> tryGet(String cursor) throws IOException, InterruptedException {
        HttpRequest.Builder request = builder().GET();
        if (!cursor.isEmpty()) {
            request.header("Last-Event-ID", cursor);
        }
        return http.send(request.build(), BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<InputStream>> getLater() {
        return http.sendAsync(builder().GET().build(), BodyHandlers.ofInputStream());
    }

    HttpResponse<InputStream> delete() throws IOException, InterruptedException {
        return http.send(builder().DELETE().build(), BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<InputStream>> deleteLater() {
        return http.sendAsync(builder().DELETE().build(), BodyHandlers.ofInputStream());
    }

    static String text(HttpResponse<InputStream> answer) throws IOException {
        try (InputStream body = answer.body()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }

    /** One event as the client sees it; {@code id} is {@code ""} where it has none. */
    record Event(String id, String data) {}

    /** An SSE answer, read event by event. */
    static final class Events implements AutoCloseable {
        private final BufferedReader lines;

        Events(HttpResponse<InputStream> answer) {
            lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        }

        /** The next event with an id or data; throws at the end. */
        Event next() throws IOException {
            String id = "";
            StringBuilder data = new StringBuilder();
            while (true) {
                String line = lines.readLine();
                if (line == null) {
                    throw new IOException("the stream ended");
                }
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    data.append(line.substring(6));
                } else if (line.isEmpty() && (!id.isEmpty() || !data.isEmpty())) {
                    return new Event(id, data.toString());
                }
            }
        }

        /** The next event with data. */
        Event nextMessage() throws IOException {
            Event event = next();
            while (event.data().isEmpty()) {
                event = next();
            }
            return event;
        }

        /** All that is left, up to the end of the stream. */
        List<Event> rest() {
            List<Event> all = new ArrayList<>();
            try {
                while (true) {
                    all.add(next());
                }
            } catch (IOException ended) {
                return all;
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
