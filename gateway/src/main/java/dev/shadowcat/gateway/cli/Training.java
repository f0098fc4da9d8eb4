package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.demo.DemoServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The build's rehearsal: runs the gateway and sends it what clients send, then another one that goes on with what the first has left, so
 * that the AOT cache holds what a start and a take-over need.
 */
final class Training {
    private static final Pattern SESSION = Pattern.compile("(?i)\r\nmcp-session-id: *(\\S+)");
    private static final Pattern EVENT_ID = Pattern.compile("\nid: (\\S+)");
    private static final Pattern PORT = Pattern.compile("listening on http://127\\.0\\.0\\.1:(\\d+)");
    private static final Pattern ADMIN_PORT = Pattern.compile("admin on http://127\\.0\\.0\\.1:(\\d+)");
    private static final int PATIENCE_MILLIS = 20_000;
    private static final int CALLS = 50;

    private Training() {}

    /**
     * Ends the process either way: the gateway's threads would keep it, and the build would wait for ever.
     *
     * @param arguments a folder that may be filled
     */
    @SuppressWarnings("CatchAndPrintStackTrace") // the build keeps it in training.log
    public static void main(String[] arguments) {
        try {
            rehearse(arguments[0]);
            System.exit(0);
        } catch (IOException | InterruptedException | RuntimeException failed) {
            failed.printStackTrace();
            System.exit(1);
        }
    }

    private static void rehearse(String folder) throws IOException, InterruptedException {
        try (SmallListener server = SmallListener.open(
                "demo", new HostPort("127.0.0.1", 0), List.of(), new DemoServer(new SecureRandom()))) {
            String upstream = "http://127.0.0.1:" + server.port() + "/mcp";
            UnderWay call = gateway(folder, upstream, (port, adminPort) -> {
                String session = clients(port, adminPort);
                return new UnderWay(session, beginCall(port, session));
            });
            gateway(folder, upstream, (port, _) -> resume(port, call));
        }
    }

    /** A call that a gateway leaves to the next one. */
    private record UnderWay(String session, String cursor) {}

    /** What is sent to a gateway, by its two ports. */
    private interface Traffic {
        UnderWay send(int port, int adminPort) throws IOException;
    }

    private static UnderWay gateway(String folder, String upstream, Traffic traffic)
            throws IOException, InterruptedException {
        Lines printed = new Lines();
        Main main = new Main(
                System.getenv(),
                new Console(new PrintStream(printed, true, StandardCharsets.UTF_8), System.err),
                Main.STARTER);
        Thread gateway = new Thread(() -> main.run(
                "gateway",
                "--upstream",
                upstream,
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
                "--data",
                folder));
        gateway.start();
        try {
            return traffic.send(printed.await(PORT), printed.await(ADMIN_PORT));
        } finally {
            gateway.interrupt();
            gateway.join(PATIENCE_MILLIS);
        }
    }

    private static String beginCall(int port, String session) throws IOException {
        String begun =
                exchange(port, "POST", session, call(CALLS + 2, "slow", "\"steps\":50,\"millis\":20"), "progress\":2");
        Matcher id = EVENT_ID.matcher(begun);
        if (!id.find()) {
            throw new IOException("an event has no id: " + begun);
        }
        return id.group(1);
    }

    private static UnderWay resume(int port, UnderWay call) throws IOException {
        exchange(port, "GET", call.session() + "\r\nLast-Event-ID: " + call.cursor(), "", "done after");
        exchange(port, "DELETE", call.session(), "", "HTTP/1.1 200");
        return call;
    }

    private static String clients(int port, int adminPort) throws IOException {
        String session = open(port);
        for (int call = 1; call <= CALLS; call++) {
            exchange(port, "POST", session, call(call, "echo", "\"text\":\"x\""), "\"result\"");
        }
        exchange(port, "POST", session, call(CALLS + 1, "slow", "\"steps\":3,\"millis\":5"), "done after");
        exchange(adminPort, "GET /metrics", "", "", "# TYPE");
        exchange(adminPort, "GET /ready", "", "", "status");
        return session;
    }

    /** What the gateway printed so far. */
    private static final class Lines extends ByteArrayOutputStream {
        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            super.write(bytes, offset, length);
            notifyAll();
        }

        /** The number that a line names, once it is printed. */
        synchronized int await(Pattern line) throws InterruptedException, IOException {
            long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
            while (true) {
                Matcher found = line.matcher(toString(StandardCharsets.UTF_8));
                if (found.find()) {
                    return Integer.parseInt(found.group(1));
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new IOException("the gateway did not print " + line + ": " + this);
                }
                wait(left);
            }
        }
    }

    private static String open(int port) throws IOException {
        String initialize = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                + "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"training\",\"version\":\"1\"}}}";
        Matcher session = SESSION.matcher(exchange(port, "POST", "", initialize, "serverInfo"));
        if (!session.find()) {
            throw new IOException("the answer to initialize names no session");
        }
        return session.group(1);
    }

    private static String call(int id, String tool, String arguments) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{" + arguments + "},\"_meta\":{\"progressToken\":" + id + "}}}";
    }

    /** Sends one request on a connection of its own and reads until the answer holds what is expected. */
    private static String exchange(int port, String method, String session, String body, String expected)
            throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            boolean mcp = !method.contains("/");
            String head = method + (mcp ? " /mcp" : "") + " HTTP/1.1\r\nHost: 127.0.0.1:" + port
                    + "\r\nAccept: " + (method.equals("POST") ? "application/json, " : "") + "text/event-stream"
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                    + (session.isEmpty() ? "" : "\r\nMCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " + session)
                    + "\r\n\r\n";
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
            return readUntil(socket.getInputStream(), expected);
        }
    }

    private static String readUntil(InputStream in, String expected) throws IOException {
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (text.indexOf(expected) < 0) {
            int count = in.read(buffer);
            if (count < 0) {
                throw new IOException("the connection ended before '" + expected + "': " + text);
            }
            text.append(new String(Arrays.copyOf(buffer, count), StandardCharsets.UTF_8));
        }
        return text.toString();
    }
}
