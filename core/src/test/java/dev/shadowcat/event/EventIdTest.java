package dev.shadowcat.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventIdTest {
    @Test
    void isWrittenInBase36() {
        assertThat(new EventId(0, 0)).hasToString("0-0");
        assertThat(new EventId(35, 36)).hasToString("z-10");
        assertThat(new EventId(Integer.MAX_VALUE, Long.MAX_VALUE)).hasToString("zik0zj-1y2p0ij32e8e7");
    }

    @Property
    void isReadAsItWasWritten(
            @ForAll @IntRange(max = Integer.MAX_VALUE) int stream,
            @ForAll @LongRange(max = Long.MAX_VALUE) long sequence) {
        EventId id = new EventId(stream, sequence);
        assertThat(EventId.parse(id.toString())).contains(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "1",
                "1-",
                "-1",
                "1-2-3",
                "01-1",
                "1-01",
                "A-1",
                "1-A",
                "+1-1",
                "1-+1",
                "1--1",
                " 1-1",
                "1-1 ",
                "zik0zk-1",
                "1-1y2p0ij32e8e8",
                "1000000-1",
                "1-10000000000000",
                "1-\u0661",
                "1_1",
                "1-1\n"
            })
    void refusesEveryOtherForm(String text) {
        assertThat(EventId.parse(text)).isEmpty();
    }

    @Property
    void neverThrowsForWhatAClientSends(@ForAll String text) {
        EventId.parse(text).ifPresent(id -> assertThat(id).hasToString(text));
    }

    @Test
    void isNeverNegative() {
        assertThatThrownBy(() -> new EventId(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new EventId(0, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
