package dev.shadowcat.gateway.relay;

import io.netty.handler.codec.http.HttpHeaders;
import java.lang.ref.WeakReference;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A request's headers for as long as its stream lives: one string, and the same one for sessions whose clients send the same.
 * A map of them was 450 bytes a session, the largest thing in it.
 */
final class KeptHeaders {
    private final String lines; // each "name:value\n"

    private KeptHeaders(String lines) {
        this.lines = lines;
    }

    /** A header map with these headers, the caller's own. */
    HttpHeaders toHeaders() {
        HttpHeaders headers = Answers.headers();
        int start = 0;
        while (start < lines.length()) {
            int colon = lines.indexOf(':', start);
            int end = lines.indexOf('\n', colon);
            headers.add(lines.substring(start, colon), lines.substring(colon + 1, end));
            start = end + 1;
        }
        return headers;
    }

    /** Keeps headers, and finds those that are kept already. Holds on to none that nobody uses. Any thread. */
    static final class Keeper {
        private static final int SLOTS = 256; // a power of two

        private final AtomicReferenceArray<@Nullable WeakReference<KeptHeaders>> known =
                new AtomicReferenceArray<>(SLOTS);

        KeptHeaders keep(HttpHeaders headers) {
            String lines = lines(headers);
            int slot = (lines.hashCode() ^ lines.hashCode() >>> 16) & (SLOTS - 1);
            WeakReference<KeptHeaders> reference = known.get(slot);
            KeptHeaders same = reference == null ? null : reference.get();
            if (same != null && same.lines.equals(lines)) {
                return same;
            }
            KeptHeaders kept = new KeptHeaders(lines);
            known.set(slot, new WeakReference<>(kept));
            return kept;
        }

        private static String lines(HttpHeaders headers) {
            StringBuilder lines = new StringBuilder(256);
            for (Iterator<Map.Entry<CharSequence, CharSequence>> each = headers.iteratorCharSequence();
                    each.hasNext(); ) {
                Map.Entry<CharSequence, CharSequence> header = each.next();
                lines.append(header.getKey()).append(':');
                value(header.getValue(), lines);
                lines.append('\n');
            }
            return lines.toString();
        }

        /** A line feed becomes the space that it would become on its way out: it must not begin a header here either. */
        private static void value(CharSequence value, StringBuilder lines) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                lines.append(c == '\n' ? ' ' : c);
            }
        }
    }
}
