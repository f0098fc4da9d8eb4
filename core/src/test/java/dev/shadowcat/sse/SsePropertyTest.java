package dev.shadowcat.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.Size;

class SsePropertyTest {
    @Property(tries = 5_000)
    void decodesWhatTheReferenceDecodesWhereverItIsCut(@ForAll("streams") byte[] stream, @ForAll List<Short> places) {
        TreeSet<Integer> cuts = new TreeSet<>();
        places.forEach(place -> cuts.add(Math.floorMod(place, stream.length + 1)));
        assertThat(Collected.decode(
                                stream,
                                1 << 16,
                                cuts.stream().mapToInt(Integer::intValue).toArray())
                        .told)
                .isEqualTo(ReferenceDecoder.decode(stream));
    }

    @Property(tries = 2_000)
    void decodesWhatItEncoded(@ForAll("messages") String message, @ForAll("ids") String id, @ForAll boolean withId) {
        byte[] encoded = SseEncoder.event(withId ? id : null, message.getBytes(UTF_8));
        assertThat(Collected.decode(encoded, 1 << 16).events).singleElement().satisfies(event -> {
            assertThat(event.data())
                    .asString(UTF_8)
                    .isEqualTo(message.replace("\r\n", "\n").replace('\r', '\n'));
            assertThat(event.ownId()).isEqualTo(withId ? id : null);
            assertThat(event.type()).isEqualTo("message");
        });
    }

    @Property(tries = 5_000)
    void diesAlikeWhereverItIsCut(@ForAll("streams") byte[] stream, @ForAll @Size(max = 5) List<Short> places) {
        TreeSet<Integer> cuts = new TreeSet<>();
        places.forEach(place -> cuts.add(Math.floorMod(place, stream.length + 1)));
        assertThat(fate(stream, cuts.stream().mapToInt(Integer::intValue).toArray()))
                .isEqualTo(fate(stream));
    }

    private static List<String> fate(byte[] stream, int... cuts) {
        try {
            return Collected.decode(stream, 24, cuts).told;
        } catch (SseLimitException tooLarge) {
            return List.of("dead");
        }
    }

    /** Streams made of what matters to the grammar, so that nearly every byte decides something. */
    @Provide
    Arbitrary<byte[]> streams() {
        Arbitrary<String> pieces = Arbitraries.frequencyOf(
                Tuple.of(6, Arbitraries.of("\n", "\r", "\r\n", "\n\n", "\r\n\r\n")),
                Tuple.of(6, Arbitraries.of("data", "data:", "data: ", "id", "id: ", "event: ", "retry: ", ":")),
                Tuple.of(3, Arbitraries.of("x", "1", " ", "12", "{\"a\":1}", "\0", "\ufeff", "\u00e4", "message")),
                Tuple.of(1, Arbitraries.strings().ascii().ofMaxLength(40)));
        return pieces.list().ofMaxSize(60).map(list -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            list.forEach(piece -> bytes.writeBytes(piece.getBytes(UTF_8)));
            return bytes.toByteArray();
        });
    }

    @Provide
    Arbitrary<String> messages() {
        return Arbitraries.strings().withChars("{}:\",a \r\n\u00e4\u20ac").ofMaxLength(200);
    }

    @Provide
    Arbitrary<String> ids() {
        return Arbitraries.strings().withCharRange('!', '~').ofMinLength(1).ofMaxLength(20);
    }
}
