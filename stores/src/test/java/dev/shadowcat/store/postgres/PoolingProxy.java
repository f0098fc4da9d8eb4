package dev.shadowcat.store.postgres;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * A way to a server that clients take for the server, as a pooler is one: each logs in, and gets a key of the proxy's own. In turns they
 * all have the first connection to the server then, or each its own. Speaks no TLS.
 */
final class PoolingProxy implements AutoCloseable {
    private static final int OWN_KEY = 7;

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final int port;
    private final boolean inTurns;
    private volatile @Nullable Link lent;
    private volatile @Nullable Link speaking;

    PoolingProxy(int port, boolean inTurns) throws IOException {
        this.port = port;
        this.inTurns = inTurns;
        Thread.ofVirtual().start(this::accept);
    }

    PostgresUrl url(PostgresUrl direct) {
        return PostgresUrl.parse("postgresql://" + direct.user() + "@127.0.0.1:" + listener.getLocalPort() + "/"
                        + direct.database() + "?sslmode=disable&schema="
                        + direct.parameters().get("currentSchema"))
                .withPasswordOf(Map.of("PGPASSWORD", String.valueOf(direct.password())));
    }

    private void accept() {
        try {
            while (true) {
                Link link = new Link(listener.accept(), new Socket(InetAddress.getLoopbackAddress(), port));
                sockets.addAll(List.of(link.client, link.server));
                Thread.ofVirtual().start(link::ask);
                Thread.ofVirtual().start(link::answer);
            }
        } catch (IOException closed) {
            // so does every test
        }
    }

    /** A client and the connection by which it logged in. */
    private final class Link {
        private final Socket client;
        private final Socket server;
        private volatile boolean loggedIn;

        private Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        private void ask() {
            try {
                InputStream in = client.getInputStream();
                byte[] bytes = new byte[4_096];
                for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                    Link first = lent;
                    Link to = inTurns && loggedIn && first != null ? first : this;
                    speaking = this;
                    OutputStream out = to.server.getOutputStream();
                    out.write(bytes, 0, read);
                }
            } catch (IOException closed) {
                // by either side
            }
        }

        private void answer() {
            try {
                DataInputStream in = new DataInputStream(server.getInputStream());
                while (true) {
                    byte kind = in.readByte();
                    byte[] message = in.readNBytes(in.readInt() - Integer.BYTES);
                    boolean before = loggedIn;
                    if (!before && kind == 'K') {
                        message[message.length - 1] ^= OWN_KEY;
                        message[1] ^= OWN_KEY; // of the process
                    }
                    if (!before && kind == 'Z') {
                        lent = lent == null ? this : lent;
                        loggedIn = true;
                    }
                    Link asking = speaking;
                    Link to = inTurns && before && asking != null ? asking : this;
                    DataOutputStream out = new DataOutputStream(to.client.getOutputStream());
                    out.writeByte(kind);
                    out.writeInt(message.length + Integer.BYTES);
                    out.write(message);
                    out.flush();
                }
            } catch (IOException closed) {
                // by either side
            }
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
