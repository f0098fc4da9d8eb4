package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.net.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.ResourceLeakDetector;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What one idle stream costs in heap: thousands of them are what a gateway mostly holds. */
class IdleStreamCostTest {
    private static final int STREAMS = Integer.getInteger("streams", 1_000);

    @Test
    void anIdleStreamIsSmall() throws Exception {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        IdleStreamPeer.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        EventLoopGroup loops = Transport.available().newLoops(1, "cost");
        try (BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            URI base = URI.create("http://127.0.0.1:" + said.readLine());
            try (NettyUpstreamClient client =
                    new NettyUpstreamClient(UpstreamClientSettings.of(base), Transport.available(), CallMeter.NONE)) {
                Counting listener = new Counting();
                open(client, loops.next(), listener, 100); // what is loaded once is no stream's cost
                long before = heapAfterCollection();
                open(client, loops.next(), listener, STREAMS);
                long each = (heapAfterCollection() - before) / STREAMS;
                System.out.println("FIGURE heap of an idle upstream stream: " + each + " bytes of " + STREAMS);
                assertThat(each).isLessThan(2_000);
            }
        } finally {
            process.destroy();
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static void open(NettyUpstreamClient client, EventLoop loop, Counting listener, int count) {
        int before = listener.streams.get();
        for (int i = 0; i < count; i++) {
            loop.execute(() -> client.send(loop, UpstreamHarness.stream(), listener));
            int sent = before + i + 1;
            if (i % 100 == 99 || i == count - 1) {
                await().atMost(Duration.ofSeconds(30)).until(() -> listener.streams.get() == sent);
            }
        }
    }

    private static long heapAfterCollection() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Counts the streams that have begun. */
    private static final class Counting implements UpstreamListener {
        private final AtomicInteger streams = new AtomicInteger();

        @Override
        public void head(int status, HttpHeaders headers) {}

        @Override
        public void data(ByteBuf bytes) {
            streams.incrementAndGet();
        }

        @Override
        public void end() {}

        @Override
        public void failed(UpstreamFailure failure) {
            throw new IllegalStateException(failure.toString());
        }
    }
}
