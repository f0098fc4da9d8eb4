package dev.shadowcat.memory;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What objects take on the heap, added up from the structures themselves: each object that is added counts its header and its own
 * fields; what it refers to counts where it is added too, by whoever owns it. What sessions share is added by nobody. One thread.
 */
public final class Footprint {
    private static final HeapLayout LAYOUT = HeapLayout.ofThisProcess();
    private static final int LATIN = 0x100; // texts of lower characters take a byte for each

    private static final ClassValue<Integer> OWN = new ClassValue<>() {
        @Override
        protected Integer computeValue(Class<?> type) {
            return LAYOUT.object(type);
        }
    };

    private long bytes;

    /** What was added so far. */
    public long bytes() {
        return bytes;
    }

    /** Adds an object's own fields; nothing where it is null. */
    public Footprint add(@Nullable Object object) {
        bytes += object == null ? 0 : OWN.get(object.getClass());
        return this;
    }

    /** Adds objects of a class that nobody outside can name. */
    public Footprint instance(Class<?> type) {
        bytes += OWN.get(type);
        return this;
    }

    /** Adds an object and what it owns; nothing where it is null. */
    public Footprint measured(@Nullable Measured object) {
        if (object != null) {
            object.measure(this);
        }
        return this;
    }

    /** Adds a text that is not shared, its characters included; nothing where it is null. */
    public Footprint text(@Nullable String text) {
        if (text == null) {
            return this;
        }
        boolean latin = text.chars().allMatch(each -> each < LATIN);
        return instance(String.class).array(text.length(), latin ? Byte.BYTES : Character.BYTES);
    }

    /** Adds an array by its length; a list's elements are references. */
    public Footprint array(long length, int elementBytes) {
        bytes += LAYOUT.array(length, elementBytes);
        return this;
    }

    /** Adds an array of references. */
    public Footprint references(long length) {
        return array(length, LAYOUT.referenceBytes());
    }

    /** Adds a list without its elements; what its array has room for beyond them is not known, and not added. */
    public Footprint list(List<?> list) {
        return list.isEmpty() ? this : add(list).references(list.size());
    }

    /** Adds entries of a hash map without keys and values: their nodes, and their share of a table that is two thirds full. */
    public Footprint entries(long count) {
        bytes += count * (OWN.get(Node.class) + LAYOUT.referenceBytes() * 3L / 2);
        return this;
    }

    @SuppressWarnings("unused") // as java.util's maps declare theirs
    private static final class Node {
        private int hash;
        private @Nullable Object key;
        private @Nullable Object value;
        private @Nullable Node next;
    }
}
