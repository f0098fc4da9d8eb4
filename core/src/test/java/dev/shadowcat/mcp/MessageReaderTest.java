package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.mcp.Envelope.Kind;
import dev.shadowcat.mcp.Envelope.Params;
import dev.shadowcat.mcp.Message.Batch;
import dev.shadowcat.mcp.Message.Malformed;
import dev.shadowcat.mcp.Message.Single;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageReaderTest {
    @Test
    void readsARequest() {
        String text =
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"add\",\"arguments\":"
                        + "{\"name\":\"no\",\"_meta\":{\"progressToken\":1}},\"_meta\":{\"progressToken\":\"p\"}}}";
        Envelope envelope = single(text);
        assertThat(envelope.kind()).isEqualTo(Kind.REQUEST);
        assertThat(envelope.id()).isEqualTo(new RequestId("7"));
        assertThat(at(text, envelope.idSpan())).isEqualTo("7");
        assertThat(envelope.method()).isSameAs(McpMethod.TOOLS_CALL);
        assertThat(envelope.target()).isEqualTo("add");
        assertThat(envelope.progressToken()).isEqualTo("\"p\"");
        assertThat(envelope.isStateless()).isFalse();
    }

    @Test
    void readsMembersInAnyOrder() {
        Envelope envelope = single(
                "{\"params\":{\"_meta\":{\"progressToken\":3},\"uri\":\"file:///a\"},\"method\":\"resources/read\",\"id\":\"x\",\"jsonrpc\":\"2.0\"}");
        assertThat(envelope.kind()).isEqualTo(Kind.REQUEST);
        assertThat(envelope.target()).isEqualTo("file:///a");
        assertThat(envelope.progressToken()).isEqualTo("3");
    }

    @Test
    void readsANotificationWithoutParams() {
        Envelope envelope = single("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        assertThat(envelope.kind()).isEqualTo(Kind.NOTIFICATION);
        assertThat(envelope.id()).isNull();
        assertThat(envelope.idSpan()).isNull();
        assertThat(envelope.params()).isSameAs(Params.NONE);
    }

    @Test
    void readsAResultWithoutLookingInside() {
        Envelope envelope =
                single("{\"result\":{\"id\":1,\"method\":\"x\",\"id\":2},\"jsonrpc\":\"2.0\",\"id\":\"a\"}");
        assertThat(envelope.kind()).isEqualTo(Kind.RESULT);
        assertThat(envelope.isAnswer()).isTrue();
        assertThat(envelope.id()).isEqualTo(RequestId.ofText("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"id\":null,", ""})
    void readsAnErrorWithoutId(String id) {
        Envelope envelope =
                single("{\"jsonrpc\":\"2.0\"," + id + "\"error\":{\"code\":-32700,\"message\":\"m\",\"data\":[1]}}");
        assertThat(envelope.kind()).isEqualTo(Kind.ERROR);
        assertThat(envelope.id()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"-32000.0, -32000", "-3.2e4, -32000", "7, 7", "1e30, 0", "9223372036854775808, 0"})
    void readsTheCodeOfAnErrorHoweverItIsWritten(String written, long code) {
        String text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" + written + ",\"message\":\"m\"}}";
        assertThat(single(text).failure()).isEqualTo(new Failure.Refused(code, "m"));
    }

    @Test
    void readsWhatIsCancelled() {
        String text =
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\": \"a\\u0062\" ,\"reason\":\"r\"}}";
        Envelope envelope = single(text);
        assertThat(envelope.cancelledId()).isEqualTo(RequestId.ofText("ab"));
        assertThat(at(text, envelope.cancelledIdSpan())).isEqualTo("\"a\\u0062\"");
    }

    @Test
    void readsTheProgressTokenOfANotification() {
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":9,\"progress\":0.5}}")
                        .progressToken())
                .isEqualTo("9");
        assertThat(single("{\"jsonrpc\":\"2.0\",\"method\":\"tools/list\",\"id\":1,\"params\":{\"progressToken\":9}}")
                        .progressToken())
                .isNull();
    }

    @Test
    void readsTheStatelessEra() {
        Envelope envelope = single(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"
                        + "\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{},\"traceparent\":\"00-ab-cd-01\"}}}");
        assertThat(envelope.modernVersion()).isEqualTo(ProtocolVersions.STATELESS);
        assertThat(envelope.isStateless()).isTrue();
        assertThat(envelope.trace()).isEqualTo(new TraceFields("00-ab-cd-01", null, null));
    }

    @Test
    void readsTheWholeTraceContext() {
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"traceparent\":\"p\","
                                        + "\"tracestate\":\"s\",\"baggage\":\"b\"}}}")
                        .trace())
                .isEqualTo(new TraceFields("p", "s", "b"));
    }

    @Test
    void readsOfTheTraceContextWhatIsNotTooLong() {
        String message =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"traceparent\":\"%s\","
                        + "\"tracestate\":\"%s\",\"baggage\":\"%s\"}}}";
        String parent = "p".repeat(55);
        String state = "s".repeat(512);
        String baggage = "b".repeat(8_192);
        assertThat(single(message.formatted(parent, state, baggage)).trace())
                .isEqualTo(new TraceFields(parent, state, baggage));
        assertThat(single(message.formatted(parent + "p", state + "s", baggage + "b"))
                        .trace())
                .isEqualTo(new TraceFields(null, null, null));
    }

    @Test
    void anIdIsItsTextWithoutEscapes() {
        assertThat(new RequestId("7").text()).isEqualTo("7");
        assertThat(RequestId.ofText("a \"b\" \\ c").text()).isEqualTo("a \"b\" \\ c");
        assertThat(RequestId.ofText("").text()).isEmpty();
    }

    @Test
    void readsWhyAnAnswerIsNotWhatWasAskedFor() {
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"no \\u20ac\",\"data\":{\"code\":1},\"code\":-32602}}")
                        .failure())
                .isEqualTo(new Failure.Refused(-32602, "no \u20ac"));
        assertThat(single("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":123456789012345678901,\"message\":\""
                                + "m".repeat(1000) + "\"}}")
                        .failure())
                .isEqualTo(new Failure.Refused(0, "m".repeat(Failure.MAX_MESSAGE_CHARS)));
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"isError\":false}],\"isError\":true}}")
                        .failure())
                .isEqualTo(new Failure.Tool());
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"isError\":true}],\"isError\":false}}")
                        .failure())
                .isNull();
    }

    @Test
    void readsTheLogLevel() {
        assertThat(single(
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"debug\"}}")
                        .logLevel())
                .isEqualTo("debug");
    }

    @ParameterizedTest
    @CsvSource({"prompts/get,n", "tools/call,n", "resources/read,u", "resources/subscribe,u", "x/y,n"})
    void choosesTheTargetByTheMethod(String method, String target) {
        assertThat(single("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method
                                + "\",\"params\":{\"uri\":\"u\",\"name\":\"n\"}}")
                        .target())
                .isEqualTo(target);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7|7",
                "-7|-7",
                "-0|0",
                "77.0|77",
                "-0.0|0",
                "1e3|1000",
                "10.50e1|105",
                "123456789012345678901234567890|123456789012345678901234567890",
                "\"abc\"|\"abc\"",
                "\"\"|\"\"",
                "\"\\u0061\\/\"|\"a/\"",
                "\"\\\"\\\\\\n\\u0001\"|\"\\\"\\\\\\n\\u0001\"",
                "\"\\ud83d\\ude00\"|\"\ud83d\ude00\"",
                "\"\\uD83D\"|\"\\ud83d\"",
            })
    void givesIdsOneForm(String written, String canonical) {
        Envelope envelope = single("{\"jsonrpc\":\"2.0\",\"method\":\"ping\", \"id\" :\t" + written + " }");
        assertThat(envelope.id()).isEqualTo(new RequestId(canonical));
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "\"a\u20ac\\n\"", "-12345678901234567890123", "\"\""})
    void findsTheIdWhereverItStandsInTheBuffer(String id) {
        for (String form : new String[] {
            "{\"id\":%s,\"jsonrpc\":\"2.0\",\"method\":\"ping\"}",
            "  {\"jsonrpc\":\"2.0\",\"m\u00e4\":\"\u20ac\",\"method\":\"ping\",\"id\" : %s  }\n",
            "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":%s}"
        }) {
            byte[] message = form.formatted(id).getBytes(UTF_8);
            byte[] buffer = new byte[message.length + 50];
            Arrays.fill(buffer, (byte) '}');
            System.arraycopy(message, 0, buffer, 13, message.length);
            assertThat(MessageReader.read(buffer, 13, message.length)).isInstanceOfSatisfying(Single.class, single -> {
                Span span = Objects.requireNonNull(single.envelope().idSpan());
                assertThat(new String(buffer, 13 + span.start(), span.length(), UTF_8))
                        .isEqualTo(id);
            });
        }
    }

    @Test
    void readsABatch() {
        String text =
                "[ {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},\n{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"result\":{}} ]";
        assertThat(read(text)).isInstanceOfSatisfying(Batch.class, batch -> {
            assertThat(batch.elements())
                    .extracting(element -> element.envelope().kind())
                    .containsExactly(Kind.REQUEST, Kind.RESULT);
            assertThat(batch.elements())
                    .extracting(element -> at(text, element.span()))
                    .containsExactly(
                            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                            "{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"result\":{}}");
            assertThat(batch.elements())
                    .extracting(element -> at(text, element.envelope().idSpan()))
                    .containsExactly("1", "\"b\"");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "nonsense",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}{}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"} x",
                "{'jsonrpc':'2.0','method':'ping'}",
                "{\"jsonrpc\":\"2.0\",}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":01}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"pi\nng\"}",
                "[",
                "[{}",
                "{\"id\":{\"a\"}",
                "\ufeff{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}\0",
                "{\"jsonrpc\":\"1.0\",\"id\":NaN}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"/*c*/}",
                "{\"id\":tru}",
                "{\"x\":\"\\x\"}",
                "[1,2",
                "7 7"
            })
    void callsWhatIsNoJsonThat(String text) {
        assertMalformed(text.getBytes(UTF_8), McpErrors.PARSE_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7",
                "null",
                "\"a\"",
                "true",
                "{}",
                "[]",
                "[1]",
                "[[]]",
                "[{}]",
                "{\"method\":\"ping\",\"id\":1}",
                "{\"jsonrpc\":\"1.0\",\"method\":\"ping\"}",
                "{\"jsonrpc\":2.0,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"method\":7}",
                "{\"jsonrpc\":\"2.0\",\"method\":null}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":null}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1.5}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1e-3}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1e1001}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1e99999999999999}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":true}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":{\"a\":1}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":[1]}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":[1]}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":\"p\"}",
                "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":null}",
                "{\"jsonrpc\":\"2.0\",\"result\":{}}",
                "{\"jsonrpc\":\"2.0\",\"result\":7,\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"result\":{},\"error\":{\"code\":1,\"message\":\"m\"},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"result\":{},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"params\":{},\"result\":{},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"error\":\"e\",\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"error\":{},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":\"1\",\"message\":\"m\"},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1},\"id\":1}",
                "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1.5,\"message\":\"m\"},\"id\":1}",
                "[{\"jsonrpc\":\"2.0\",\"method\":\"ping\"},7]",
                "[{\"jsonrpc\":\"2.0\",\"method\":\"ping\"},[]]"
            })
    void refusesJsonThatIsNoMessage(String text) {
        assertMalformed(text.getBytes(UTF_8), McpErrors.INVALID_REQUEST);
    }

    /** Two readers of these could come to different messages, and one of them might be who grants access. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"\\u0069d\":2,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/call\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"tools/call\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"PARAMS\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"param\u017f\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{},\"params\":null}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\",\"name\":\"b\"}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\",\"name\":7}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"_meta\":{},\"_meta\":{\"progressToken\":1}}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"progressToken\":1,\"progressToken\":2}}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1,\"requestId\":2}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"result\":{}}"
            })
    void refusesWhatTwoReadersCouldDisagreeOn(String text) {
        assertMalformed(text.getBytes(UTF_8), McpErrors.INVALID_REQUEST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"extra\":{\"id\":3},\"x\":[[]],\"y\":null}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":null}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":{\"name\":{\"a\":1},\"uri\":[1],\"_meta\":7,\"requestId\":{},\"progressToken\":[{}]}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":{\"_meta\":{\"progressToken\":{\"a\":[1]}}}}"
            })
    void leavesToThePeersWhatIsTheirs(String text) {
        Envelope envelope = single(text);
        assertThat(envelope.kind()).isEqualTo(Kind.REQUEST);
        assertThat(envelope.params()).isSameAs(Params.NONE);
    }

    @Test
    void refusesWhatIsNotUtf8() {
        String message = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":\"\u00e4\"}";
        assertMalformed(message.getBytes(ISO_8859_1), McpErrors.PARSE_ERROR);
        assertMalformed(message.getBytes(UTF_16BE), McpErrors.PARSE_ERROR);
        byte[] surrogate = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":\"\u20ac\"}".getBytes(UTF_8);
        int at = surrogate.length - 5;
        assertThat(MessageReader.read(surrogate)).isInstanceOf(Single.class);
        surrogate[at] = (byte) 0xed;
        surrogate[at + 1] = (byte) 0xa0;
        assertMalformed(surrogate, McpErrors.PARSE_ERROR);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":", "["})
    void refusesWhatIsNestedTooDeeply(String opening) {
        String deep = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":" + opening.repeat(1_000_000);
        assertMalformed(deep.getBytes(UTF_8), McpErrors.INVALID_REQUEST);
        assertMalformed(opening.repeat(1_000_000).getBytes(UTF_8), McpErrors.INVALID_REQUEST);
        String bearable = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":" + "[".repeat(400) + "]".repeat(400) + "}";
        assertThat(single(bearable).method()).isSameAs(McpMethod.PING);
    }

    @Test
    void saysWhichLimitAMessageBreaks() {
        String open = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",";
        assertThat(reason(open + "\"x\":" + "[".repeat(500) + "]".repeat(500) + "}"))
                .isEqualTo("A message must be nested at most 500 deep.");
        assertThat(reason(open + "\"x\":" + "1".repeat(1_001) + "}"))
                .isEqualTo("A number must have at most 1000 digits.");
        assertThat(reason(open + "\"x\":0." + "1".repeat(1_001) + "}"))
                .isEqualTo("A number must have at most 1000 digits.");
        assertThat(reason(open + "\"" + "n".repeat(60_000) + "\":0}"))
                .isEqualTo("A member's name must be at most 50000 characters long.");
    }

    private static String reason(String text) {
        return read(text) instanceof Malformed malformed ? malformed.reason() : "";
    }

    @Test
    void tellsAnIntegerWithAFractionFromTheIdItStandsFor() {
        RequestId seven = new RequestId("7");
        assertThat(single("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":7}").shows(seven))
                .isTrue();
        assertThat(single("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":7.0}").shows(seven))
                .isFalse();
        assertThat(single("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":\"\\u0061\"}")
                        .shows(RequestId.ofText("a")))
                .isTrue();
        assertThat(single("{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":8}").shows(seven))
                .isFalse();
    }

    @Test
    void boundsWhatIsKept() {
        String id = "\"" + "x".repeat(RequestId.MAX_BYTES - 2) + "\"";
        assertThat(single("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":" + id + "}")
                        .id())
                .isEqualTo(new RequestId(id));
        assertMalformed(
                ("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"x" + id.substring(1) + "}").getBytes(UTF_8),
                McpErrors.INVALID_REQUEST);
        assertMalformed(
                ("{\"jsonrpc\":\"2.0\",\"method\":\"" + "m".repeat(257) + "\"}").getBytes(UTF_8),
                McpErrors.INVALID_REQUEST);
    }

    @Test
    void boundsTheBatch() {
        String ping = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}";
        assertThat(read(repeated(ping, MessageReader.MAX_BATCH))).isInstanceOf(Batch.class);
        assertMalformed(repeated(ping, MessageReader.MAX_BATCH + 1).getBytes(UTF_8), McpErrors.INVALID_REQUEST);
    }

    @Test
    void readsALargeBody() {
        String text = "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"arguments\":{\"blob\":\""
                + "\u20acx".repeat(1 << 20) + "\"},\"name\":\"t\"},\"id\":5}";
        Envelope envelope = single(text);
        assertThat(envelope.target()).isEqualTo("t");
        byte[] bytes = text.getBytes(UTF_8);
        Span span = envelope.idSpan();
        assertThat(span).isEqualTo(new Span(bytes.length - 2, bytes.length - 1));
    }

    @Test
    void survivesNamesThatAreMadeToCollide() {
        String names = IntStream.range(0, 200_000)
                .mapToObj(i -> "\"k" + Integer.toString(i, 36) + "\":0")
                .collect(Collectors.joining(","));
        assertThat(single("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":{" + names + "}}")
                        .method())
                .isSameAs(McpMethod.PING);
        assertThat(single("{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}").method()).isSameAs(McpMethod.PING);
    }

    @ParameterizedTest
    @ValueSource(ints = {255, 257, 10_000, 49_999})
    void takesLongNames(int length) {
        String name = "\"" + "n".repeat(length) + "\"";
        assertThat(single("{" + name + ":0,\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"x\":{" + name + ":1}}")
                        .method())
                .isSameAs(McpMethod.PING);
    }

    @Test
    void refusesNamesBeyondMeasure() {
        String name = "\"" + "n".repeat(100_000) + "\"";
        assertMalformed(
                ("{" + name + ":0,\"jsonrpc\":\"2.0\",\"method\":\"ping\"}").getBytes(UTF_8),
                McpErrors.INVALID_REQUEST);
    }

    private static String repeated(String message, int times) {
        return IntStream.range(0, times).mapToObj(_ -> message).collect(Collectors.joining(",", "[", "]"));
    }

    private static Message read(String text) {
        return MessageReader.read(text.getBytes(UTF_8));
    }

    private static Envelope single(String text) {
        Message message = read(text);
        assertThat(message).isInstanceOf(Single.class);
        return ((Single) message).envelope();
    }

    private static String at(String text, @Nullable Span span) {
        Objects.requireNonNull(span);
        return new String(text.getBytes(UTF_8), span.start(), span.length(), UTF_8);
    }

    private static void assertMalformed(byte[] message, int code) {
        assertThat(MessageReader.read(message)).isInstanceOfSatisfying(Malformed.class, malformed -> {
            assertThat(malformed.code()).as(malformed.reason()).isEqualTo(code);
            assertThat(malformed.reason()).isNotBlank();
        });
    }
}
