package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstreams on https. */
class TlsTest extends UpstreamHarness {
    private static final String PASSWORD = "changeit";

    @TempDir
    static Path folder;

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificate("here", "ip:127.0.0.1,dns:localhost");
        certificate("elsewhere", "dns:elsewhere.test");
    }

    @Test
    void callsAndStreamsPassAndTheConnectionIsReused() throws Exception {
        serve("here", folder.resolve("here.pem"));
        Peer.Connection connection = null;
        for (int i = 0; i < 3; i++) {
            RecordingListener listener = new RecordingListener();
            String body = "x".repeat(i * 100_000);
            send(post(body, Reuse.RECENT), listener);
            connection = connection == null ? peer.next() : connection;
            assertThat(connection.request()).endsWith("\r\n\r\n" + body);
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "y".repeat(100_000));
            assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
            assertThat(listener.bytes.get()).isEqualTo(100_000);
            awaitIdle(1);
        }
        assertThat(peer.accepted()).isEqualTo(1);
        RecordingListener stream = new RecordingListener();
        send(stream(), stream);
        connection = peer.accepted() == 1 && connection != null ? connection : peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        stream.awaitBody("abc");
        connection.write("2\r\nde\r\n0\r\n\r\n");
        assertThat(stream.awaitOver().told).containsExactly("head 200", "end");
        assertThat(stream.body).isEqualTo("abcde");
    }

    @Test
    void aCertificateThatNobodyTrustsStopsTheRequest() throws Exception {
        serve("here", null);
        assertNeverSent();
    }

    @Test
    void aCertificateOfAnotherHostStopsTheRequest() throws Exception {
        serve("elsewhere", folder.resolve("elsewhere.pem"));
        assertNeverSent();
    }

    @Test
    void anUpstreamWithoutTlsStopsTheRequest() throws Exception {
        client.close();
        client = client(secure(folder.resolve("here.pem")));
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.POOLED), listener);
        peer.next().write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
    }

    @Test
    void closedBeforeAnAnswerItWasSent() throws Exception {
        serve("here", folder.resolve("here.pem"));
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.close();
        assertThat(listener.awaitOver().told).containsExactly("failed UNANSWERED");
    }

    private void assertNeverSent() throws Exception {
        RecordingListener listener = new RecordingListener();
        UpstreamRequest request = post("secret", Reuse.POOLED);
        send(request, listener);
        Peer.Connection connection = peer.next();
        Thread.ofVirtual().start(() -> {
            try {
                connection.read(); // drives the handshake
            } catch (IOException refused) {
                // What the client is to do.
            }
        });
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
        assertThat(request.body().refCnt()).isZero();
    }

    private void serve(String name, @Nullable Path trusted) throws Exception {
        client.close();
        peer.close();
        peer = new Peer(serverSocket(name));
        client = client(secure(trusted));
    }

    private UpstreamClientSettings secure(@Nullable Path trusted) {
        UpstreamClientSettings plain = settings();
        return new UpstreamClientSettings(
                URI.create("https://127.0.0.1:" + peer.port()),
                plain.connectTimeout(),
                plain.maxHeaderBytes(),
                plain.maxConnectionsPerLoop(),
                plain.receiveBufferBytes(),
                plain.sendBufferBytes(),
                plain.pooledIdle(),
                plain.recentIdle(),
                trusted);
    }

    private static ServerSocket serverSocket(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    private static void certificate(String name, String names) throws Exception {
        Path store = folder.resolve(name + ".p12");
        keytool(
                "-genkeypair",
                "-alias",
                "it",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=" + names,
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD);
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "it",
                "-file",
                folder.resolve(name + ".pem").toString(),
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD);
    }

    private static void keytool(String... arguments) throws Exception {
        var command = new java.util.ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(java.util.List.of(arguments));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
    }
}
