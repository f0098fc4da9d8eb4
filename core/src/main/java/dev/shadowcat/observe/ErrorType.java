package dev.shadowcat.observe;

import java.util.Locale;

/** Why something failed, as telemetry names it where neither an HTTP status nor a JSON-RPC error says so: its {@code error.type}. */
public enum ErrorType {
    /** The client took the request back. */
    CANCELLED,
    /** The session ended before there was an answer. */
    DELETED,
    /** The gateway stopped before there was an answer. */
    STOPPED,
    /** A tool's result says that the tool failed. */
    TOOL_ERROR,
    /** The upstream took no byte of it. */
    CONNECT_FAILED,
    /** It was sent, and its outcome is not known. */
    CONNECTION_LOST,
    /** No answer came in time. */
    TIMEOUT,
    /** The answer cannot be read, or breaks a limit. */
    INVALID_ANSWER,
    /** The upstream had forgotten the session. */
    FORGOTTEN,
    /** The upstream did not begin a new session. */
    REFUSED,
    /** The store did not take it. */
    STORE_FAILED,
    /** The client left before an answer began. */
    CLIENT_GONE,
    /** The gateway left the upstream, for want of anyone to answer. */
    CLOSED;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** As telemetry writes it. */
    public String text() {
        return text;
    }
}
