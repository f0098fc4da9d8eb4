package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CollectedBodyTest {
    @Test
    void nothingIsAnEmptyBody() {
        assertThat(new CollectedBody().take()).isEmpty();
    }

    @Test
    void piecesOfAnySizeComeOutInOrder() {
        Random random = new Random(7);
        for (int run = 0; run < 200; run++) {
            CollectedBody body = new CollectedBody();
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            for (int piece = random.nextInt(6); piece >= 0; piece--) {
                byte[] bytes = new byte[random.nextInt(50)];
                random.nextBytes(bytes);
                ByteBuf more = Unpooled.wrappedBuffer(bytes);
                body.add(more);
                assertThat(more.readableBytes()).isEqualTo(bytes.length);
                expected.writeBytes(bytes);
                assertThat(body.length()).isEqualTo(expected.size());
            }
            assertThat(body.take()).isEqualTo(expected.toByteArray());
        }
    }
}
