package dev.shadowcat.gateway.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sessions of a running gateway, read over its admin port. */
final class LiveSessions implements SessionSource {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HttpClient client;
    private final String admin;

    private LiveSessions(HttpClient client, String admin) {
        this.client = client;
        this.admin = admin;
    }

    /** Empty where nobody listens there. */
    static Optional<SessionSource> at(String admin) {
        HttpClient client =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
        LiveSessions live = new LiveSessions(client, admin);
        try {
            if (live.get("/health").statusCode() == 200) {
                return Optional.of(live);
            }
        } catch (ConnectException | HttpConnectTimeoutException nobody) {
            client.close();
            return Optional.empty();
        } catch (IOException broken) {
            throw new Failure("the admin port " + admin + " does not answer: " + broken.getMessage());
        }
        client.close();
        return Optional.empty();
    }

    @Override
    public void sessions(Consumer<String> lines) {
        List<String> page = lines("/sessions");
        while (!page.isEmpty()) {
            page.forEach(lines);
            String last = JSON.readTree(page.getLast()).path("session").asString("");
            // Shortened ids mean a port that is open to others; it tells the first page only.
            page = last.endsWith("…") ? List.of() : lines("/sessions?after=" + last);
        }
    }

    @Override
    public List<Integer> streams(String session) {
        List<Integer> numbers = new ArrayList<>();
        for (String line : lines("/sessions/" + checked(session))) {
            for (JsonNode stream : JSON.readTree(line).path("streams")) {
                numbers.add(stream.path("stream").asInt(0));
            }
        }
        return numbers;
    }

    @Override
    public List<String> events(String session, int stream, long after) {
        return lines("/sessions/" + checked(session) + "/events?stream=" + stream + "&after=" + after);
    }

    @Override
    public void close() {
        client.close();
    }

    private static String checked(String session) {
        if (!session.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new Failure("there is no session " + session);
        }
        return session;
    }

    private List<String> lines(String path) {
        try {
            HttpResponse<String> answer = get(path);
            if (answer.statusCode() != 200) {
                throw new Failure("the running gateway says: "
                        + JSON.readTree(answer.body()).path("error").asString(answer.body()));
            }
            return answer.body().lines().toList();
        } catch (IOException broken) {
            throw new Failure("the admin port " + admin + " does not answer: " + broken.getMessage());
        }
    }

    private HttpResponse<String> get(String path) throws IOException {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(admin + path))
                    .timeout(PATIENCE)
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }
}
