package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ParseResult;

/** The build's rehearsal: starts the demo and sends it what clients send, so that the AOT cache holds what a start needs. */
final class Training {
    private static final Pattern SESSION = Pattern.compile("(?i)\r\nmcp-session-id: *(\\S+)");
    private static final int PATIENCE_MILLIS = 20_000;
    private static final int CALLS = 50;

    private Training() {}

    /** Ends the process either way: the gateway's threads would keep it, and the build would wait for ever. */
    @SuppressWarnings("CatchAndPrintStackTrace") // the build keeps it in training.log
    public static void main(String[] ignored) {
        try {
            rehearse();
            System.exit(0);
        } catch (IOException | RuntimeException failed) {
            failed.printStackTrace();
            System.exit(1);
        }
    }

    private static void rehearse() throws IOException {
        List<String> arguments = List.of("demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0");
        ParseResult parsed = CommandLines.build(arguments).parseArgs(arguments.toArray(String[]::new));
        Configuration configuration = Configuration.read(Flags.given(parsed.subcommand()), Map.of());
        Console console = new Console(new PrintStream(System.out, true, StandardCharsets.UTF_8), System.err);
        DemoCommand.Demo demo = new DemoCommand(console, Main.STARTER).start(configuration);
        demo.gateway().announce(console);
        int port = demo.gateway().port();
        String session = open(port);
        for (int call = 1; call <= CALLS; call++) {
            exchange(port, "POST", session, call(call, "echo", "\"text\":\"x\""), "\"result\"");
        }
        exchange(port, "POST", session, call(CALLS + 1, "slow", "\"steps\":3,\"millis\":5"), "done after");
        exchange(demo.gateway().adminPort(), "GET /metrics", "", "", "# TYPE");
        exchange(demo.gateway().adminPort(), "GET /ready", "", "", "status");
        demo.stop();
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
