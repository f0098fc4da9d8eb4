package dev.shadowcat.memory;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A bounded set of unchangeable values, one copy of each, found by equality. A value looks at the {@value #WAYS} places that its
 * hash allows and at no other; where they are full, one of them is given up. Two threads that bring equal values at once may both
 * stay: that is a copy too many, and no error. Any thread; never blocks.
 */
final class SharedCopies<T> {
    private static final int WAYS = 4;

    private final AtomicReferenceArray<@Nullable T> places;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    /** @param places how many values there is room for: a power of two, at least {@value #WAYS} */
    SharedCopies(int places) {
        if (places < WAYS || Integer.bitCount(places) != 1) {
            throw new IllegalArgumentException(
                    "places: must be a power of two from " + WAYS + " on, but was " + places);
        }
        this.places = new AtomicReferenceArray<>(places);
    }

    /** The copy that is there; null where there is none. */
    @Nullable
    T find(T value) {
        int first = firstPlace(value);
        for (int way = 0; way < WAYS; way++) {
            T known = places.get(first + way);
            if (known != null && known.equals(value)) {
                hits.increment();
                return known;
            }
        }
        return null;
    }

    /** The copy that is there; the value itself where there was none. */
    T share(T value) {
        T known = find(value);
        if (known != null) {
            return known;
        }
        misses.increment();
        int first = firstPlace(value);
        for (int way = 0; way < WAYS; way++) {
            if (places.compareAndSet(first + way, null, value)) {
                return value;
            }
        }
        places.set(first + ThreadLocalRandom.current().nextInt(WAYS), value);
        return value;
    }

    private int firstPlace(T value) {
        int hash = value.hashCode();
        return (hash ^ hash >>> 16) * WAYS & (places.length() - 1);
    }

    long hits() {
        return hits.sum();
    }

    long misses() {
        return misses.sum();
    }

    int size() {
        int size = 0;
        for (int place = 0; place < places.length(); place++) {
            size += places.get(place) == null ? 0 : 1;
        }
        return size;
    }
}
