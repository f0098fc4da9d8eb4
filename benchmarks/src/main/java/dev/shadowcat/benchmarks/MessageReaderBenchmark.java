package dev.shadowcat.benchmarks;

import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What reading a message's envelope costs: once for every request, once for every event. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class MessageReaderBenchmark {
    @Param({"call", "event", "result-4m"})
    String kind = "call";

    private byte[] message = {};

    @Setup
    public void prepare() {
        String text = switch (kind) {
            case "call" ->
                "{\"jsonrpc\":\"2.0\",\"id\":100000001,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
                        + "\"arguments\":{\"text\":\"hello\"}}}";
            case "event" ->
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\","
                        + "\"data\":{\"n\":1,\"pad\":\"" + "x".repeat(200) + "\"}}}";
            default ->
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\""
                        + "x".repeat(4 << 20) + "\"}]}}";
        };
        message = text.getBytes(StandardCharsets.US_ASCII);
    }

    @Benchmark
    public Message read() {
        return MessageReader.read(message);
    }
}
