package dev.shadowcat.mcp;

/** Why an answer is not what was asked for. */
public sealed interface Failure {
    /**
     * A JSON-RPC error.
     *
     * @param code 0 where it is none that a long holds
     * @param message at most {@link #MAX_MESSAGE_CHARS} of it
     */
    record Refused(long code, String message) implements Failure {}

    /** A result that says of itself that the tool failed ({@code isError}). */
    record Tool() implements Failure {}

    /** How much of an error's message is read. */
    int MAX_MESSAGE_CHARS = 256;
}
