package dev.shadowcat.mcp;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * What a client says when it opens a session.
 *
 * @param protocolVersion the revision that it asks for
 * @param clientName its name in {@code clientInfo}, where it gives one
 * @param clientVersion its version in {@code clientInfo}, where it gives one
 */
public record InitializeRequest(
        String protocolVersion,
        @Nullable String clientName,
        @Nullable String clientVersion) {

    /** Reads it from a message that {@link MessageReader} knew as a request; empty where it names no revision. */
    public static Optional<InitializeRequest> read(byte[] buffer, int offset, int length) {
        try (JsonParser parser = Json.secludedParser(buffer, offset, length)) {
            return Initialization.read(parser, "params", "clientInfo")
                    .map(found -> new InitializeRequest(found.protocolVersion(), found.name(), found.version()));
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    /** Reads it from a message that fills an array. */
    public static Optional<InitializeRequest> read(byte[] message) {
        return read(message, 0, message.length);
    }
}
