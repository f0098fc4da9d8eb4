package dev.shadowcat.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseEncoderTest {
    @Test
    void writesTypeIdAndData() {
        assertThat(SseEncoder.event("1-a", "{}".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("event: message\nid: 1-a\ndata: {}\n\n");
        assertThat(SseEncoder.event(null, "{}".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("event: message\ndata: {}\n\n");
    }

    @Test
    void writesAMessageOfSeveralLinesAsSeveralLinesOfData() {
        assertThat(SseEncoder.event("1", "{\r\n\"a\":1,\r\"b\":2\n}\n".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("event: message\nid: 1\ndata: {\ndata: \"a\":1,\ndata: \"b\":2\ndata: }\ndata: \n\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "a\nb", "a\r\nb\r\n", "\r", "\r\n", "\n\r\n\n", "0123456789\r\n0123456789"})
    void knowsItsLengthBeforehand(String text) {
        byte[] message = text.getBytes(UTF_8);
        ByteBuffer target = ByteBuffer.allocate(200);
        SseEncoder.writeEvent("1-2", message, target);
        assertThat(SseEncoder.eventLength("1-2", message)).isEqualTo(target.position());
    }

    @Test
    void primesWithAnIdAndEmptyData() {
        assertThat(SseEncoder.priming("0-0", -1)).asString(UTF_8).isEqualTo("id: 0-0\ndata: \n\n");
        assertThat(SseEncoder.priming("0-0", 3000)).asString(UTF_8).isEqualTo("retry: 3000\nid: 0-0\ndata: \n\n");
        assertThat(Collected.decode(SseEncoder.priming("4-z", 0), 64).told)
                .containsExactly("retry 0", "event message own=4-z last=4-z ");
    }

    @Test
    void keepsAliveWithACommentThatNobodySees() {
        assertThat(SseEncoder.keepalive()).asString(UTF_8).isEqualTo(": keepalive\n\n");
        assertThat(Collected.decode(SseEncoder.keepalive(), 64).told).isEmpty();
    }

    @Test
    void tellsTheWaitAlone() {
        assertThat(SseEncoder.retry(8000)).asString(UTF_8).isEqualTo("retry: 8000\n\n");
        assertThatThrownBy(() -> SseEncoder.retry(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\r", "a b", "\0", "\u00e4"})
    void refusesAnIdThatCouldEndItsLine(String id) {
        assertThatThrownBy(() -> SseEncoder.event(id, new byte[0])).isInstanceOf(IllegalArgumentException.class);
    }
}
