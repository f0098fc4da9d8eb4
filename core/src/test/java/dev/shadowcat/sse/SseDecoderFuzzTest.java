package dev.shadowcat.sse;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whatever bytes come, however they are cut: what the standard says, within bounds. */
class SseDecoderFuzzTest {
    private static final int MAX = 32;

    @FuzzTest(maxDuration = "30s")
    void decodesAnything(byte @Nullable [] input) {
        byte[] stream = input == null ? new byte[0] : input;
        int piece = stream.length == 0 ? 1 : 1 + (stream[0] & 7);
        assertThat(decode(stream, 1 << 20, piece)).isEqualTo(ReferenceDecoder.decode(stream));
        assertThat(decode(stream, MAX, piece)).isEqualTo(decode(stream, MAX, Math.max(1, stream.length)));
    }

    /** What is found before the end or before the limit. */
    private static List<String> decode(byte[] stream, int maxEventBytes, int piece) {
        Collected collected = new Collected();
        SseDecoder decoder = new SseDecoder(maxEventBytes);
        try {
            for (int from = 0; from < stream.length; from += piece) {
                decoder.feed(ByteBuffer.wrap(stream, from, Math.min(piece, stream.length - from)), collected);
                assertThat(decoder.bufferedBytes()).isLessThanOrEqualTo(2 * maxEventBytes + 16);
            }
        } catch (SseLimitException tooLarge) {
            List<String> told = new ArrayList<>(collected.told);
            told.add("dead");
            return told;
        }
        return collected.told;
    }
}
