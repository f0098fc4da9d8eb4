package dev.shadowcat.gateway.relay;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An MCP server that begins sessions by itself, and of which the test writes every other answer. */
final class ScriptedServer implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 5;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<Request> gets = new LinkedBlockingQueue<>();
    private final List<String> cookiesSeen = new CopyOnWriteArrayList<>();
    private final List<String> initializes = new CopyOnWriteArrayList<>();
    private volatile List<String> cookies = List.of();
    private volatile List<String> beforeInitialized = List.of();
    private volatile String initializeId = "";
    private volatile String revision = "2025-11-25";
    private volatile boolean standalone;
    private volatile boolean handsDeletes;
    private volatile boolean handsNotifications;
    private int sessions;

    ScriptedServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
        server.createContext("/mcp", this::handle);
        server.createContext("/.well-known/", exchange -> requests.add(new Request(exchange, "")));
        server.setExecutor(threads);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
    }

    /** Cookies that the answer to {@code initialize} sets. */
    ScriptedServer cookies(String... lines) {
        cookies = List.of(lines);
        return this;
    }

    /** The revision that it speaks, whatever the client asks for. */
    ScriptedServer revision(String spoken) {
        revision = spoken;
        return this;
    }

    /** Messages that come as SSE before the answer to {@code initialize}. */
    ScriptedServer beforeInitialized(String... messages) {
        beforeInitialized = List.of(messages);
        return this;
    }

    /** The id in the answer to {@code initialize}, whatever the request's is. */
    ScriptedServer initializeId(String json) {
        initializeId = json;
        return this;
    }

    /** Hands GETs to the test; without it they get 405. */
    ScriptedServer withStandaloneStream() {
        standalone = true;
        return this;
    }

    /** Hands DELETEs to the test; without it they get 200. */
    ScriptedServer withDeletes() {
        handsDeletes = true;
        return this;
    }

    /** From here on hands notifications to the test; without it they get 202. */
    void handNotifications() {
        handsNotifications = true;
    }

    /** The Cookie header of each request; {@code ""} where there was none. */
    List<String> cookiesSeen() {
        return cookiesSeen;
    }

    /** Each {@code initialize} as it came. */
    List<String> initializes() {
        return initializes;
    }

    Request nextRequest() throws InterruptedException {
        return next(requests);
    }

    Request nextGet() throws InterruptedException {
        return next(gets);
    }

    /** Whether no request comes in this time. */
    boolean seesNothingFor(Duration time) throws InterruptedException {
        return comesNothing(requests, time);
    }

    /** Whether nobody asks for a stream in this time. */
    boolean seesNoGetFor(Duration time) throws InterruptedException {
        return comesNothing(gets, time);
    }

    private static boolean comesNothing(BlockingQueue<Request> queue, Duration time) throws InterruptedException {
        Request came = queue.poll(time.toMillis(), TimeUnit.MILLISECONDS);
        if (came != null) {
            queue.add(came);
        }
        return came == null;
    }

    private static Request next(BlockingQueue<Request> queue) throws InterruptedException {
        Request request = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no request came");
        }
        return request;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String cookie = exchange.getRequestHeaders().getFirst("Cookie");
        cookiesSeen.add(cookie == null ? "" : cookie);
        Request request = new Request(exchange, body);
        if (exchange.getRequestMethod().equals("DELETE")) {
            if (handsDeletes) {
                requests.add(request);
            } else {
                request.empty(200);
            }
        } else if (exchange.getRequestMethod().equals("GET")) {
            if (standalone) {
                gets.add(request);
            } else {
                request.empty(405);
            }
        } else if (body.contains("\"method\":\"initialize\"")) {
            initializes.add(body);
            initialize(request);
        } else if (!body.contains("\"id\"") && !handsNotifications) {
            request.empty(202);
        } else if (body.contains("\"method\":\"ping\"")) {
            request.json(200, "{\"jsonrpc\":\"2.0\",\"id\":" + request.id() + ",\"result\":{}}");
        } else {
            requests.add(request);
        }
    }

    private synchronized void initialize(Request request) throws IOException {
        request.exchange.getResponseHeaders().add("Mcp-Session-Id", "up-" + ++sessions);
        cookies.forEach(line -> request.exchange.getResponseHeaders().add("Set-Cookie", line));
        String answer = "{\"jsonrpc\":\"2.0\",\"id\":" + (initializeId.isEmpty() ? request.id() : initializeId)
                + ",\"result\":{\"protocolVersion\":\"" + revision
                + "\",\"capabilities\":{\"tools\":{\"listChanged\":true},"
                + "\"logging\":{}},\"serverInfo\":{\"name\":\"scripted\",\"version\":\"1\"}}}";
        if (beforeInitialized.isEmpty()) {
            request.json(200, answer);
            return;
        }
        Stream stream = request.sse();
        for (String message : beforeInitialized) {
            stream.event("", message);
        }
        stream.event("", answer);
        stream.end();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    /** A request that waits for the test's answer. */
    record Request(HttpExchange exchange, String body) {
        /** The request's id as JSON text. */
        String id() {
            String after = body.substring(body.indexOf("\"id\":") + 5);
            return after.split("[,}]", 2)[0].strip();
        }

        String header(String name) {
            String value = exchange.getRequestHeaders().getFirst(name);
            return value == null ? "" : value;
        }

        void empty(int status) throws IOException {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        }

        /** Refuses for want of credentials, and says where to get them. */
        void challenge(String metadata) throws IOException {
            String challenge = "Bearer resource_metadata=\"" + metadata + "\", scope=\"a\"";
            exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
            empty(401);
        }

        void json(int status, String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        }

        /** Answers with {@code "result":{"text":…}}. */
        void result(String text) throws IOException {
            json(200, resultOf(text));
        }

        String resultOf(String text) {
            return "{\"jsonrpc\":\"2.0\",\"id\":" + id() + ",\"result\":{\"text\":\"" + text + "\"}}";
        }

        Stream sse() throws IOException {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            return new Stream(exchange.getResponseBody());
        }
    }

    /** An SSE answer under way. */
    record Stream(OutputStream out) {
        void event(String id, String data) throws IOException {
            raw((id.isEmpty() ? "" : "id: " + id + "\n") + "data: " + data + "\n\n");
        }

        void raw(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        void end() throws IOException {
            out.close();
        }
    }
}
