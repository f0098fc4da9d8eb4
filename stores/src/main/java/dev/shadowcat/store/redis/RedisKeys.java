package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How keys are named. All of a session's carry its id as their hash tag, so that a cluster keeps them on one server.
 *
 * <pre>
 * PREFIX:store                 hash: format, epoch, key (of credentials), server:NAME (what tells it from its like)
 * PREFIX:nodes                 set of NODE:EPOCH, those that hold or held sessions with an open stream
 * PREFIX:lease:NODE            the node's address, while its lease runs
 * PREFIX:left:NODE             that the node gave its lease back, for some minutes
 * PREFIX:running               set of nodes, at least those whose leases run
 * PREFIX:fence:NODE            on one server: another one whenever a session was taken from the node, or ended by another hand than its worker's
 * PREFIX:held:NODE:EPOCH       set of ids (16 bytes), at least those of the sessions with an open stream that the node holds
 * PREFIX:sessions:DIGIT        sorted set of ids (16 bytes), at least those of all sessions that begin with the digit
 * PREFIX:probe:NUMBER          nothing but a moment of each start
 * PREFIX:{ID}:session          hash: r(ecord), s(tate), a(ctivity), i (when it was active), h(older), e(poch of the claim), n (of the newest attempt)
 * PREFIX:{ID}:streams          set of the streams' numbers
 * PREFIX:{ID}:stream:NUMBER    hash: r(ecord), p (1 while open), l(ast sequence), t(rimmed through), o (bytes of others than answers ever),
 *                              g (of those gone), a (bytes of answers), c(ursor) and ca (its event), m(oved cursor) and ma (after which event);
 *                              of l, o, a, c and ca the newest entries know better where they came after l
 * PREFIX:{ID}:events:NUMBER    stream, ids SEQUENCE-0: e(vent), s(um: o as of it), c (its upstream id)
 * PREFIX:{ID}:answers:NUMBER   the same of answers (s: a as of it), which no trimming removes
 * PREFIX:{ID}:ended            who deleted the session, for some minutes
 * </pre>
 */
final class RedisKeys {
    /** Sorted sets of ids, so that no server of a cluster keeps them all; in the order of ids. */
    static final int INDEX_SHARDS = 16;

    private final String prefix;

    RedisKeys(String prefix) {
        this.prefix = prefix + ":";
    }

    byte[] store() {
        return bytes(prefix + "store");
    }

    byte[] nodes() {
        return bytes(prefix + "nodes");
    }

    /** What the names of leases begin with. */
    byte[] leases() {
        return bytes(prefix + "lease:");
    }

    byte[] lease(String node) {
        return bytes(prefix + "lease:" + node);
    }

    byte[] left(String node) {
        return bytes(prefix + "left:" + node);
    }

    byte[] running() {
        return bytes(prefix + "running");
    }

    /** What the names of fences begin with. */
    byte[] fences() {
        return bytes(prefix + "fence:");
    }

    byte[] fence(String node) {
        return bytes(prefix + "fence:" + node);
    }

    byte[] held(String nodeAndEpoch) {
        return bytes(prefix + "held:" + nodeAndEpoch);
    }

    byte[] index(int shard) {
        return bytes(prefix + "sessions:" + Integer.toHexString(shard));
    }

    /** Nothing is kept under it for longer than a try takes. */
    byte[] probe(int number) {
        return bytes(prefix + "probe:" + number);
    }

    /** One key of each kind, as far as names tell kinds apart. */
    List<byte[]> oneOfEachKind(SessionId id) {
        return List.of(
                store(),
                nodes(),
                lease("0"),
                left("0"),
                running(),
                fence("0"),
                held("0:0"),
                index(0),
                session(id),
                streams(id));
    }

    /** A pattern that all keys match. */
    String all() {
        return prefix + "*";
    }

    static int shardOf(SessionId id) {
        return (int) (id.high() >>> 60);
    }

    byte[] session(SessionId id) {
        return bytes(stem(id) + "session");
    }

    byte[] streams(SessionId id) {
        return bytes(stem(id) + "streams");
    }

    byte[] stream(SessionId id, int number) {
        return bytes(stem(id) + "stream:" + number);
    }

    byte[] events(SessionId id, int number) {
        return bytes(stem(id) + "events:" + number);
    }

    byte[] answers(SessionId id, int number) {
        return bytes(stem(id) + "answers:" + number);
    }

    private String stem(SessionId id) {
        return prefix + "{" + id + "}:";
    }

    static byte[] member(SessionId id) {
        ByteBuffer member = ByteBuffer.allocate(SessionId.BYTES);
        id.writeTo(member);
        return member.array();
    }

    static SessionId id(byte[] member) {
        return SessionId.from(ByteBuffer.wrap(member));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
