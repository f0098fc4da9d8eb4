package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.mcp.Message.Malformed;
import dev.shadowcat.mcp.Message.Single;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class MessagePropertyTest {
    private static final List<String> MEMBERS = List.of(
            "\"jsonrpc\":\"2.0\"",
            "\"id\":\"a\\n\"",
            "\"method\":\"tools/call\"",
            "\"x\":{\"id\":1}",
            "\"params\":{\"_meta\":{\"progressToken\":7},\"name\":\"t\",\"arguments\":[1,{\"b\":null}]}");

    @Property
    void readsTheSameInAnyOrder(@ForAll Random random) {
        List<String> members = new ArrayList<>(MEMBERS);
        Collections.shuffle(members, random);
        Envelope envelope = single(("{" + String.join(",", members) + "}").getBytes(UTF_8));
        assertThat(envelope.id()).isEqualTo(RequestId.ofText("a\n"));
        assertThat(envelope.method()).isSameAs(McpMethod.TOOLS_CALL);
        assertThat(envelope.target()).isEqualTo("t");
        assertThat(envelope.progressToken()).isEqualTo("7");
    }

    @Property
    void refusesEachMemberThatComesTwice(@ForAll Random random) {
        List<String> members = new ArrayList<>(MEMBERS);
        String twice = MEMBERS.get(random.nextInt(MEMBERS.size()));
        members.add(twice);
        Collections.shuffle(members, random);
        Message message = MessageReader.read(("{" + String.join(",", members) + "}").getBytes(UTF_8));
        assertThat(message instanceof Malformed).isEqualTo(!twice.startsWith("\"x\""));
    }

    @Property
    void readsEveryIdAsItWasWritten(@ForAll String text) {
        byte[] message = Messages.ping(RequestId.ofText(text));
        assertThat(single(message).id()).isEqualTo(RequestId.ofText(text));
    }

    @Property
    void replacesTheIdAndNothingElse(
            @ForAll("requests") String request,
            @ForAll String newId,
            @ForAll @Size(max = 9) byte[] before,
            @ForAll @Size(max = 9) byte[] after) {
        byte[] message = request.getBytes(UTF_8);
        byte[] buffer = ByteBuffer.allocate(before.length + message.length + after.length)
                .put(before)
                .put(message)
                .put(after)
                .array();
        Single read = (Single) MessageReader.read(buffer, before.length, message.length);
        Span old = Objects.requireNonNull(read.envelope().idSpan());
        RequestId id = RequestId.ofText(newId);
        byte[] edited = MessageEditor.replace(buffer, before.length, message.length, old, id);
        assertThat(single(edited).id()).isEqualTo(id);
        // And back again: what was around it has not changed by a byte.
        Span now = Objects.requireNonNull(single(edited).idSpan());
        String written = new String(message, old.start(), old.length(), UTF_8);
        assertThat(MessageEditor.replace(edited, 0, edited.length, now, new RequestId(written)))
                .isEqualTo(message);
    }

    @Property
    void neverThrowsForBytes(@ForAll byte[] bytes) {
        assertThat(MessageReader.read(bytes)).isInstanceOf(Malformed.class);
    }

    @Property(tries = 3_000)
    void neverThrowsForWhatIsNearlyJson(@ForAll("nearlyJson") String text) {
        assertThat(MessageReader.read(text.getBytes(UTF_8))).isNotNull();
    }

    @Property(tries = 3_000)
    void knowsUtf8AsThePlatformDoes(@ForAll("nearlyUtf8") byte[] bytes) {
        boolean valid = true;
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException refused) {
            valid = false;
        }
        assertThat(Utf8.isValid(bytes, 0, bytes.length)).isEqualTo(valid);
    }

    @Property
    void writesErrorsThatAreRead(@ForAll String message, @ForAll String key, @ForAll String value, @ForAll int code) {
        Envelope envelope =
                single(Messages.error(new RequestId("1"), code, message, Map.of(key, List.of(value, 1, true))));
        assertThat(envelope.kind()).isEqualTo(Envelope.Kind.ERROR);
        assertThat(envelope.id()).isEqualTo(new RequestId("1"));
    }

    @Provide
    Arbitrary<String> requests() {
        Arbitrary<String> ids = Arbitraries.of("1", "-5", "\"a\"", "\"\\u0041\"", "\"\u20ac\"", "98765432109876543210");
        Arbitrary<String> blanks = Arbitraries.of("", " ", "\n", "\t ");
        return Combinators.combine(ids, blanks, Arbitraries.of(true, false))
                .as((id, blank, first) -> first
                        ? "{" + blank + "\"id\"" + blank + ":" + blank + id + blank
                                + ",\"jsonrpc\":\"2.0\",\"method\":\"m\u00fc\"}"
                        : blank + "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"a\":\"\u20ac\"," + blank + "\"id\":" + id
                                + blank + "}" + blank);
    }

    @Provide
    Arbitrary<String> nearlyJson() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "\"",
                        "\\",
                        "\"jsonrpc\"",
                        "\"2.0\"",
                        "\"id\"",
                        "\"method\"",
                        "\"params\"",
                        "\"_meta\"",
                        "\"error\"",
                        "\"result\"",
                        "1",
                        "1.5",
                        "null",
                        "true",
                        " ",
                        "\"name\"",
                        "\"ping\"",
                        "\\u0000",
                        "\u20ac")
                .list()
                .ofMaxSize(40)
                .map(pieces -> String.join("", pieces));
    }

    @Provide
    Arbitrary<byte[]> nearlyUtf8() {
        return Arbitraries.of(
                        0x20, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0,
                        0xf1, 0xf4, 0xf5)
                .map(Integer::byteValue)
                .array(byte[].class)
                .ofMaxSize(14);
    }

    private static Envelope single(byte[] message) {
        return ((Single) MessageReader.read(message)).envelope();
    }
}
