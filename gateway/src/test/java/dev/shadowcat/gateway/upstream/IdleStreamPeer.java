package dev.shadowcat.gateway.upstream;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A process that opens a stream for each client and then says nothing. Prints its port; ends with its standard input. */
final class IdleStreamPeer {
    private IdleStreamPeer() {}

    public static void main(String[] arguments) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        System.out.println(server.socket().getLocalPort());
        Thread.ofPlatform().daemon().start(() -> serve(server));
        while (System.in.read() >= 0) {
            // Only its end matters.
        }
    }

    private static void serve(ServerSocketChannel server) {
        List<SocketChannel> open = new ArrayList<>();
        byte[] answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII);
        ByteBuffer request = ByteBuffer.allocate(4096);
        try {
            while (true) {
                SocketChannel client = server.accept();
                open.add(client);
                client.read(request.clear());
                client.write(ByteBuffer.wrap(answer));
            }
        } catch (IOException ended) {
            throw new IllegalStateException("after " + open.size(), ended);
        }
    }
}
