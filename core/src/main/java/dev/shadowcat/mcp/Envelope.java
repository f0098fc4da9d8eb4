package dev.shadowcat.mcp;

import org.jspecify.annotations.Nullable;

/**
 * What a gateway must know of one JSON-RPC message; the payload stays where it is.
 *
 * @param kind what the message is
 * @param id the request's id: always there for requests and results, may be missing on errors, never on notifications
 * @param idSpan where the id stands in the message, or the null in its place; there whenever the id is
 * @param method on requests and notifications; one of {@link McpMethod}'s own Strings where it is known there
 * @param params what was read inside {@code params}
 * @param failure on errors, and on results that say that they are none; null on all other messages
 */
public record Envelope(
        Kind kind,
        @Nullable RequestId id,
        @Nullable Span idSpan,
        @Nullable String method,
        Params params,
        @Nullable Failure failure) {

    /** The kinds of JSON-RPC message. */
    public enum Kind {
        REQUEST,
        NOTIFICATION,
        RESULT,
        ERROR
    }

    /**
     * What was read inside {@code params}.
     *
     * @param target the tool, prompt or resource that is meant
     * @param progressToken the request's token for progress, or the one that a progress notification names, as JSON text
     * @param cancelledId the request that {@code notifications/cancelled} names
     * @param cancelledIdSpan where that id stands in the message; there whenever {@code cancelledId} is
     * @param modernVersion the revision in {@code _meta}, which only the stateless era writes
     * @param logLevel the level of {@code logging/setLevel}
     * @param trace the trace context of the caller in {@code _meta}
     */
    public record Params(
            @Nullable String target,
            @Nullable String progressToken,
            @Nullable RequestId cancelledId,
            @Nullable Span cancelledIdSpan,
            @Nullable String modernVersion,
            @Nullable String logLevel,
            @Nullable TraceFields trace) {
        /** Nothing that a gateway needs. */
        public static final Params NONE = new Params(null, null, null, null, null, null, null);
    }

    public boolean isRequest() {
        return kind == Kind.REQUEST;
    }

    public boolean isNotification() {
        return kind == Kind.NOTIFICATION;
    }

    /** Whether it answers a request, well or ill. */
    public boolean isAnswer() {
        return kind == Kind.RESULT || kind == Kind.ERROR;
    }

    /** Whether it has this method. */
    public boolean is(String wanted) {
        return wanted.equals(method);
    }

    /** Whether it was written in the era without sessions. */
    public boolean isStateless() {
        return params.modernVersion != null;
    }

    /** Whether the id stands in the message just as this one is written: peers may not hold 7.0 for 7. */
    public boolean shows(RequestId wanted) {
        boolean asWritten = idSpan == null
                || wanted.isText()
                || idSpan.length() == wanted.json().length();
        return wanted.equals(id) && asWritten;
    }

    /** See {@link Params#target}. */
    public @Nullable String target() {
        return params.target;
    }

    /** See {@link Params#progressToken}. */
    public @Nullable String progressToken() {
        return params.progressToken;
    }

    /** See {@link Params#cancelledId}. */
    public @Nullable RequestId cancelledId() {
        return params.cancelledId;
    }

    /** See {@link Params#cancelledIdSpan}. */
    public @Nullable Span cancelledIdSpan() {
        return params.cancelledIdSpan;
    }

    /** See {@link Params#modernVersion}. */
    public @Nullable String modernVersion() {
        return params.modernVersion;
    }

    /** See {@link Params#logLevel}. */
    public @Nullable String logLevel() {
        return params.logLevel;
    }

    /** See {@link Params#trace}. */
    public @Nullable TraceFields trace() {
        return params.trace;
    }
}
