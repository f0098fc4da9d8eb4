package dev.shadowcat.mcp;

/** The JSON-RPC error codes that MCP peers use. */
public final class McpErrors {
    /** The message is not JSON. */
    public static final int PARSE_ERROR = -32700;

    /** It is JSON, but no JSON-RPC message. */
    public static final int INVALID_REQUEST = -32600;

    public static final int METHOD_NOT_FOUND = -32601;

    public static final int INVALID_PARAMS = -32602;

    public static final int INTERNAL_ERROR = -32603;

    /** A server's own error without a code of its own; the SDKs use it for refused sessions and closed connections. */
    public static final int SERVER_ERROR = -32000;

    /** The SDKs' code for an unknown session. */
    public static final int SESSION_NOT_FOUND = -32001;

    /** A resource is unknown (2025-11-25, server/resources, Error Handling). */
    public static final int RESOURCE_NOT_FOUND = -32002;

    /** The client must open a URL first (2025-11-25, client/elicitation). */
    public static final int URL_ELICITATION_REQUIRED = -32042;

    /** Stateless era: an HTTP header contradicts the body, which wins. */
    public static final int HEADER_MISMATCH = -32020;

    /** Stateless era: the client lacks a capability that the request needs. */
    public static final int MISSING_CLIENT_CAPABILITY = -32021;

    /** Stateless era: the protocol version of the request is not served. */
    public static final int UNSUPPORTED_PROTOCOL_VERSION = -32022;

    private McpErrors() {}
}
