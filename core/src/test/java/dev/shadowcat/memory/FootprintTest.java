package dev.shadowcat.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sizes of objects as HotSpot lays them out; what JOL and heap dumps say of the same classes. */
@Tag("memory-usage")
class FootprintTest {
    private static final HeapLayout COMPACT = new HeapLayout(8, 4);
    private static final HeapLayout CLASSIC = new HeapLayout(12, 4);
    private static final HeapLayout LARGE_HEAP = new HeapLayout(12, 8);

    @SuppressWarnings("unused")
    private static class Base {
        static long none;
        private boolean flag;
        private Object reference = "";
    }

    @SuppressWarnings("unused")
    private static final class Derived extends Base {
        private long number;
        private short small;
    }

    @Test
    void anObjectIsItsHeaderAndItsFieldsRoundedUp() {
        assertThat(COMPACT.object(Object.class)).isEqualTo(8);
        assertThat(CLASSIC.object(Object.class)).isEqualTo(16);
        assertThat(COMPACT.object(Base.class)).isEqualTo(16);
        assertThat(COMPACT.object(Derived.class)).isEqualTo(24);
        assertThat(CLASSIC.object(Derived.class)).isEqualTo(32);
        assertThat(LARGE_HEAP.object(Derived.class)).isEqualTo(32);
        assertThat(COMPACT.object(Integer.class)).isEqualTo(16);
        assertThat(CLASSIC.object(String.class)).isEqualTo(24);
    }

    @Test
    void anArrayHasItsLengthInFront() {
        assertThat(COMPACT.array(0, 1)).isEqualTo(16);
        assertThat(COMPACT.array(4, 1)).isEqualTo(16);
        assertThat(COMPACT.array(5, 1)).isEqualTo(24);
        assertThat(CLASSIC.array(8, 1)).isEqualTo(24);
        assertThat(CLASSIC.array(3, 8)).isEqualTo(40);
    }

    @Test
    void onlyWhatIsAddedCounts() {
        long empty = new Footprint()
                .add(null)
                .text(null)
                .measured(null)
                .list(List.of())
                .bytes();
        assertThat(empty).isZero();
        long latin = new Footprint().text("abcdefgh").bytes();
        assertThat(new Footprint().text("ünïcödé!").bytes()).isEqualTo(latin);
        assertThat(new Footprint().text("日本語日本語日本").bytes()).isEqualTo(latin + 8);
        assertThat(new Footprint().add("abc").bytes())
                .as("the text's own fields")
                .isEqualTo(24);
        assertThat(new Footprint().list(List.of("a", "b", "c")).bytes())
                .isEqualTo(new Footprint().references(3).bytes()
                        + new Footprint().add(List.of("a", "b", "c")).bytes());
    }
}
