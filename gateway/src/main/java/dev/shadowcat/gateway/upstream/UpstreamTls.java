package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS towards an upstream: the JDK's provider, SNI, and the host name checked against the certificate. */
final class UpstreamTls {
    private UpstreamTls() {}

    static SslContext context(@Nullable Path caFile) {
        SslContextBuilder builder =
                SslContextBuilder.forClient().sslProvider(SslProvider.JDK).endpointIdentificationAlgorithm("HTTPS");
        try {
            if (caFile != null) {
                builder.trustManager(caFile.toFile());
            }
            return builder.build();
        } catch (SSLException | IllegalArgumentException broken) {
            throw new IllegalArgumentException("upstream.ca-file: cannot be read: " + caFile, broken);
        }
    }

    static SslHandler handler(SslContext context, ByteBufAllocator allocator, UpstreamClientSettings settings) {
        SslHandler handler = context.newHandler(allocator, settings.host(), settings.port());
        handler.setHandshakeTimeoutMillis(settings.connectTimeout().toMillis());
        return handler;
    }
}
