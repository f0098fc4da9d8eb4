package dev.shadowcat.gateway.net;

import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a message, one after the other as they stand in it. A call has about ten and asks for about as many: looking
 * through them costs less than a hash table does to fill and to copy, and that was done three times a call. Checks nothing:
 * whoever writes headers out sees to it that none breaks its line. Not for several threads.
 */
public final class HeaderLines extends HttpHeaders {
    private static final int FIRST_LINES = 12;

    private CharSequence[] parts; // name, value, name, value
    private int end; // of the parts that are taken

    public HeaderLines() {
        parts = new CharSequence[2 * FIRST_LINES];
    }

    private HeaderLines(CharSequence[] parts, int end) {
        this.parts = parts;
        this.end = end;
    }

    @Override
    public HeaderLines copy() {
        return new HeaderLines(parts.clone(), end);
    }

    private int find(CharSequence name, int from) {
        int length = name.length();
        for (int i = from; i < end; i += 2) {
            CharSequence candidate = parts[i];
            if (candidate.length() == length && AsciiString.contentEqualsIgnoreCase(candidate, name)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public @Nullable String get(String name) {
        return get((CharSequence) name);
    }

    @Override
    public @Nullable String get(CharSequence name) {
        int at = find(name, 0);
        return at < 0 ? null : parts[at + 1].toString();
    }

    @Override
    public List<String> getAll(String name) {
        return getAll((CharSequence) name);
    }

    @Override
    public List<String> getAll(CharSequence name) {
        int first = find(name, 0);
        if (first < 0) {
            return List.of();
        }
        int next = find(name, first + 2);
        if (next < 0) {
            return List.of(parts[first + 1].toString());
        }
        List<String> all = new ArrayList<>(2);
        all.add(parts[first + 1].toString());
        for (; next >= 0; next = find(name, next + 2)) {
            all.add(parts[next + 1].toString());
        }
        return Collections.unmodifiableList(all);
    }

    @Override
    public boolean contains(String name) {
        return find(name, 0) >= 0;
    }

    @Override
    public boolean contains(CharSequence name) {
        return find(name, 0) >= 0;
    }

    @Override
    public HeaderLines add(String name, Object value) {
        return add((CharSequence) name, value);
    }

    @Override
    public HeaderLines add(CharSequence name, Object value) {
        if (end == parts.length) {
            parts = Arrays.copyOf(parts, Math.max(2 * FIRST_LINES, 2 * end));
        }
        parts[end] = name;
        parts[end + 1] = value instanceof CharSequence text ? text : value.toString();
        end += 2;
        return this;
    }

    @Override
    public HeaderLines add(String name, Iterable<?> values) {
        for (Object value : values) {
            add((CharSequence) name, value);
        }
        return this;
    }

    @Override
    public HeaderLines set(String name, Object value) {
        return set((CharSequence) name, value);
    }

    @Override
    public HeaderLines set(CharSequence name, Object value) {
        int at = find(name, 0);
        if (at < 0) {
            return add(name, value);
        }
        removeFrom(at + 2, name);
        parts[at] = name;
        parts[at + 1] = value instanceof CharSequence text ? text : value.toString();
        return this;
    }

    @Override
    public HeaderLines set(String name, Iterable<?> values) {
        return remove(name).add(name, values);
    }

    @Override
    public HeaderLines remove(String name) {
        return remove((CharSequence) name);
    }

    @Override
    public HeaderLines remove(CharSequence name) {
        removeFrom(0, name);
        return this;
    }

    private void removeFrom(int from, CharSequence name) {
        int kept = find(name, from);
        if (kept < 0) {
            return;
        }
        for (int i = kept; i < end; i += 2) {
            if (!AsciiString.contentEqualsIgnoreCase(parts[i], name)) {
                parts[kept] = parts[i];
                parts[kept + 1] = parts[i + 1];
                kept += 2;
            }
        }
        Arrays.fill(parts, kept, end, null);
        end = kept;
    }

    @Override
    public HeaderLines clear() {
        Arrays.fill(parts, 0, end, null);
        end = 0;
        return this;
    }

    @Override
    public boolean isEmpty() {
        return end == 0;
    }

    @Override
    public int size() {
        return end / 2;
    }

    @Override
    public Iterator<Map.Entry<CharSequence, CharSequence>> iteratorCharSequence() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < end;
            }

            @Override
            public Map.Entry<CharSequence, CharSequence> next() {
                if (next >= end) {
                    throw new NoSuchElementException();
                }
                next += 2;
                return new SimpleImmutableEntry<>(parts[next - 2], parts[next - 1]);
            }
        };
    }

    @Override
    public List<Map.Entry<String, String>> entries() {
        List<Map.Entry<String, String>> entries = new ArrayList<>(size());
        for (int i = 0; i < end; i += 2) {
            entries.add(new SimpleImmutableEntry<>(parts[i].toString(), parts[i + 1].toString()));
        }
        return entries;
    }

    @Override
    @SuppressWarnings("deprecation") // in favour of iteratorCharSequence, but abstract
    public Iterator<Map.Entry<String, String>> iterator() {
        return entries().iterator();
    }

    @Override
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < end; i += 2) {
            names.add(parts[i].toString());
        }
        return names;
    }

    // The rest of Netty's interface, by the above.

    @Override
    public @Nullable Integer getInt(CharSequence name) {
        Long number = number(name);
        return number == null || number != number.intValue() ? null : Integer.valueOf(number.intValue());
    }

    @Override
    public int getInt(CharSequence name, int otherwise) {
        Integer number = getInt(name);
        return number == null ? otherwise : number;
    }

    @Override
    public @Nullable Short getShort(CharSequence name) {
        Long number = number(name);
        return number == null || number != number.shortValue() ? null : Short.valueOf(number.shortValue());
    }

    @Override
    public short getShort(CharSequence name, short otherwise) {
        Short number = getShort(name);
        return number == null ? otherwise : number;
    }

    private @Nullable Long number(CharSequence name) {
        String value = get(name);
        try {
            return value == null ? null : Long.valueOf(value.strip());
        } catch (NumberFormatException _) {
            return null;
        }
    }

    @Override
    @SuppressWarnings("JavaUtilDate") // what Netty's parser gives
    public @Nullable Long getTimeMillis(CharSequence name) {
        String value = get(name);
        Date date = value == null ? null : DateFormatter.parseHttpDate(value);
        return date == null ? null : Long.valueOf(date.getTime());
    }

    @Override
    public long getTimeMillis(CharSequence name, long otherwise) {
        Long millis = getTimeMillis(name);
        return millis == null ? otherwise : millis;
    }

    @Override
    public HeaderLines addInt(CharSequence name, int value) {
        return add(name, Integer.toString(value));
    }

    @Override
    public HeaderLines addShort(CharSequence name, short value) {
        return add(name, Short.toString(value));
    }

    @Override
    public HeaderLines setInt(CharSequence name, int value) {
        return set(name, Integer.toString(value));
    }

    @Override
    public HeaderLines setShort(CharSequence name, short value) {
        return set(name, Short.toString(value));
    }
}
