package dev.shadowcat.benchmarks;

import dev.shadowcat.sse.SseDecoder;
import dev.shadowcat.sse.SseEvent;
import dev.shadowcat.sse.SseHandler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What decoding one event of 300 bytes costs, ten of them in one read, as network memory or on the heap. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class SseDecoderBenchmark implements SseHandler {
    private static final int EVENTS = 10;

    @Param({"true", "false"})
    boolean direct;

    private final SseDecoder decoder = new SseDecoder(4 << 20);
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private int seen;

    @Setup
    public void prepare() {
        String event =
                "event: message\nid: 12_7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                        + "{\"level\":\"info\",\"data\":{\"n\":1,\"pad\":\"" + "x".repeat(200) + "\"}}}\n\n";
        byte[] text = event.repeat(EVENTS).getBytes(StandardCharsets.US_ASCII);
        bytes = (direct ? ByteBuffer.allocateDirect(text.length) : ByteBuffer.allocate(text.length))
                .put(text)
                .flip();
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public int decode() {
        bytes.rewind();
        decoder.feed(bytes, this);
        return seen;
    }

    @Override
    public void event(SseEvent event) {
        seen += event.data().length;
    }

    @Override
    public void retry(long millis) {
        seen++;
    }
}
