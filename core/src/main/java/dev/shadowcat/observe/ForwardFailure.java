package dev.shadowcat.observe;

/** Why a request that was to be sent on to another node got no answer of it. */
public enum ForwardFailure {
    /** No connection to it could be made. */
    UNREACHABLE,
    /** It does not hold the session, or not for long. */
    MISDIRECTED,
    /** It has the address of this one, so that it cannot be sent anything. */
    SAME_ADDRESS,
    /** The connection broke. */
    LOST,
    /** It takes connections and answers nothing, though its lease goes on. */
    SILENT,
    /** Its lease ran out. */
    LAPSED,
    /** What answered is no node of this store. */
    STRANGER
}
