package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import dev.shadowcat.testkit.Writes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands find a running demo, whose data folder nobody named, and say so where they find nothing. */
class DemoCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Console console = new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));

    private Map<String, String> environment() {
        return Map.of("XDG_DATA_HOME", folder.toString());
    }

    private int run(String... arguments) {
        return new Main(environment(), console, settings -> {
                    throw new AssertionError("started");
                })
                .run(arguments);
    }

    private List<String> lines(ByteArrayOutputStream said) {
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void reloadFindsTheDemoByItsAdminPort() throws Exception {
        Path config = Files.writeString(folder.resolve("shadowcat.yaml"), "hold-for: 1s\n");
        DemoCommand.Demo demo = new DemoCommand(console, Main.STARTER)
                .start(Configuration.read(
                        Map.of("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", config.toString()),
                        environment()));
        try {
            Files.writeString(config, "hold-for: 2s\n");
            String admin = "127.0.0.1:" + demo.gateway().adminPort();
            assertThat(run("reload", "--admin", admin))
                    .as(err.toString(StandardCharsets.UTF_8))
                    .isZero();
            assertThat(lines(out)).containsExactly("shadowcat: reloaded: hold-for 1s → 2s");
            assertThat(run("sessions", "--admin", admin)).isZero();
        } finally {
            demo.stop();
        }
        assertThat(demo.data()).doesNotExist();
    }

    @Test
    void aDemoThatCannotStartLeavesNoFolderBehind() {
        List<Path> folders = new ArrayList<>();
        DemoCommand demo = new DemoCommand(console, settings -> {
            folders.add(settings.store().data());
            throw new Failure("the port is taken");
        });
        assertThatThrownBy(() -> demo.start(Configuration.read(Map.of(), environment())))
                .hasMessage("the port is taken");
        assertThat(folders).singleElement().satisfies(data -> assertThat(data).doesNotExist());
    }

    @Test
    void sessionsThatAreNowhereSayWhereTheyWereSoughtAndWhatToDo() {
        assertThat(run("sessions", "--admin", "127.0.0.1:1")).isEqualTo(1);
        assertThat(lines(err))
                .containsExactly(
                        "shadowcat: there is no store to read, and no gateway runs with the data folder "
                                + folder.resolve("shadowcat")
                                + " or with its admin port on http://127.0.0.1:1; name the folder with --data, or the port with --admin");
    }

    @Test
    void eventsOfAStreamThatIsNotThereAreNotAnsweredBySilence() {
        SessionId id = new SessionId(1, 1);
        try (EventStore store = RocksDbStores.open(folder, RocksDbSettings.of(RocksDbSettings.Durability.BATCHED))) {
            store.append(List.of(Writes.session(id), Writes.stream(id, 0), Writes.event(id, 0, 1)));
        }
        assertThat(run("events", id.toString(), "--stream", "9", "--data", folder.toString()))
                .isEqualTo(1);
        assertThat(lines(err)).containsExactly("shadowcat: session " + id + " has no stream 9; it has [0]");
        assertThat(run("events", id.toString(), "--stream", "0", "--data", folder.toString()))
                .isZero();
        assertThat(lines(out)).hasSize(1);
    }

    @Test
    void aReloadThatFindsNobodySaysWhereItLookedAndWhatToDo() {
        assertThat(run("reload", "--admin", "127.0.0.1:1")).isEqualTo(1);
        assertThat(lines(err))
                .containsExactly(
                        "shadowcat: no gateway runs with the data folder " + folder.resolve("shadowcat")
                                + " or with its admin port on http://127.0.0.1:1; name the folder with --data, or the port with --admin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK", "SSH-2.0-other\r\n"})
    void whateverElseListensOnTheAdminPortIsNoGateway(String answer) throws IOException {
        try (ServerSocket other = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> answerAll(other, answer));
            assertThat(run("reload", "--admin", "127.0.0.1:" + other.getLocalPort()))
                    .isEqualTo(1);
        }
        assertThat(lines(err)).singleElement().asString().startsWith("shadowcat: no gateway runs with the data folder");
    }

    private static void answerAll(ServerSocket server, String answer) {
        while (!server.isClosed()) {
            try (Socket client = server.accept()) {
                client.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
                client.shutdownOutput();
                client.getInputStream().skip(Long.MAX_VALUE); // a reset would take the answer with it
            } catch (IOException over) {
                return;
            }
        }
    }

    @Test
    void aDemoSaysThatItsServerIsNotTheOneThatWasGiven() {
        DemoCommand demo = new DemoCommand(console, settings -> {
            throw new Failure("not to be started");
        });
        Map<String, String> flags = Map.of("--upstream", "http://127.0.0.1:3000/mcp");
        assertThatThrownBy(() -> demo.start(Configuration.read(flags, environment())))
                .hasMessage("not to be started");
        assertThat(lines(err))
                .containsExactly("shadowcat: the demo runs before an MCP server of its own;"
                        + " before yours: shadowcat gateway --upstream URL");
    }

    @Test
    void deadLettersThatAreNotThereSayWhereTheyWereSoughtAndWhatToDo() throws IOException {
        assertThat(run("dead-letters")).isZero();
        Path data = Files.createDirectories(folder.resolve("shadowcat"));
        Files.createFile(data.resolve(DeadLettersCommand.FILE)); // as the last one leaves it when it is sent again
        assertThat(run("dead-letters")).isZero();
        assertThat(lines(out)).isEmpty();
        String none = "shadowcat: there are no dead letters in " + data + "; name another data folder with --data";
        assertThat(lines(err)).containsExactly(none, none);
    }
}
