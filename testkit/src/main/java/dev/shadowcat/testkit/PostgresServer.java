package dev.shadowcat.testkit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * A real PostgreSQL server on a free port of 127.0.0.1, whose programs come as a Maven artifact. It refuses to run as root, as which
 * CI runs: then it runs as nobody, or in a user namespace.
 */
public final class PostgresServer implements AutoCloseable {
    public static final String USER = "postgres";
    public static final String PASSWORD = "not/a: secret";

    /** Nothing of it outlives the test, so nothing is synced. */
    private static final String OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
            + " -c full_page_writes=off -c max_connections=100 -c shared_buffers=64MB -c log_min_messages=warning";

    private static final int SECONDS = 60;
    private static final AtomicInteger schemas = new AtomicInteger();
    private static @Nullable PostgresServer shared; // guarded by the class

    private final Path home;
    private final Path programs;
    private final List<String> asNobody;
    private final int port;

    private PostgresServer() throws IOException {
        this.asNobody = asNobody();
        this.programs = programs();
        this.port = freePort();
        this.home = Files.createTempDirectory("shadowcat-postgres");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path password = Files.writeString(home.resolve("password"), PASSWORD + "\n");
        run(
                "initdb",
                "-D",
                data(),
                "-U",
                USER,
                "--pwfile=" + password,
                "-A",
                "scram-sha-256",
                "-E",
                "UTF8",
                "--no-sync");
        start();
    }

    /** The one of this test run; ends with it. */
    public static synchronized PostgresServer shared() {
        if (shared == null) {
            shared = another();
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
        }
        return shared;
    }

    /** One for a test that stops it. */
    public static PostgresServer another() {
        try {
            return new PostgresServer();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public int port() {
        return port;
    }

    /** A place in the server where no other test is. */
    public String newUrl() {
        return url("test_" + schemas.incrementAndGet());
    }

    public String url(String schema) {
        return "postgresql://" + USER + ":" + PASSWORD.replace("/", "%2F").replace(" ", "%20") + "@127.0.0.1:" + port
                + "/postgres?schema=" + schema;
    }

    /** Starts it again after {@link #stop}, with what it had. */
    public void start() {
        run("pg_ctl", "-D", data(), "-l", home.resolve("log").toString(), "-w", "-o", OPTIONS + " -p " + port, "start");
    }

    /** Ends it at once, as its crash would; all connections break. */
    public void stop() {
        run("pg_ctl", "-D", data(), "-m", "immediate", "-w", "stop");
    }

    @Override
    public void close() {
        if (Files.exists(home.resolve("data").resolve("postmaster.pid"))) {
            stop();
        }
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private String data() {
        return home.resolve("data").toString();
    }

    private void run(String program, String... arguments) {
        List<String> command = new ArrayList<>(asNobody);
        command.add(programs.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        Path said = home.resolve("said-" + program);
        try {
            Process process = new ProcessBuilder(command)
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile()) // no pipe: the server inherits it, and keeps it open
                    .start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " failed: " + Files.readString(said));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** What a command begins with so that it does not run as root; empty where nobody is root. */
    private static List<String> asNobody() throws IOException {
        if (!System.getProperty("user.name").equals("root")) {
            return List.of();
        }
        List<List<String>> ways = List.of(
                List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"), List.of("unshare", "-U"));
        for (List<String> way : ways) {
            List<String> command = new ArrayList<>(way);
            command.addAll(List.of("sh", "-c", "test $(id -u) != 0"));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                if (process.waitFor() == 0) {
                    return way;
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }
        throw new IllegalStateException("PostgreSQL does not run as root, and neither setpriv nor unshare works here");
    }

    /** Unpacks the programs where everybody may run them; once for all test runs on this machine. */
    private static Path programs() throws IOException {
        String machine = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac");
        String archive = "/postgres-" + (mac ? "darwin" : "linux") + "-" + machine + ".txz";
        try (InputStream packed = PostgresServer.class.getResourceAsStream(archive)) {
            if (packed == null) {
                throw new IllegalStateException("there are no PostgreSQL programs for this machine: " + archive);
            }
            byte[] bytes = packed.readAllBytes();
            Path unpacked =
                    Path.of(System.getProperty("java.io.tmpdir"), "shadowcat-postgres-programs-" + bytes.length);
            if (!Files.isDirectory(unpacked)) {
                unpack(bytes, unpacked);
            }
            return unpacked;
        }
    }

    private static void unpack(byte[] packed, Path target) throws IOException {
        Path folder = Files.createTempDirectory("shadowcat-postgres-unpacking");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Process tar = new ProcessBuilder("tar", "-x", "--no-same-owner", "-C", folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream plain = new XZInputStream(new ByteArrayInputStream(packed));
                OutputStream input = tar.getOutputStream()) {
            plain.transferTo(input);
        }
        try {
            if (tar.waitFor() != 0) {
                throw new IllegalStateException("tar could not unpack PostgreSQL");
            }
            Files.move(folder, target);
        } catch (FileAlreadyExistsException anotherRunWasFaster) {
            return;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
