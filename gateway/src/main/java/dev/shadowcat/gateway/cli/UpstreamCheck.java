package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.UpstreamSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Checks that one upstream speaks MCP, and how well its streams can be resumed. */
final class UpstreamCheck implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_BYTES = 1 << 20;
    private static final String VERSION = "2025-11-25";

    private static final String INITIALIZE = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"%s","capabilities":{},
             "clientInfo":{"name":"shadowcat-doctor","version":"1"}}}""".formatted(VERSION);

    private static final String DISCOVER = """
            {"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{
             "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""";

    private final UpstreamSettings upstream;
    private final Doctor doctor;
    private final HttpClient client;
    private final String what;

    UpstreamCheck(UpstreamSettings upstream, Doctor doctor) {
        this.upstream = upstream;
        this.doctor = doctor;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(upstream.connectTimeout())
                .build();
        this.what = upstream.name().isEmpty() ? "upstream" : "upstream " + upstream.name();
    }

    void run() {
        try {
            check();
        } catch (ConnectException refused) {
            doctor.fail(
                    what,
                    unresolved(refused)
                            ? "unknown host: " + upstream.url().getHost() + "; correct the URL"
                            : "nobody listens at " + upstream.url() + "; start the server or correct the URL");
        } catch (HttpTimeoutException slow) {
            doctor.fail(what, "no answer from " + upstream.url() + " within " + PATIENCE.toSeconds() + " s");
        } catch (IOException broken) {
            doctor.fail(what, upstream.url() + ": " + broken.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }

    private void check() throws IOException, InterruptedException {
        Answer answer = post(INITIALIZE, "");
        if (answer.status == 401 || answer.status == 403) {
            doctor.warn(
                    what,
                    "asks for credentials (HTTP " + answer.status
                            + "); clients' own pass through, or give some with upstream.headers");
            return;
        }
        JsonNode result = answer.message.path("result");
        if (!result.has("protocolVersion")) {
            stateless(answer);
            return;
        }
        String version = result.path("protocolVersion").asString("");
        String name = result.path("serverInfo").path("name").asString("a server without name");
        doctor.ok(what, name + " speaks MCP " + version + (answer.session.isEmpty() ? ", without sessions" : ""));
        post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", answer.session);
        Answer ping = post("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}", answer.session);
        if (!ping.message.has("result")) {
            doctor.fail(what, "does not answer ping (HTTP " + ping.status + "); credentials cannot be checked by it");
        }
        eventIds(answer.eventIds || ping.eventIds, answer.streamed || ping.streamed);
        standalone(answer.session);
        if (!answer.session.isEmpty()) {
            send(request(answer.session).DELETE());
        }
    }

    private void stateless(Answer initialize) throws IOException, InterruptedException {
        HttpRequest.Builder request = request("")
                .setHeader("MCP-Protocol-Version", "2026-07-28")
                .setHeader("Mcp-Method", "server/discover")
                .POST(HttpRequest.BodyPublishers.ofString(DISCOVER));
        Answer answer = send(request);
        if (answer.message.path("result").isObject()) {
            doctor.ok(
                    what, "speaks MCP 2026-07-28, the stateless revision: requests pass through, nothing is to resume");
            return;
        }
        if (!initialize.location.isEmpty()) {
            doctor.fail(what, upstream.url() + " redirects to " + initialize.location + "; give that URL instead");
            return;
        }
        doctor.fail(
                what,
                upstream.url() + " does not speak MCP: HTTP " + initialize.status
                        + (initialize.type.isEmpty() ? "" : " with " + initialize.type)
                        + " to initialize; is the path right (often /mcp)?");
    }

    private void eventIds(boolean given, boolean streamed) {
        if (given) {
            doctor.ok(what, "gives event ids: the gateway resumes calls in flight after a restart of its own");
        } else if (streamed) {
            doctor.warn(
                    what,
                    "gives no event ids: clients may drop and resume, but a call in flight when the gateway"
                            + " itself is killed ends in an error; an event store in the server would cure it");
        } else {
            doctor.ok(what, "answers in plain JSON: slow answers become streams that can be resumed");
        }
    }

    private void standalone(String session) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = client.send(
                request(session).setHeader("Accept", "text/event-stream").GET().build(),
                HttpResponse.BodyHandlers.ofInputStream());
        response.body().close();
        if (response.statusCode() == 200) {
            doctor.ok(what, "offers the standalone stream (GET)");
        } else if (response.statusCode() == 405 || response.statusCode() == 501) {
            doctor.ok(
                    what,
                    "offers no standalone stream (" + response.statusCode()
                            + " to GET), so it announces nothing on its own");
        } else {
            doctor.warn(what, "answers GET with HTTP " + response.statusCode() + " where 200 or 405 is due");
        }
    }

    private static boolean unresolved(Throwable refused) {
        return Stream.iterate(refused, Objects::nonNull, Throwable::getCause)
                .anyMatch(UnresolvedAddressException.class::isInstance);
    }

    private Answer post(String message, String session) throws IOException, InterruptedException {
        return send(request(session).POST(HttpRequest.BodyPublishers.ofString(message)));
    }

    private HttpRequest.Builder request(String session) {
        HttpRequest.Builder request = HttpRequest.newBuilder(upstream.url())
                .timeout(PATIENCE)
                .setHeader("Content-Type", "application/json")
                .setHeader("Accept", "application/json, text/event-stream");
        upstream.headers().forEach(request::setHeader);
        if (!session.isEmpty()) {
            request.setHeader("Mcp-Session-Id", session).setHeader("MCP-Protocol-Version", VERSION);
        }
        return request;
    }

    private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            Optional<String> session = response.headers().firstValue("Mcp-Session-Id");
            String type = response.headers().firstValue("Content-Type").orElse("");
            String location = response.statusCode() / 100 == 3
                    ? response.headers().firstValue("Location").orElse("")
                    : "";
            boolean streamed = type.startsWith("text/event-stream");
            String text = streamed ? firstEvent(body) : new String(body.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
            boolean ids = streamed && text.lines().anyMatch(line -> line.startsWith("id:"));
            return new Answer(
                    response.statusCode(), type, location, session.orElse(""), streamed, ids, message(text, streamed));
        }
    }

    /** Lines until one with data. */
    private static String firstEvent(InputStream body) throws IOException {
        StringBuilder text = new StringBuilder();
        StringBuilder line = new StringBuilder();
        for (int next = body.read(); next >= 0 && text.length() < MOST_BYTES; next = body.read()) {
            line.append((char) next);
            if (next == '\n') {
                text.append(line);
                if (line.length() > "data: \n".length() && line.indexOf("data:") == 0) {
                    return text.toString();
                }
                line.setLength(0);
            }
        }
        return text.toString();
    }

    private static JsonNode message(String text, boolean streamed) {
        String json = streamed
                ? text.lines()
                        .filter(line -> line.startsWith("data:") && line.length() > "data: ".length())
                        .findFirst()
                        .map(line -> line.substring("data:".length()))
                        .orElse("")
                : text;
        try {
            return json.isBlank() ? JSON.createObjectNode() : JSON.readTree(json);
        } catch (JacksonException notJson) {
            return JSON.createObjectNode();
        }
    }

    private record Answer(
            int status,
            String type,
            String location,
            String session,
            boolean streamed,
            boolean eventIds,
            JsonNode message) {}
}
