package dev.shadowcat.session;

/** What a client gets that comes to a stream with a cursor. */
public sealed interface Resumption {
    /** The cursor is none that was ever given on the stream. */
    record Unknown() implements Resumption {}

    /** The stream has ended, and nothing follows. */
    record Over() implements Resumption {}

    /**
     * Everything that followed the cursor follows.
     *
     * @param after where the client goes on
     */
    record Whole(long after) implements Resumption {}

    /**
     * Some of what followed is gone, which the client is to be told before the rest.
     *
     * @param after where the client goes on: its own cursor, or what took that one's place
     */
    record Gap(long after) implements Resumption {}

    /** A client names its cursor. */
    static Resumption of(EventStream stream, long cursor) {
        boolean beyond = cursor > stream.newest();
        if (beyond && stream.session().store().bootEpoch() == 0) {
            return new Unknown();
        }
        if (stream.ended() && cursor >= stream.newest()) {
            return new Over();
        }
        if (beyond) {
            return new Gap(stream.newest());
        }
        if (stream.lost(cursor)) {
            return new Gap(stream.leaptTo());
        }
        return cursor < stream.trimmedThrough() ? new Gap(cursor) : new Whole(cursor);
    }
}
