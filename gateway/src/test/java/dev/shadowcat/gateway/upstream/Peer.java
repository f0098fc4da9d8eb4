package dev.shadowcat.gateway.upstream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server of which the test writes each byte. */
final class Peer implements AutoCloseable {
    private final ServerSocket server;
    private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    private final List<Connection> all = new CopyOnWriteArrayList<>();

    Peer() throws IOException {
        this(new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
    }

    Peer(ServerSocket server) {
        this.server = server;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    int accepted() {
        return all.size();
    }

    Connection next() throws InterruptedException, IOException {
        Connection connection = accepted.poll(20, TimeUnit.SECONDS);
        if (connection == null) {
            throw new IOException("nobody connected");
        }
        return connection;
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Connection connection : all) {
            connection.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Connection connection = new Connection(server.accept());
                all.add(connection);
                accepted.add(connection);
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    /** One connection of a client. */
    static final class Connection implements AutoCloseable {
        final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        /** Reads one request whole and returns it as text. */
        String request() throws IOException {
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            while (!read.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                int next = in.read();
                if (next < 0) {
                    throw new IOException("closed after: " + read);
                }
                read.write(next);
            }
            String head = read.toString(StandardCharsets.ISO_8859_1);
            int at = head.toLowerCase(Locale.ROOT).indexOf("content-length: ");
            int length = at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
            return head + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        }

        Connection write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return this;
        }

        Connection write(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
            return this;
        }

        int read() throws IOException {
            return in.read();
        }

        /** Closes with RST instead of FIN. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
