package dev.shadowcat.mcp;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * What a server says when it opens a session.
 *
 * @param protocolVersion the revision that the session speaks
 * @param capabilities what the server declares, flattened and sorted: the path of every object and of every {@code true},
 *     three names deep at most, such as {@code logging}, {@code tools}, {@code tools.listChanged}
 * @param serverName its name in {@code serverInfo}, where it gives one
 * @param serverVersion its version in {@code serverInfo}, where it gives one
 */
public record InitializeResult(
        String protocolVersion,
        List<String> capabilities,
        @Nullable String serverName,
        @Nullable String serverVersion) {
    public InitializeResult {
        capabilities = List.copyOf(capabilities);
    }

    /** Reads it from a message that {@link MessageReader} knew as a result; empty where it names no revision. */
    public static Optional<InitializeResult> read(byte[] buffer, int offset, int length) {
        try (JsonParser parser = Json.secludedParser(buffer, offset, length)) {
            return Initialization.read(parser, "result", "serverInfo")
                    .map(found -> new InitializeResult(
                            found.protocolVersion(), found.capabilities(), found.name(), found.version()));
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    /** Reads it from a message that fills an array. */
    public static Optional<InitializeResult> read(byte[] message) {
        return read(message, 0, message.length);
    }
}
