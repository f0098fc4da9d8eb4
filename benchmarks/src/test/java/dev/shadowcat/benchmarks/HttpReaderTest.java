package dev.shadowcat.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HttpReaderTest {
    private static final String ANSWERS = String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "content-type: application/json",
            "Mcp-Session-Id: abc",
            "Content-Length: 2",
            "",
            "{}HTTP/1.1 200 OK",
            "Content-Type: text/event-stream",
            "transfer-encoding: chunked",
            "",
            "c",
            "data: one\n\nd",
            "9",
            "ata: two\n",
            "0",
            "",
            "HTTP/1.1 202 Accepted",
            "",
            "");

    @Test
    void answersAreReadTheSameHoweverTheyAreSplit() {
        List<String> whole = read(ANSWERS.length());

        assertThat(whole)
                .containsExactly(
                        "200 json abc", "{}", "end", "200 sse null", "one", "two", "end", "202 json null", "end");
        for (int part = 1; part < ANSWERS.length(); part++) {
            assertThat(read(part)).as("in parts of %d bytes", part).isEqualTo(whole);
        }
    }

    private static List<String> read(int part) {
        Recorder recorder = new Recorder();
        EmbeddedChannel channel = new EmbeddedChannel(recorder);
        for (int index = 0; index < ANSWERS.length(); index += part) {
            String bytes = ANSWERS.substring(index, Math.min(ANSWERS.length(), index + part));
            channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
        }
        channel.finishAndReleaseAll();
        return recorder.seen;
    }

    private static final class Recorder extends HttpReader implements SseLines.Sink {
        private final List<String> seen = new ArrayList<>();
        private final SseLines lines = new SseLines(this);
        private boolean eventStream;

        Recorder() {
            super(false);
        }

        @Override
        void head(HttpHead message) {
            eventStream = message.eventStream;
            seen.add(message.status + (eventStream ? " sse " : " json ") + message.sessionId);
        }

        @Override
        void body(ByteBuf bytes, int index, int length) {
            if (eventStream) {
                lines.read(bytes, index, length);
                return;
            }
            data(bytes, index, length);
        }

        @Override
        void end() {
            seen.add("end");
        }

        @Override
        public void data(ByteBuf bytes, int index, int length) {
            seen.add(bytes.toString(index, length, StandardCharsets.US_ASCII));
        }
    }
}
