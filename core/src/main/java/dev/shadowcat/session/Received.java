package dev.shadowcat.session;

/** What a stream made of an event of its upstream. */
public enum Received {
    /** It has a number and is on its way to the store. */
    RECORDED,
    /** It only moved the upstream's cursor. */
    CURSOR_MOVED,
    /** It was recorded before. */
    REPEATED,
    /** Nothing was done with it: it may be older than what is compared with; to be received again after a look-up. */
    UNCERTAIN,
    /** It does not belong on this stream, or on any. */
    STRAY,
    /** It is no JSON-RPC message, or one beyond the limits of messages. */
    MALFORMED
}
