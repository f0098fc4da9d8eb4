package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.DeadLetterFile;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import dev.shadowcat.testkit.Writes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters are listed without their messages unless asked, and stored again where their number is still free. */
@Tag("persistence-worker")
class DeadLettersCommandTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final String MESSAGE = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";

    @TempDir
    Path data;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void fill() {
        try (EventStore store = open()) {
            store.append(List.of(Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1)));
        }
    }

    private EventStore open() {
        return RocksDbStores.open(data, RocksDbSettings.of(RocksDbSettings.Durability.BATCHED));
    }

    private static AppendEvent event(long sequence) {
        return new AppendEvent(
                ID, 0, new Event(sequence, 5, 2, true, "ü\"" + sequence, MESSAGE.getBytes(StandardCharsets.UTF_8)));
    }

    private DeadLetterFile letters() {
        return new DeadLetterFile(data.resolve(DeadLettersCommand.FILE), 1 << 20);
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        String[] all = new String[arguments.length + 3];
        all[0] = "dead-letters";
        all[1] = "--data";
        all[2] = data.toString();
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return new Main(Map.of(), console, settings -> {
                    throw new AssertionError("started");
                })
                .run(all);
    }

    private List<String> printed() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void messagesAreShownOnlyWhereTheyAreAskedFor() {
        letters().keep(event(2), "too odd");
        letters().keep(Writes.session(ID), "no");
        assertThat(run()).isZero();
        assertThat(printed()).hasSize(2);
        assertThat(printed().getFirst())
                .contains(
                        "\"kind\":\"AppendEvent\"", "\"sequence\":2", "\"messageBytes\":" + MESSAGE.length(), "too odd")
                .contains("\"upstreamId\":\"ü\\\"2\"")
                .doesNotContain("notifications/message");
        out.reset();
        assertThat(run("--payload")).isZero();
        assertThat(printed().getFirst()).contains("notifications/message");
    }

    @Test
    void anEventWhoseNumberIsFreeIsStoredWholeAndTheRestStays() throws IOException {
        letters().keep(event(1), "no"); // passed: the store has event 1
        letters().keep(event(7), "no");
        letters().keep(event(8), "no");
        letters().keep(Writes.stream(ID, 3), "no");
        Files.writeString(data.resolve(DeadLettersCommand.FILE), "{\"cut o", StandardOpenOption.APPEND);
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 2 stored, 3 left in ");
        assertThat(printed())
                .anyMatch(line -> line.contains("event 1 of stream 0") && line.contains("gone on, up to 1"));
        assertThat(Files.readAllLines(data.resolve(DeadLettersCommand.FILE))).hasSize(3);
        try (EventStore store = open()) {
            List<Event> events = store.read(ID, 0, 0, 10, 1 << 20);
            assertThat(events).extracting(Event::sequence).containsExactly(1L, 7L, 8L);
            Event second = events.get(1);
            assertThat(second.upstreamId()).isEqualTo("ü\"7");
            assertThat(second.answer()).isTrue();
            assertThat(second.generation()).isEqualTo(2);
            assertThat(second.storedAtMillis()).isEqualTo(5);
            assertThat(new String(second.message(), StandardCharsets.UTF_8)).isEqualTo(MESSAGE);
        }
        out.reset();
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 0 stored, 3 left in ");
    }

    @Test
    void nothingIsSentAgainWhileAGatewayHoldsTheFiles() throws IOException {
        letters().keep(event(7), "no");
        try (EventStore held = open()) {
            assertThat(run("--resubmit")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8)).contains("in use by another gateway");
            assertThat(held.read(ID, 0, 1, 10, 1 << 20)).isEmpty();
        }
        assertThat(Files.readAllLines(data.resolve(DeadLettersCommand.FILE))).hasSize(1);
    }

    @Test
    void wrongUsageIsOneLine() {
        assertThat(run("--resubmit", "--payload")).isEqualTo(2);
        assertThat(run("--resubmitt")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
    }

    @Test
    void aFolderWithoutThemSaysSo() {
        assertThat(run()).isZero();
        assertThat(printed()).isEmpty();
        assertThat(run("--resubmit")).isZero();
        assertThat(printed()).containsExactly("shadowcat: there are no dead letters in " + data);
    }
}
