package dev.shadowcat.store.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server that is no Redis: it says the same to whatever it is asked, and hangs up where it has nothing to say. */
final class ForeignServer implements AutoCloseable {
    private final ServerSocket listening;
    private final byte[] answer;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private ForeignServer(ServerSocket listening, byte[] answer) {
        this.listening = listening;
        this.answer = answer;
    }

    /** @param port 0 for any */
    static ForeignServer start(int port, byte[] answer) throws IOException {
        ServerSocket listening = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
        ForeignServer server = new ForeignServer(listening, answer);
        Thread.ofVirtual().start(server::accept);
        return server;
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> answer(socket));
            }
        } catch (IOException closed) {
            open.forEach(ForeignServer::close);
        }
    }

    private void answer(Socket socket) {
        try (socket) {
            byte[] asked = new byte[4096];
            while (socket.getInputStream().read(asked) >= 0 && answer.length > 0) {
                socket.getOutputStream().write(answer);
            }
        } catch (IOException gone) {
            open.remove(socket);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
