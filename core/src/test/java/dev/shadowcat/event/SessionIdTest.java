package dev.shadowcat.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionIdTest {
    @Property
    void isReadAsItWasWritten(@ForAll long high, @ForAll long low) {
        SessionId id = new SessionId(high, low);
        assertThat(id.toString()).matches("[A-Za-z0-9_-]{22}");
        assertThat(SessionId.parse(id.toString())).contains(id);
        ByteBuffer bytes = ByteBuffer.allocate(SessionId.BYTES);
        id.writeTo(bytes);
        assertThat(SessionId.from(bytes.flip())).isEqualTo(id);
    }

    @Property
    void isOrderedAsItsBytesAre(@ForAll long high, @ForAll long low, @ForAll long otherHigh, @ForAll boolean sameHigh) {
        SessionId one = new SessionId(high, low);
        SessionId other = new SessionId(sameHigh ? high : otherHigh, otherHigh);
        assertThat(Integer.signum(one.compareTo(other)))
                .isEqualTo(Integer.signum(Arrays.compareUnsigned(bytes(one), bytes(other))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "AAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAA==",
                "AAAAAAAAAAAAAAAAAAAAA+",
                "AAAAAAAAAAAAAAAAAAAAA\u00e4",
                "/AAAAAAAAAAAAAAAAAAAAA", // what borders on the letters and digits
                ":AAAAAAAAAAAAAAAAAAAAA",
                "@AAAAAAAAAAAAAAAAAAAAA",
                "[AAAAAAAAAAAAAAAAAAAAA",
                "`AAAAAAAAAAAAAAAAAAAAA",
                "{AAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAB" // bits beyond the 128th: a second name of the same id
            })
    void refusesEveryOtherForm(String text) {
        assertThat(SessionId.parse(text)).isEmpty();
    }

    @Property
    void neverThrowsForWhatAClientSends(@ForAll String text) {
        SessionId.parse(text).ifPresent(id -> assertThat(id).hasToString(text));
    }

    @Test
    void isMintedFromAllOfItsBits() {
        SecureRandom strong = new SecureRandom();
        Set<SessionId> minted = new HashSet<>();
        long everSet = 0;
        for (int i = 0; i < 1_000; i++) {
            SessionId id = SessionId.mint(strong);
            minted.add(id);
            everSet |= id.high() & id.low();
        }
        assertThat(minted).hasSize(1_000);
        assertThat(everSet).isEqualTo(-1L);
    }

    @Test
    void isOneKeyOfATableWhicheverWayItCame() {
        SessionId id = new SessionId(1, 2);
        assertThat(id).isEqualTo(new SessionId(1, 2)).hasSameHashCodeAs(new SessionId(1, 2));
        assertThat(id)
                .isNotEqualTo(new SessionId(1, 3))
                .isNotEqualTo(new SessionId(2, 2))
                .isNotEqualTo("1");
        assertThat(LongStream.range(0, 1_000)
                        .map(n -> new SessionId(n, 0).hashCode())
                        .distinct()
                        .count())
                .as("hash codes")
                .isEqualTo(1_000);
    }

    @Test
    void isNeverMintedWithADashInFront() {
        Iterator<Long> bits = List.of(0xFBL << 56, 0xF8L << 56, 0xFCL << 56, 2L).iterator();
        assertThat(SessionId.mint(bits::next).toString()).startsWith("_AAA");
        assertThat(bits.hasNext()).isFalse();
    }

    @Test
    void isShortenedForLogs() {
        SessionId id = new SessionId(1, 2);
        assertThat(id.shortened()).isEqualTo("AAAAAA…");
    }

    private static byte[] bytes(SessionId id) {
        ByteBuffer bytes = ByteBuffer.allocate(SessionId.BYTES);
        id.writeTo(bytes);
        return bytes.array();
    }
}
