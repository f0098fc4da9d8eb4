package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A request under way counts with its target, with what went out for it, and with its spans. */
class OperationFootprintTest {
    private static long bytes(Measured object) {
        return new Footprint().measured(object).bytes();
    }

    private static Operations operations(@Nullable Tracer tracer) {
        return new Operations(new Histograms(), tracer, TextMapPropagator.noop());
    }

    private static ServerOperation call(Operations operations, String name) {
        String message =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"" + name + "\"}}";
        Message.Single read = (Message.Single) MessageReader.read(message.getBytes(StandardCharsets.UTF_8));
        return operations.begin(read.envelope(), EmptyHttpHeaders.INSTANCE, operations.arrived());
    }

    @Test
    void countsAllOfIt() {
        Operations off = operations(null);
        ServerOperation call = call(off, "t");
        long alone = bytes(call);
        assertThat(bytes(call(off, "t".repeat(1_001)))).isEqualTo(alone + 1_000);
        call.sending(off.peer("127.0.0.1", 1), null, null);
        assertThat(bytes(call)).isGreaterThan(alone);

        try (SdkTracerProvider tracers = SdkTracerProvider.builder().build()) {
            assertThat(bytes(call(operations(tracers.get("test")), "t"))).isGreaterThan(alone);
        }
    }
}
