package dev.shadowcat.benchmarks;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * An MCP server that does next to nothing, fast: what stands behind a proxy while the proxy is measured. Its tools are
 * {@code echo} (a small JSON answer) and {@code events} (an SSE answer of 10 events); {@link UpstreamControl} makes it emit on
 * the standalone streams. One event loop does it all.
 */
final class FastUpstream {
    private final UpstreamSessions sessions = new UpstreamSessions();
    private final Emitter emitter;
    private final int port;

    FastUpstream(int port) {
        Transport transport = new Transport("upstream");
        emitter = new Emitter(transport.loop(), sessions);
        UpstreamControl control = new UpstreamControl(sessions, emitter);
        InetSocketAddress bound = (InetSocketAddress) transport
                .listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        () -> new UpstreamConnection(sessions, control))
                .localAddress();
        this.port = bound.getPort();
    }

    int port() {
        return port;
    }

    static void main(String[] arguments) throws InterruptedException {
        int port = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]);
        System.out.println("upstream: listening on http://127.0.0.1:" + new FastUpstream(port).port() + "/mcp");
        Thread.currentThread().join();
    }
}
