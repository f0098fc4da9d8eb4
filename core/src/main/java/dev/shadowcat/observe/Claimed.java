package dev.shadowcat.observe;

/** Whose a session was when the store was asked for it. */
public enum Claimed {
    /** This node's before. */
    HELD,
    /** Nobody's any more: this node took it over. */
    TAKEN_OVER,
    /** Another node's. */
    ELSEWHERE,
    /** There is no such session. */
    ABSENT
}
