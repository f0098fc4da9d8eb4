package dev.shadowcat.gateway.node;

import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.upstream.CallMeter;
import dev.shadowcat.gateway.upstream.NettyUpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClient;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The ways to the nodes that share this node's store, and the word by which they know each other: it is made with the store's
 * key, which nobody else has. Any thread.
 */
public final class OtherNodes implements AutoCloseable {
    /** The header that carries the word, on requests and on answers: whoever answers without it is no node of this store. */
    public static final String HEADER = "x-shadowcat-node";

    /** The header of a request that says which node sent it on. */
    public static final String FROM = "x-shadowcat-from";

    /** The word on an answer of a node that does not hold the session, or not for long. */
    public static final String MISDIRECTED = "x-shadowcat-misdirected";

    /**
     * The header of a request that a node sends on which stops: whoever gets it looks for the session as for a client's request. And on
     * {@link #MISDIRECTED} answers of a node that stops too: it is not to be asked again.
     */
    public static final String STOPS = "x-shadowcat-stops";

    /** How long connecting may take. */
    public static final Duration CONNECT = Duration.ofSeconds(1);

    private static final int MOST = 256; // addresses; nodes come and go with new ones

    private final String word;
    private final String self = UUID.randomUUID().toString();
    private final Transport transport;
    private final Map<String, UpstreamClient> clients = new LinkedHashMap<>(16, 0.75f, true); // guarded by this

    /** @param key the store's */
    public OtherNodes(byte[] key, Transport transport) {
        this.transport = transport;
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            byte[] hash = mac.doFinal("one node to another".getBytes(StandardCharsets.US_ASCII));
            this.word = Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing); // every JDK has HmacSHA256
        }
    }

    /** What this node says to others. */
    public String word() {
        return word;
    }

    /** Which of the nodes this one is, on requests that it sends on. */
    public String self() {
        return self;
    }

    /** Whether another node said this. */
    public boolean vouches(@Nullable String said) {
        return said != null
                && MessageDigest.isEqual(
                        said.getBytes(StandardCharsets.ISO_8859_1), word.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The way to the node at an address, {@code host:port}. */
    public synchronized UpstreamClient at(String address) {
        UpstreamClient client = clients.get(address);
        if (client == null) {
            client = new NettyUpstreamClient(settings(address), transport, CallMeter.NONE);
            clients.put(address, client);
            if (clients.size() > MOST) {
                Iterator<UpstreamClient> eldest = clients.values().iterator();
                eldest.next().close();
                eldest.remove();
            }
        }
        return client;
    }

    private static UpstreamClientSettings settings(String address) {
        UpstreamClientSettings defaults = UpstreamClientSettings.of(URI.create("http://" + address));
        return new UpstreamClientSettings(
                defaults.base(),
                CONNECT,
                defaults.maxHeaderBytes(),
                defaults.maxConnectionsPerLoop(),
                defaults.receiveBufferBytes(),
                defaults.sendBufferBytes(),
                defaults.pooledIdle(),
                defaults.recentIdle(),
                null);
    }

    @Override
    public synchronized void close() {
        clients.values().forEach(UpstreamClient::close);
        clients.clear();
    }
}
