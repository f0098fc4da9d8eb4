package dev.shadowcat.session;

import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests that an upstream sent to the client and that are not answered yet. Ids of later generations carry a prefix, so
 * that an answer to an old one never reaches a new upstream session. The session's thread only.
 */
public final class ServerRequests implements Measured {
    private static final int MAX_OPEN = 1_000;
    private static final String PREFIX = "shadowcat-g";

    private final Map<RequestId, Open> open = new LinkedHashMap<>(4);

    private record Open(RequestId upstreamId, int generation) {}

    /** Remembers a request of the upstream and returns the id that the client is to see. */
    public RequestId shown(RequestId upstreamId, int generation) {
        RequestId clientId = generation == 1 ? upstreamId : prefixed(upstreamId, generation);
        if (open.size() == MAX_OPEN) {
            open.remove(open.keySet().iterator().next());
        }
        open.put(clientId, new Open(upstreamId, generation));
        return clientId;
    }

    /**
     * The upstream's id of the request that a client answers.
     *
     * @return null where the request belongs to an older generation: the answer goes nowhere
     */
    public @Nullable RequestId answered(RequestId clientId, int generation) {
        Open request = open.remove(clientId);
        if (request != null) {
            return request.generation == generation ? request.upstreamId : null;
        }
        // Not known, for instance since a restart of ours: only ids of the generation in force may pass.
        RequestId unprefixed = unprefixed(clientId, generation);
        return generation == 1 ? clientId : unprefixed;
    }

    /** Forgets the requests of generations before this one and returns their ids as the client knows them. */
    List<RequestId> abandon(int generation) {
        List<RequestId> abandoned = new ArrayList<>();
        open.entrySet().removeIf(each -> {
            boolean old = each.getValue().generation < generation;
            if (old) {
                abandoned.add(each.getKey());
            }
            return old;
        });
        return abandoned;
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(open).entries(open.size());
        open.forEach((clientId, request) ->
                footprint.add(clientId).text(clientId.json()).add(request));
    }

    private static RequestId prefixed(RequestId id, int generation) {
        return RequestId.ofText(PREFIX + generation + "-" + id.json());
    }

    private static @Nullable RequestId unprefixed(RequestId clientId, int generation) {
        String start = PREFIX + generation + "-";
        String json = clientId.json();
        if (!json.startsWith("\"" + start)) {
            return null;
        }
        String rest = json.substring(1 + start.length(), json.length() - 1)
                .replace("\\\"", "\"")
                .replace("\\\\", "\\");
        return rest.isEmpty() ? null : new RequestId(rest);
    }
}
