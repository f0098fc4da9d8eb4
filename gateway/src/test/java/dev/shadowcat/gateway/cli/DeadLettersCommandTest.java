package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.persist.DeadLetterFile;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.Writes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
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
            store.append(
                    List.of(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1), Writes.event(ID, 0, 1)));
        }
    }

    private EventStore open() {
        return RocksDbStores.open(data, RocksDbSettings.of(RocksDbSettings.Durability.BATCHED));
    }

    private static AppendEvent event(long sequence) {
        return event(0, sequence);
    }

    private static AppendEvent event(int stream, long sequence) {
        return new AppendEvent(
                ID,
                stream,
                new Event(sequence, 5, 2, true, "ü\"" + sequence, MESSAGE.getBytes(StandardCharsets.UTF_8)));
    }

    private DeadLetterFile letters() {
        return new DeadLetterFile(file(), 1 << 20);
    }

    private Path file() {
        return data.resolve(DeadLettersCommand.FILE);
    }

    private Console console() {
        return new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private int run(String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "dead-letters";
        all[1] = "--data";
        all[2] = data.toString();
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return new Main(Map.of(), console(), settings -> {
                    throw new AssertionError("started");
                })
                .run(all);
    }

    private void resubmit(UnaryOperator<EventStore> around) {
        new DeadLettersCommand(console(), folder -> around.apply(open()), folder -> Optional.empty())
                .resubmit(Configuration.read(Map.of("--data", data.toString()), Map.of()));
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
        Files.writeString(file(), "{\"cut o", StandardOpenOption.APPEND);
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 2 stored, 3 left in ");
        assertThat(printed())
                .anyMatch(line -> line.contains("event 1 of stream 0") && line.contains("gone on, up to 1"));
        assertThat(Files.readAllLines(file())).hasSize(3);
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
        assertThat(Files.readAllLines(file())).hasSize(1);
    }

    /** It has no store there, where it was started with another one since, and writes to the file all the same. */
    @Test
    void nothingIsSentAgainWhileAGatewayHoldsTheFolder() throws IOException {
        letters().keep(event(7), "no");
        try (DataFolder _ = DataFolder.take(data)) {
            assertThat(run("--resubmit")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8).lines())
                    .singleElement()
                    .asString()
                    .contains(data + " is in use by another gateway (pid ", "stop that one first");
        }
        assertThat(Files.readAllLines(file())).hasSize(1);
        assertThat(run("--resubmit")).isZero();
        assertThat(Files.readAllLines(file())).isEmpty();
    }

    @Test
    void whoComesWhileTheyAreSentAgainLearnsThat() {
        letters().keep(event(7), "no");
        String said = data + " is in use by `shadowcat dead-letters --resubmit` (pid "
                + ProcessHandle.current().pid() + "), which ends by itself: try again then";
        resubmit(store -> {
            assertThatThrownBy(() -> DataFolder.take(data))
                    .isInstanceOf(Failure.class)
                    .hasMessage(said);
            assertThat(run("--resubmit")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8)).contains(said);
            return store;
        });
        try (DataFolder _ = DataFolder.take(data)) {
            assertThatThrownBy(() -> DataFolder.take(data)).hasMessageContaining("in use by another gateway (pid ");
        }
    }

    @Test
    void whatWasStoredBeforeAKillIsNotStoredTwiceAndNotTakenForPassed() throws IOException {
        letters().keep(event(7), "no");
        letters().keep(event(8), "no");
        assertThatThrownBy(() -> resubmit(store -> new ForwardingStore(store) {
                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        super.append(batch);
                        throw new IllegalStateException("killed");
                    }
                }))
                .hasMessage("killed");
        assertThat(Files.readAllLines(file())).hasSize(2);
        assertThat(run("--resubmit")).isZero();
        assertThat(printed()).hasSize(1);
        assertThat(printed().getLast()).startsWith("shadowcat: 1 stored, 1 there already, 0 left in ");
        try (EventStore store = open()) {
            assertThat(store.read(ID, 0, 0, 10, 1 << 20))
                    .extracting(Event::sequence)
                    .containsExactly(1L, 7L, 8L);
        }
    }

    @Test
    void aLetterThatOnlyHasTheNumberOfAStoredEventStays() throws IOException {
        letters().keep(event(1), "no"); // the store has another event 1
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 0 stored, 1 left in ");
        assertThat(Files.readAllLines(file())).hasSize(1);
    }

    @Test
    void lettersOfAGatewayThatJustClosedTheStoreAndOfTheNextOneAreNotLost() throws IOException {
        letters().keep(event(7), "no");
        resubmit(store -> {
            letters().keep(Writes.stream(ID, 3), "kept while the store was not ours yet");
            return new ForwardingStore(store) {
                @Override
                public void close() {
                    super.close();
                    letters().keep(Writes.stream(ID, 4), "kept as soon as the store was free");
                }
            };
        });
        assertThat(Files.readAllLines(file())).hasSize(2);
    }

    @Test
    void aLineThatIsBrokenStopsNoOther() throws IOException {
        letters().keep(event(7), "no");
        String good = Files.readString(file());
        String base64 = good.replaceFirst("\"message\":\"", "$0###").replace(":7,", ":5,");
        String number = good.replace(":7,", ":\"seven\",");
        byte[] cut = {'{', '"', (byte) 0xc3};
        Files.writeString(file(), base64 + number + good);
        Files.write(file(), cut, StandardOpenOption.APPEND);
        assertThat(run()).isZero();
        assertThat(printed()).hasSize(4);
        assertThat(printed()).filteredOn(line -> line.contains("unreadable")).hasSize(3);
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 1 stored, 3 left in ");
    }

    @Test
    void whatTheStoreCannotTakeNowStaysWithAllThatFollowsInItsStream() throws IOException {
        letters().keep(event(7), "no");
        letters().keep(event(8), "no");
        letters().keep(event(1, 7), "no");
        Iterator<Optional<AppendOutcome>> outcomes = List.of(
                        Optional.<AppendOutcome>of(new AppendOutcome.Busy(Duration.ofSeconds(1), "the disk is full")),
                        Optional.<AppendOutcome>empty())
                .iterator();
        resubmit(store -> new ForwardingStore(store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                return outcomes.next().orElseGet(() -> super.append(batch));
            }
        });
        assertThat(printed())
                .anyMatch(line ->
                        line.endsWith("event 7 of stream 0 of session " + ID.shortened() + ": the disk is full"));
        assertThat(printed()).anyMatch(line -> line.contains("event 8 of stream 0"));
        assertThat(printed().getLast()).startsWith("shadowcat: 1 stored, 2 left in ");
        assertThat(run("--resubmit")).isZero();
        assertThat(printed().getLast()).startsWith("shadowcat: 2 stored, 0 left in ");
    }

    @Test
    void aStoreThatFailsUnderOneLetterStillTakesTheOthers() throws IOException {
        letters().keep(event(7), "no");
        letters().keep(event(1, 7), "no");
        resubmit(store -> new ForwardingStore(store) {
            @Override
            public Optional<StoredStream> stream(SessionId session, int stream) {
                if (stream == 0) {
                    throw new StoreException("a block is damaged", null);
                }
                return super.stream(session, stream);
            }
        });
        assertThat(printed()).anyMatch(line -> line.endsWith("a block is damaged"));
        assertThat(printed().getLast()).startsWith("shadowcat: 1 stored, 1 left in ");
        assertThat(Files.readAllLines(file())).hasSize(1);
    }

    private static AppendEvent answer(int stream, long sequence, String body) {
        byte[] message = ("{\"jsonrpc\":\"2.0\",\"id\":1," + body + "}").getBytes(StandardCharsets.UTF_8);
        return new AppendEvent(ID, stream, new Event(sequence, 5, 2, true, null, message));
    }

    @Test
    void ofAnAnswerAndTheErrorInItsPlaceTheFirstIsStored() throws IOException {
        letters().keep(event(1, 6), "no");
        letters().keep(answer(1, 7, "\"result\":{}"), "no");
        letters().keep(answer(1, 8, "\"error\":{\"code\":-32603,\"message\":\"not stored\"}"), "no");
        assertThat(run("--resubmit")).isZero();
        assertThat(printed())
                .anyMatch(line ->
                        line.contains("event 8 of stream 1") && line.endsWith("its request has another answer"));
        assertThat(printed().getLast()).startsWith("shadowcat: 2 stored, 1 left in ");
        try (EventStore store = open()) {
            assertThat(store.read(ID, 1, 0, 10, 1 << 20))
                    .extracting(Event::sequence)
                    .containsExactly(6L, 7L);
        }
        out.reset();
        assertThat(run("--resubmit")).isZero();
        assertThat(printed())
                .as("it is known from the store as well")
                .anyMatch(line -> line.endsWith("its request has another answer"));
    }

    @Test
    void aStreamThatHasEndedGetsNoAnswer() throws IOException {
        try (EventStore store = open()) {
            store.append(List.of(Writes.stream(ID, 1, Phase.FINISHED)));
        }
        letters().keep(answer(1, 7, "\"result\":{}"), "no");
        assertThat(run("--resubmit")).isZero();
        assertThat(printed()).anyMatch(line -> line.contains("event 7 of stream 1") && line.contains("has ended"));
        assertThat(printed().getLast()).startsWith("shadowcat: 0 stored, 1 left in ");
        assertThat(Files.readAllLines(file())).hasSize(1);
    }

    @Test
    void theStoreOfAnotherUserIsLeftAsItIs() {
        letters().keep(event(7), "no");
        DeadLettersCommand command = new DeadLettersCommand(
                console(),
                folder -> {
                    throw new AssertionError("opened");
                },
                folder -> Optional.of("gateway"));
        assertThatThrownBy(() -> command.resubmit(Configuration.read(Map.of("--data", data.toString()), Map.of())))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("belongs to the user gateway")
                .hasMessageContaining("sudo -u gateway");
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
