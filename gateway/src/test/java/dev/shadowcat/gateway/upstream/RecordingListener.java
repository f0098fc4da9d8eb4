package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.observe.ErrorType;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Writes down what a listener was told, and can be waited on. */
@SuppressWarnings("NonAtomicVolatileUpdate") // one writer
class RecordingListener implements UpstreamListener {
    final List<String> told = new CopyOnWriteArrayList<>();
    volatile String body = ""; // written by the loop alone
    final AtomicLong bytes = new AtomicLong();
    volatile HttpHeaders headers = EmptyHttpHeaders.INSTANCE;
    volatile UpstreamFailure failure = new UpstreamFailure(UpstreamFailure.Fate.NEVER_SENT, "none yet");
    /** The call that the listener itself acts on. */
    volatile UpstreamCall paused = new NoCall();

    private final CountDownLatch over = new CountDownLatch(1);

    @Override
    public void head(int status, HttpHeaders headers) {
        this.headers = headers;
        told.add("head " + status);
    }

    @Override
    public void data(ByteBuf data) {
        if (bytes.addAndGet(data.readableBytes()) < 100_000) {
            body = body.concat(data.toString(StandardCharsets.ISO_8859_1));
        }
    }

    @Override
    public void end() {
        told.add("end");
        over.countDown();
    }

    @Override
    public void failed(UpstreamFailure failure) {
        this.failure = failure;
        told.add("failed " + failure.fate());
        over.countDown();
    }

    RecordingListener awaitOver() throws InterruptedException {
        assertThat(over.await(20, TimeUnit.SECONDS)).as("told so far: %s", told).isTrue();
        return this;
    }

    void awaitHead() {
        await().atMost(Duration.ofSeconds(20)).until(() -> !told.isEmpty());
    }

    void awaitBody(String expected) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(body).isEqualTo(expected));
    }

    private record NoCall() implements UpstreamCall {
        @Override
        public void reading(boolean on) {}

        @Override
        public void close(ErrorType why) {}
    }
}
