package dev.shadowcat.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/**
 * A Redis server of a test's own, which it may kill, in a folder of its own. {@code SHADOWCAT_TEST_REDIS} names another program
 * than the one that comes with Maven: another version, or Valkey.
 */
public final class RedisProcess implements AutoCloseable {
    private static final Path PROGRAM = program();
    /** A cluster's servers talk to each other on a port that is so much higher. */
    private static final int BUS = 10_000;

    private static final int MAX_TRIES = 3;

    private final Path folder;
    private final int port;
    private final List<String> options;
    private Process process;

    private RedisProcess(Path folder, int port, List<String> options) throws IOException {
        this.folder = folder;
        this.port = port;
        this.options = options;
        this.process = run("PONG");
    }

    /** Starts one that keeps nothing on its disk unless the options say so. */
    public static RedisProcess start(String... options) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return new RedisProcess(Files.createTempDirectory("shadowcat-redis"), freePort(), List.of(options));
            } catch (IOException portTaken) {
                if (tries == MAX_TRIES) {
                    throw portTaken;
                }
            }
        }
    }

    /** Starts one that watches over a master, as a file says, and names another one in its place. */
    public static RedisProcess startSentinel(Path file) throws IOException {
        return new RedisProcess(
                Files.createTempDirectory("shadowcat-redis"), freePort(), List.of(file.toString(), "--sentinel"));
    }

    private static Path program() {
        String named = System.getenv("SHADOWCAT_TEST_REDIS");
        if (named != null) {
            return Path.of(named);
        }
        try {
            return ExecutableProvider.newJarResourceProvider(
                            Files.createTempDirectory("shadowcat-redis").toFile())
                    .get()
                    .toPath();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static int freePort() throws IOException {
        while (true) {
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                if (free.getLocalPort() + BUS < 1 << 16) {
                    return free.getLocalPort();
                }
            }
        }
    }

    /** @param answer what a PING is answered by once it counts as started */
    private Process run(String answer) throws IOException {
        List<String> command = new ArrayList<>(List.of(PROGRAM.toString()));
        boolean sentinel = options.contains("--sentinel");
        if (sentinel) {
            command.addAll(options);
        }
        command.addAll(List.of("--port", "" + port, "--bind", "127.0.0.1", "--dir", folder.toString()));
        if (!sentinel) {
            command.addAll(List.of("--save", ""));
            command.addAll(options);
        }
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> !started.isAlive() || command("PING").contains(answer));
        if (!started.isAlive()) {
            throw new IOException("did not start: " + Files.readString(folder.resolve("log")));
        }
        return started;
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    public Path folder() {
        return folder;
    }

    /** Sends a command and returns the first of what comes back; {@code ""} where nothing does. */
    public String command(String... words) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
            for (String word : words) {
                text.append("$")
                        .append(word.length())
                        .append("\r\n")
                        .append(word)
                        .append("\r\n");
            }
            socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
            byte[] answer = new byte[64 * 1024];
            int length = socket.getInputStream().read(answer);
            return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.ISO_8859_1);
        } catch (IOException notThere) {
            return "";
        }
    }

    /** Kill -9. */
    public void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
    }

    /** Starts it again, with what its disk holds. */
    public void startAgain() throws IOException {
        process = run("PONG");
    }

    /** The same, and leaves it reading what its disk holds; the options are to give it enough to do. */
    public void startReading() throws IOException {
        process = run("LOADING");
    }

    /** Stops it in the middle of what it does, as a machine does that hangs. */
    public void pause() throws Exception {
        signal("-STOP");
    }

    public void goOn() throws Exception {
        signal("-CONT");
    }

    private void signal(String name) throws Exception {
        new ProcessBuilder("kill", name, "" + process.pid()).start().waitFor();
    }

    @Override
    public void close() {
        try {
            kill();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
