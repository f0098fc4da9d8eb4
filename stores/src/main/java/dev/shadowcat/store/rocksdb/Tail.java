package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;

/**
 * What a stream's events add up to as of its newest. It is part of every event, so that neither appending nor reading the
 * sum costs a row of its own.
 *
 * @param lastSequence the newest event, 0 before the first
 * @param otherBytes of all events so far that are no answers, removed ones included
 * @param answerBytes of all answers so far; none is removed while the stream lives
 * @param cursorSequence the newest event with an upstream id, 0 where there is none
 */
record Tail(long lastSequence, long otherBytes, long answerBytes, long cursorSequence) {
    static final Tail EMPTY = new Tail(0, 0, 0, 0);

    Tail with(Event event) {
        return new Tail(
                event.sequence(),
                otherBytes + (event.answer() ? 0 : event.bytes()),
                answerBytes + (event.answer() ? event.bytes() : 0),
                event.upstreamId() == null ? cursorSequence : event.sequence());
    }
}
