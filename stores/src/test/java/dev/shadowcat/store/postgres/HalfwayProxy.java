package dev.shadowcat.store.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** A way to a server of this machine that can stop in the middle of what one client sends, and leaves the server waiting for the rest. */
final class HalfwayProxy implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final AtomicLong left = new AtomicLong(Long.MAX_VALUE);
    private final int port;

    HalfwayProxy(int port) throws IOException {
        this.port = port;
        Thread.ofVirtual().start(this::accept);
    }

    PostgresUrl url(PostgresUrl direct) {
        return new PostgresUrl(
                direct.user(),
                direct.password(),
                List.of(new PostgresUrl.Host("127.0.0.1", listener.getLocalPort())),
                direct.database(),
                direct.parameters());
    }

    /** The connection whose client sends the last of so many bytes takes no more, and is kept open; all others go on. */
    void stopAfter(long bytes) {
        left.set(bytes);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                sockets.add(client);
                sockets.add(server);
                Thread.ofVirtual().start(() -> copy(client, server, left));
                Thread.ofVirtual().start(() -> copy(server, client, new AtomicLong(Long.MAX_VALUE)));
            }
        } catch (IOException closed) {
            // so does every test
        }
    }

    private static void copy(Socket from, Socket to, AtomicLong left) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            byte[] bytes = new byte[4_096];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                out.write(bytes, 0, read);
                if (left.addAndGet(-read) <= 0) {
                    left.set(Long.MAX_VALUE);
                    Thread.currentThread().join(); // for ever: the socket stays open
                }
            }
        } catch (IOException | InterruptedException closed) {
            // by either side
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
