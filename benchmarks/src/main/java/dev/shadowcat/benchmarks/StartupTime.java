package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Mode {@code startup}: time from starting a command to the whole answer to the first {@code initialize} through it, beside the
 * time that {@code java -version} takes. In the command, {@code {port}} and {@code {data}} stand for a port and a new folder.
 */
final class StartupTime {
    private static final int GIVE_UP_SECONDS = 30;
    private static final String REQUEST = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
            + "\"clientInfo\":{\"name\":\"load-generator\",\"version\":\"1\"}}}";

    private final int runs;
    private final int port;
    private final Path folder;
    private final List<String> command;

    StartupTime(Arguments arguments) {
        runs = arguments.number("runs", 10);
        port = Integer.parseInt(arguments.text("port"));
        folder = Path.of(arguments.text("folder"));
        command = arguments.command();
        arguments.refuseOthers();
    }

    /** Returns true: what could fail throws. */
    boolean run() throws IOException, InterruptedException {
        firstAnswer(-1);
        double[] bare = new double[runs];
        double[] served = new double[runs];
        for (int run = 0; run < runs; run++) {
            bare[run] = javaVersion();
            served[run] = firstAnswer(run);
        }
        print("java -version, ms", bare);
        print("first initialize answered, ms", served);
        return true;
    }

    private static double javaVersion() throws IOException, InterruptedException {
        long beganAt = System.nanoTime();
        new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        return (System.nanoTime() - beganAt) / 1e6;
    }

    private double firstAnswer(int run) throws IOException, InterruptedException {
        String data = Files.createDirectory(folder.resolve("data" + (run + 1))).toString();
        List<String> filled = command.stream()
                .map(word -> word.replace("{port}", Integer.toString(port)).replace("{data}", data))
                .toList();
        long beganAt = System.nanoTime();
        Process process = new ProcessBuilder(filled)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("output").toFile()))
                .start();
        try {
            while (!answered()) {
                if (!process.isAlive() || System.nanoTime() - beganAt > GIVE_UP_SECONDS * 1_000_000_000L) {
                    throw new IllegalStateException(
                            "no answer from " + filled + ": " + Files.readString(folder.resolve("output")));
                }
                Pause.millis(1);
            }
            return (System.nanoTime() - beganAt) / 1e6;
        } finally {
            process.destroy();
            if (!process.waitFor(15, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** Whether an initialize was answered with 200; false where nobody listens yet. */
    private boolean answered() throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            socket.setSoTimeout(GIVE_UP_SECONDS * 1000);
            socket.setTcpNoDelay(true);
            String request = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + port
                    + "\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
                    + "Connection: close\r\nContent-Length: " + REQUEST.length() + "\r\n\r\n" + REQUEST;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.startsWith("HTTP/1.1 200") || !answer.contains("\"result\"")) {
                throw new IllegalStateException("initialize was answered: " + answer);
            }
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    private static void print(String name, double... millis) {
        double[] sorted = IntStream.range(0, millis.length)
                .mapToDouble(run -> millis[run])
                .sorted()
                .toArray();
        System.out.printf(
                "%-34s median %7.0f   least %7.0f   most %7.0f   (%d runs)%n",
                name, Table.median(millis), sorted[0], sorted[sorted.length - 1], sorted.length);
    }
}
