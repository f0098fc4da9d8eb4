package dev.shadowcat.observe;

/** Whose a session was when the store was asked for it. */
public enum Claimed {
    /** This node's before. */
    HELD,
    /** Nobody's any more, since the lease of the node that held it has run out: this one took it over. */
    TAKEN_OVER,
    /** Nobody's any more, since the node that held it stopped: this one took it over. */
    HANDED_OVER,
    /** Another node's. */
    ELSEWHERE,
    /** There is no such session. */
    ABSENT
}
