package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.upstream.ChunkedBody.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

/** The chunked framing, split anywhere and broken anywhere. */
class ChunkedBodyTest {
    private static final UpstreamRequest REQUEST = new UpstreamRequest(
            HttpMethod.GET, "/", EmptyHttpHeaders.INSTANCE, Unpooled.EMPTY_BUFFER, UpstreamRequest.Reuse.POOLED, true);

    @Property
    void whatWasChunkedComesOutWhereverItIsSplit(
            @ForAll @Size(max = 8) List<@StringLength(min = 1, max = 300) String> parts,
            @ForAll @Size(max = 8) List<@IntRange(min = 1, max = 100) Integer> cuts) {
        StringBuilder wire = new StringBuilder();
        StringBuilder expected = new StringBuilder();
        for (String part : parts) {
            String latin = new String(part.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.ISO_8859_1);
            expected.append(latin);
            wire.append(Integer.toHexString(latin.length()))
                    .append(";x=y\r\n")
                    .append(latin)
                    .append("\r\n");
        }
        wire.append("0\r\nTrailer: z\r\n\r\n");
        byte[] bytes = wire.toString().getBytes(StandardCharsets.ISO_8859_1);
        RecordingListener listener = new RecordingListener();
        OpenCall call = new OpenCall(listener, REQUEST, CallMeter.NONE, null, null);
        ChunkedBody body = new ChunkedBody();
        int at = 0;
        int cut = 0;
        Progress progress = Progress.MORE;
        while (at < bytes.length) {
            assertThat(progress).isEqualTo(Progress.MORE);
            int length = cuts.isEmpty() ? bytes.length : cuts.get(cut++ % cuts.size());
            int end = Math.min(bytes.length, at + length);
            progress = body.decode(Unpooled.wrappedBuffer(bytes, at, end - at), call);
            at = end;
        }
        assertThat(progress).isEqualTo(Progress.END);
        assertThat(listener.body).isEqualTo(expected.toString());
    }

    @Property
    void anyBytesAreTakenWithinBounds(@ForAll byte[] bytes, @ForAll @IntRange(min = 1, max = 20) int step) {
        RecordingListener listener = new RecordingListener();
        OpenCall call = new OpenCall(listener, REQUEST, CallMeter.NONE, null, null);
        ChunkedBody body = new ChunkedBody();
        Progress progress = Progress.MORE;
        for (int at = 0; at < bytes.length && progress == Progress.MORE; at += step) {
            ByteBuf part = Unpooled.wrappedBuffer(bytes, at, Math.min(step, bytes.length - at));
            progress = body.decode(part, call);
            assertThat(progress != Progress.MORE || !part.isReadable()).isTrue();
        }
        assertThat(listener.bytes.get()).isLessThan(Math.max(1, bytes.length));
    }
}
