package dev.shadowcat.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SseDecoderTest {
    private static final int MAX = 64;

    @Test
    void namesTypeDataAndId() {
        assertThat(decode("event: progress\nid: 1-a\ndata: {}\n\n").events)
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.type()).isEqualTo("progress");
                    assertThat(event.data()).asString(UTF_8).isEqualTo("{}");
                    assertThat(event.ownId()).isEqualTo("1-a");
                    assertThat(event.lastEventId()).isEqualTo("1-a");
                });
    }

    @Test
    void sharesTheTypeOfEventsThatNameNoneOrTheUsual() {
        assertThat(decode("data: a\n\nevent: message\ndata: b\n\n").events)
                .hasSize(2)
                .allSatisfy(event -> assertThat(event.type()).isSameAs(SseEvent.MESSAGE));
    }

    @Test
    void tellsAnEventsOwnIdFromTheOneThatSticks() {
        assertThat(decode("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n").events)
                .extracting(SseEvent::ownId, SseEvent::lastEventId)
                .containsExactly(tuple("7", "7"), tuple(null, "7"), tuple("", ""));
    }

    @Test
    void reportsAnIdWithoutDataSinceItMovesTheCursor() {
        assertThat(decode("id: p\ndata: \n\nid: q\n\nevent: x\n\n: nothing\n\n").events)
                .extracting(SseEvent::ownId, event -> event.data().length)
                .containsExactly(tuple("p", 0), tuple("q", 0));
    }

    @Test
    void decodesTheExamplesOfTheStandard() {
        assertThat(decode("data: YHOO\ndata: +2\ndata: 10\n\n").told)
                .containsExactly("event message own=null last= YHOO\n+2\n10");
        assertThat(decode(
                                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n")
                        .told)
                .containsExactly(
                        "event message own=1 last=1 first event",
                        "event message own= last= second event",
                        "event message own=null last=  third event");
        assertThat(decode("data\n\ndata\ndata\n\ndata:").told)
                .containsExactly("event message own=null last= ", "event message own=null last= \n");
    }

    @Test
    void takesRetryOfDigitsOnly() {
        assertThat(decode("retry: 3000\nretry: 3s\nretry:\nretry: -1\nretry:  1\nretry: 99999999999999999999\n\n").told)
                .containsExactly("retry 3000");
    }

    @Test
    void stripsOneBomAtTheStartOnly() {
        assertThat(decode("\ufeffdata: a\n\n\ufeffdata: b\n\n").told).containsExactly("event message own=null last= a");
        assertThat(decode("\ufeff\ufeffdata: a\n\n").told).isEmpty();
    }

    @Test
    void ignoresAnIdThatHoldsNul() {
        assertThat(decode("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n").events.getLast())
                .extracting(SseEvent::ownId, SseEvent::lastEventId)
                .containsExactly(null, "1");
    }

    @ParameterizedTest
    @MethodSource("dev.shadowcat.sse.Samples#streams")
    void decodesAlikeWhereverItIsCut(String text) {
        byte[] stream = text.getBytes(UTF_8);
        assertThat(ReferenceDecoder.decode(stream)).isEqualTo(Collected.decode(stream, 1024).told);
        for (int first = 0; first <= stream.length; first++) {
            for (int second = first; second <= stream.length; second++) {
                assertThat(Collected.decode(stream, 1024, first, second).told)
                        .as("cut at %d and %d", first, second)
                        .isEqualTo(ReferenceDecoder.decode(stream));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.shadowcat.sse.Samples#streams")
    void decodesDirectMemoryAByteAtATime(String text) {
        byte[] stream = text.getBytes(UTF_8);
        Collected collected = new Collected();
        SseDecoder decoder = new SseDecoder(1024);
        ByteBuffer direct = ByteBuffer.allocateDirect(1);
        for (byte one : stream) {
            decoder.feed(direct.clear().put(one).flip(), collected);
            assertThat(direct.hasRemaining()).isFalse();
        }
        assertThat(collected.told).isEqualTo(ReferenceDecoder.decode(stream));
    }

    @Test
    void holdsNothingBetweenEvents() {
        SseDecoder decoder = new SseDecoder(MAX);
        feed(decoder, "id: 1\ndata: abcdefghijkl");
        assertThat(decoder.bufferedBytes()).isPositive();
        feed(decoder, "mnop\n\n");
        assertThat(decoder.bufferedBytes()).isZero();
        feed(decoder, ": a comment that never");
        assertThat(decoder.bufferedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: %s\n\n", "data:%s", ": %s", "id: %s", "unknown %s", "data: 1\nevent: %s\n", "%s"})
    void diesOfWhatIsTooLargeWhereverItIsCut(String form) {
        byte[] stream = form.formatted("x".repeat(2 * MAX)).getBytes(UTF_8);
        for (int cut = 0; cut <= stream.length; cut++) {
            int at = cut;
            assertThatThrownBy(() -> Collected.decode(stream, MAX, at)).isInstanceOf(SseLimitException.class);
        }
    }

    @Test
    void diesOfManySmallLinesOfData() {
        SseDecoder decoder = new SseDecoder(MAX);
        assertThatThrownBy(() -> IntStream.range(0, 2 * MAX).forEach(_ -> feed(decoder, "data\n")))
                .isInstanceOf(SseLimitException.class);
        assertThat(decoder.bufferedBytes()).isZero();
        assertThatThrownBy(() -> feed(decoder, "\n")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void takesExactlyWhatIsAllowed() {
        assertThat(decode("data: " + "x".repeat(MAX) + "\n\n").events).hasSize(1);
        assertThatThrownBy(() -> decode("data: " + "x".repeat(MAX + 1) + "\n\n"))
                .isInstanceOf(SseLimitException.class);
    }

    @Test
    void boundsTheIdThatSticks() {
        byte[] stream = ("id: " + "x".repeat(SseDecoder.MAX_ID_BYTES + 1) + "\n\n").getBytes(UTF_8);
        assertThatThrownBy(() -> Collected.decode(stream, 1 << 20)).isInstanceOf(SseLimitException.class);
    }

    @Test
    void isDeadOnceItsHandlerFailed() {
        SseDecoder decoder = new SseDecoder(MAX);
        SseHandler failing = new SseHandler() {
            @Override
            public void event(SseEvent event) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void retry(long millis) {}
        };
        ByteBuffer stream = ByteBuffer.wrap("data: a\n\n".getBytes(UTF_8));
        assertThatThrownBy(() -> decoder.feed(stream, failing)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> feed(decoder, "data: b\n\n")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void takesALargeEventInManyPiecesWithinItsBound() {
        int size = 4 << 20;
        byte[] stream = new byte[size + 8];
        Arrays.fill(stream, (byte) 'x');
        System.arraycopy("data: ".getBytes(UTF_8), 0, stream, 0, 6);
        stream[size + 6] = '\n';
        stream[size + 7] = '\n';
        Collected collected = new Collected();
        SseDecoder decoder = new SseDecoder(size);
        for (int from = 0; from < stream.length; from += 16_384) {
            decoder.feed(ByteBuffer.wrap(stream, from, Math.min(16_384, stream.length - from)), collected);
            assertThat(decoder.bufferedBytes()).isLessThanOrEqualTo(size + 16);
        }
        assertThat(collected.events.getFirst().data()).hasSize(size).containsOnly('x');
    }

    private static Collected decode(String stream) {
        return Collected.decode(stream.getBytes(UTF_8), MAX);
    }

    private static void feed(SseDecoder decoder, String bytes) {
        decoder.feed(ByteBuffer.wrap(bytes.getBytes(UTF_8)), new Collected());
    }
}
