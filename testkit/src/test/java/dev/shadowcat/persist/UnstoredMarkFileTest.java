package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.GapIds;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.MoveUpstreamCursor;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever is killed while events go on unstored leaves a gap, and whoever is not leaves nothing. */
@Tag("persistence-worker")
class UnstoredMarkFileTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final PersistenceSettings DELIVER = new PersistenceSettings(
            100,
            1 << 20,
            1 << 16,
            50,
            Duration.ofMillis(100),
            Duration.ZERO,
            Duration.ofMillis(100),
            Duration.ofMillis(400),
            new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ZERO));

    @TempDir
    Path directory;

    private final WorkerHarness harness = new WorkerHarness();
    private Path file;

    @BeforeEach
    void fill() {
        file = directory.resolve("unstored-streams");
        harness.store.append(List.of(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1, Phase.FINISHED)));
        harness.store.append(List.of(Writes.event(ID, 0, 1), new MoveUpstreamCursor(ID, 0, 1, "here")));
    }

    @Test
    void theStreamIsMarkedBeforeItMaySendOnAndNoMoreOnceAllIsStored() throws InterruptedException {
        harness.marks = new UnstoredMarkFile(file);
        PersistenceWorker worker = harness.worker(harness.store, DELIVER);
        Lane lane = worker.lane(harness.loop, WorkerHarness.IGNORE);
        boolean[] marked = new boolean[1];
        Completion stream = new Completion() {
            @Override
            public void stored(StoreWrite write) {}

            @Override
            public boolean unstored(StoreWrite write) {
                marked[0] = Files.exists(file);
                return true;
            }

            @Override
            public void refused(StoreWrite write, String reason) {}
        };
        lane.offer(Writes.event(ID, 0, 2), stream);
        harness.store.beBusyFor(3);
        harness.whilePausing = harness.loop::runAll;
        worker.writeOne();
        assertThat(marked[0]).isTrue();
        assertThat(file).as("all of it is stored").doesNotExist();
        new UnstoredMarkFile(file).recover(harness.store, 0);
        assertThat(harness.store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(2);
    }

    @Test
    void aKillLeavesAGapAtTheEndOfWhatIsStoredAndTheUpstreamWhereItWas() throws IOException {
        UnstoredMarkFile killed = new UnstoredMarkFile(file);
        for (int i = 0; i < 3; i++) {
            killed.begin(ID, 0);
            killed.begin(ID, 1);
            killed.begin(new SessionId(9, 9), 0);
        }
        assertThat(Files.readAllLines(file)).filteredOn(line -> !line.isEmpty()).hasSize(3);
        new UnstoredMarkFile(file).recover(harness.store, 7);
        List<Event> events = harness.store.read(ID, 0, 1, 10, 1 << 20);
        assertThat(events).hasSize(1);
        assertThat(events.getFirst().gap()).isTrue();
        assertThat(events.getFirst().sequence()).isEqualTo(2);
        assertThat(GapIds.knowsAll(events.getFirst())).isFalse();
        assertThat(harness.store.stream(ID, 0).orElseThrow().upstreamCursor()).isEqualTo("here");
        assertThat(harness.store.stream(ID, 1).orElseThrow().lastSequence())
                .as("it has ended")
                .isZero();
        assertThat(harness.store.session(new SessionId(9, 9))).isEmpty();
        assertThat(file).doesNotExist();
    }

    @Test
    void aMarkThatIsCutOffTakesNoOtherWithItAndMeansNoOther() throws IOException {
        harness.store.append(List.of(Writes.stream(ID, 2), Writes.stream(ID, 23)));
        UnstoredMarkFile full = new UnstoredMarkFile(file);
        full.begin(ID, 23);
        cutOff(2);
        full.begin(ID, 0);
        new UnstoredMarkFile(file).recover(harness.store, 0);
        new UnstoredMarkFile(file).begin(ID, 23);
        cutOff(2);
        new UnstoredMarkFile(file).recover(harness.store, 0);
        assertThat(harness.store.streams(ID))
                .filteredOn(stream -> stream.record().phase() == Phase.OPEN)
                .extracting(StoredStream::lastSequence)
                .as("of the streams 0, 2 and 23")
                .containsExactly(2L, 0L, 0L);
    }

    /** As a disk does that is full, or a kill. */
    private void cutOff(int bytes) throws IOException {
        try (FileChannel marks = FileChannel.open(file, StandardOpenOption.WRITE)) {
            marks.truncate(marks.size() - bytes);
        }
    }

    @Test
    void marksStayWhereTheStoreTakesNoGapYet() {
        new UnstoredMarkFile(file).begin(ID, 0);
        harness.store.beBusyFor(1);
        new UnstoredMarkFile(file).recover(harness.store, 0);
        assertThat(file).exists();
        new UnstoredMarkFile(file).recover(harness.store, 0);
        assertThat(file).doesNotExist();
        assertThat(harness.store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(2);
    }

    @Test
    void aFileThatCannotBeWrittenStopsNobodyAndIsTriedAgain() throws IOException {
        Path late = directory.resolve("late");
        UnstoredMarkFile marks = new UnstoredMarkFile(late.resolve("unstored-streams"));
        marks.begin(ID, 0);
        marks.clear();
        assertThat(directory).isEmptyDirectory();
        marks.begin(ID, 0);
        Files.createDirectory(late);
        marks.begin(ID, 0);
        new UnstoredMarkFile(late.resolve("unstored-streams")).recover(harness.store, 0);
        assertThat(harness.store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(2);
        marks.clear();
    }

    @Test
    void aStandaloneStreamThatBeganInTheOutageHasAGapAndAnyOtherIsForgotten() {
        SessionId listens = new SessionId(5, 5);
        harness.store.append(List.of(Writes.session(listens)));
        UnstoredMarkFile killed = new UnstoredMarkFile(file);
        killed.begin(listens, 0);
        killed.begin(listens, 1);
        new UnstoredMarkFile(file).recover(harness.store, 7);
        assertThat(harness.store.streams(listens))
                .extracting(stream -> stream.record().number())
                .containsExactly(0);
        assertThat(harness.store.read(listens, 0, 0, 10, 1 << 20))
                .singleElement()
                .matches(Event::gap);
        assertThat(harness.store.stream(listens, 0).orElseThrow().record().generation())
                .isEqualTo(1);
    }
}
