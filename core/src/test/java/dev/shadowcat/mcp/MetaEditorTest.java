package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetaEditorTest {
    private static final String HEAD = "{\"jsonrpc\":\"2.0\", \"id\":1,\"method\":\"tools/call\"";

    private static String set(String message, Map<String, String> members) {
        byte[] bytes = message.getBytes(UTF_8);
        assertThat(MessageReader.read(bytes)).isInstanceOf(Message.Single.class);
        byte[] edited = MetaEditor.set(bytes, members);
        assertThat(MessageReader.read(edited)).isInstanceOf(Message.Single.class);
        return new String(edited, UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                " } | ,\"params\":{\"_meta\":{\"t\":\"1\"}}}",
                ",\"params\": null } | ,\"params\": {\"_meta\":{\"t\":\"1\"}} }",
                ",\"params\":{ }} | ,\"params\":{\"_meta\":{\"t\":\"1\"} }}",
                ",\"params\":{\"a\":\"€\"}} | ,\"params\":{\"_meta\":{\"t\":\"1\"},\"a\":\"€\"}}",
                ",\"params\":{\"a\":1,\"_meta\":null}} | ,\"params\":{\"a\":1,\"_meta\":{\"t\":\"1\"}}}",
                ",\"params\":{\"_meta\":{ }}} | ,\"params\":{\"_meta\":{\"t\":\"1\" }}}",
                ",\"params\":{\"_meta\":{\"x\":[{}]}}} | ,\"params\":{\"_meta\":{\"t\":\"1\",\"x\":[{}]}}}",
                ",\"params\":{\"_meta\":{\"t\" : \"old\" ,\"x\":2}}} | ,\"params\":{\"_meta\":{\"t\" : \"1\" ,\"x\":2}}}",
                ",\"params\":{\"_meta\":{\"x\":2,\"t\":{\"t\":[3]} }}} | ,\"params\":{\"_meta\":{\"x\":2,\"t\":\"1\" }}}",
                ",\"params\":{\"_meta\":{\"t\":12 }}} | ,\"params\":{\"_meta\":{\"t\":\"1\" }}}",
                ",\"params\":{\"_meta\":\"none\"}} | ,\"params\":{\"_meta\":\"none\"}}",
                ",\"params\":{\"arguments\":{\"_meta\":{\"t\":0}}}} | ,\"params\":{\"_meta\":{\"t\":\"1\"},\"arguments\":{\"_meta\":{\"t\":0}}}}",
            })
    void setsAMember(String rest, String expected) {
        assertThat(set(HEAD + rest, Map.of("t", "1"))).isEqualTo(HEAD + expected);
    }

    @Test
    void severalAreSetAtOnceWhereverTheyStand() {
        Map<String, String> members = new LinkedHashMap<>();
        members.put("traceparent", "00-a\"b");
        members.put("tracestate", "");
        members.put("baggage", "k=v");
        String rest = ",\"params\":{\"_meta\":{\"tracestate\":\"old=1\",\"y\":true,\"baggage\":\"\"},\"name\":\"n\"}}";
        assertThat(set(HEAD + rest, members))
                .isEqualTo(
                        HEAD + ",\"params\":{\"_meta\":{\"traceparent\":\"00-a\\\"b\",\"tracestate\":\"\",\"y\":true,"
                                + "\"baggage\":\"k=v\"},\"name\":\"n\"}}");
    }

    @Test
    void anEmptyOneIsNotAdded() {
        assertThat(set(HEAD + ",\"params\":{\"_meta\":{\"x\":1}}}", Map.of("tracestate", "")))
                .isEqualTo(HEAD + ",\"params\":{\"_meta\":{\"x\":1}}}");
    }

    @Test
    void aNameThatIsTooLongForTheSharedTableIsNoHindrance() {
        String name = "n".repeat(300);
        assertThat(set(HEAD + ",\"params\":{\"" + name + "\":1}}", Map.of("t", "1")))
                .isEqualTo(HEAD + ",\"params\":{\"_meta\":{\"t\":\"1\"},\"" + name + "\":1}}");
    }
}
