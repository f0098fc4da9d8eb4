package dev.shadowcat.mcp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** What the request and the result of {@code initialize} have in common. */
record Initialization(
        String protocolVersion,
        List<String> capabilities,
        @Nullable String name,
        @Nullable String version) {
    private static final int MAX_CAPABILITIES = 128;
    private static final int MAX_CAPABILITY_CHARS = 128;
    private static final int MAX_DEPTH = 3;

    /**
     * Reads one from a whole message.
     *
     * @param member where it is: {@code params} or {@code result}
     * @param info where the peer names itself
     */
    static Optional<Initialization> read(JsonParser parser, String member, String info) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return Optional.empty();
        }
        Optional<Initialization> found = Optional.empty();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            if (parser.nextToken() == JsonToken.START_OBJECT && name.equals(member)) {
                found = readBody(parser, info);
            } else {
                parser.skipChildren();
            }
        }
        return found;
    }

    private static Optional<Initialization> readBody(JsonParser parser, String info) {
        String protocolVersion = null;
        String name = null;
        String version = null;
        TreeSet<String> capabilities = new TreeSet<>();
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken value = parser.nextToken();
            if (member.equals("protocolVersion")) {
                protocolVersion = Json.text(parser);
            } else if (member.equals("capabilities") && value == JsonToken.START_OBJECT) {
                flatten(parser, "", 1, capabilities);
            } else if (member.equals(info) && value == JsonToken.START_OBJECT) {
                for (String field = parser.nextName(); field != null; field = parser.nextName()) {
                    parser.nextToken();
                    switch (field) {
                        case "name" -> name = Json.text(parser);
                        case "version" -> version = Json.text(parser);
                        default -> parser.skipChildren();
                    }
                }
            } else {
                parser.skipChildren();
            }
        }
        return protocolVersion == null
                ? Optional.empty()
                : Optional.of(new Initialization(protocolVersion, new ArrayList<>(capabilities), name, version));
    }

    private static void flatten(JsonParser parser, String prefix, int depth, TreeSet<String> paths) {
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken value = parser.nextToken();
            String path = prefix + member;
            boolean declared = value == JsonToken.START_OBJECT || value == JsonToken.VALUE_TRUE;
            if (declared && paths.size() < MAX_CAPABILITIES && path.length() <= MAX_CAPABILITY_CHARS) {
                paths.add(path);
            }
            if (value == JsonToken.START_OBJECT && depth < MAX_DEPTH) {
                flatten(parser, path + ".", depth + 1, paths);
            } else {
                parser.skipChildren();
            }
        }
    }
}
