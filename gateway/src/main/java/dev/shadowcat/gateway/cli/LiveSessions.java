package dev.shadowcat.gateway.cli;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sessions of a running gateway, read over its admin port. */
final class LiveSessions implements SessionSource {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final AdminPort port;

    LiveSessions(AdminPort port) {
        this.port = port;
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
        port.close();
    }

    private static String checked(String session) {
        if (!session.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new Failure("there is no session " + session);
        }
        return session;
    }

    private List<String> lines(String path) {
        HttpResponse<String> answer = port.get(path);
        if (answer.statusCode() != 200) {
            throw new Failure("the running gateway says: "
                    + JSON.readTree(answer.body()).path("error").asString(answer.body()));
        }
        return answer.body().lines().toList();
    }
}
