package dev.shadowcat.memory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One copy of each text that repeats in many sessions: upstreams, revisions, methods, capabilities, principals, and the whole
 * message that a kind of client begins with. It is bounded,
 * so that no peer can fill it: a text that finds no room takes the place of another, which costs a copy and nothing else. Any
 * thread; never blocks.
 */
public final class Interner {
    /** The longest text that is shared, in characters: longer ones hardly repeat. */
    public static final int MAX_CHARS = 128;

    /** The longest list that is shared: as many capabilities as are read of a server. */
    public static final int MAX_LIST = 128;

    /** The longest message that is shared, in bytes: twice what agents and IDEs begin with. */
    public static final int MAX_BODY = 512;

    private static final int TEXTS =
            4_096; // the names of many servers, the principals of some thousand users: 1.2 MiB at most
    private static final int LISTS = 256; // of texts that are shared themselves: 140 KiB at most
    private static final int BODIES = 256; // what the clients of some kinds begin with: 128 KiB at most

    private final SharedCopies<String> texts = new SharedCopies<>(TEXTS);
    private final SharedCopies<List<String>> lists = new SharedCopies<>(LISTS);
    private final SharedCopies<ByteBuffer> bodies = new SharedCopies<>(BODIES);

    /** The shared copy of a text; the text itself where it is the first of its kind, or too long to be shared. */
    public String share(String text) {
        return text.length() > MAX_CHARS ? text : texts.share(text);
    }

    /** The same where there may be none. */
    public @Nullable String shareAny(@Nullable String text) {
        return text == null ? null : share(text);
    }

    /** The shared copy of a list, whole; where it is the first of its kind, an unchangeable one of shared texts. */
    public List<String> share(List<String> list) {
        if (list.isEmpty()) {
            return List.of();
        }
        List<String> known = lists.find(list);
        if (known != null) {
            return known;
        }
        List<String> own = new ArrayList<>(list.size());
        boolean bounded = list.size() <= MAX_LIST;
        for (String text : list) {
            own.add(share(text));
            bounded &= text.length() <= MAX_CHARS;
        }
        List<String> whole = List.copyOf(own);
        return bounded ? lists.share(whole) : whole;
    }

    /** The shared copy of a body that nobody changes; the body itself where it is the first of its kind, or too long to be shared. */
    public byte[] share(byte[] body) {
        return body.length > MAX_BODY
                ? body
                : bodies.share(ByteBuffer.wrap(body)).array();
    }

    /** How often there was a copy already. */
    public long hits() {
        return texts.hits() + lists.hits() + bodies.hits();
    }

    /** How often there was none. */
    public long misses() {
        return texts.misses() + lists.misses() + bodies.misses();
    }

    /** The share of the hits among all; 0 before the first. */
    public double hitRatio() {
        long hits = hits();
        return hits == 0 ? 0 : (double) hits / (hits + misses());
    }

    /** Texts that are shared now. */
    public int size() {
        return texts.size();
    }
}
