package dev.shadowcat.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.Writes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What opening a store makes of what it finds in the folder. */
class OpeningTest {
    private static final SessionId ID = new SessionId(3, 4);
    private static final RocksDbSettings SETTINGS = RocksDbHome.small(RocksDbSettings.Durability.BATCHED);

    @TempDir
    Path temporary;

    private Path folder() {
        return temporary.resolve("store");
    }

    @Test
    void aCleanRestartAfterAnyBootLosesNothing() {
        open(folder(), "boot-1").close();
        try (EventStore store = open(folder(), "boot-2")) {
            assertThat(store.bootEpoch()).isZero();
        }
    }

    @Test
    void theStoreOfAnotherUserIsToldFromOnesOwnAndNothingIsLeftOfTheAsking() throws IOException {
        open(folder(), "boot-1").close();
        Map<String, String> before = contents(folder());
        assertThat(RocksDbStores.foreignOwner(folder())).isEmpty();
        assertThat(contents(folder())).isEqualTo(before);
        assumeThat(System.getProperty("user.name"))
                .as("only root gives folders away")
                .isEqualTo("root");
        UserPrincipal nobody =
                folder().getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Files.setOwner(folder().resolve("rocksdb"), nobody);
        assertThat(RocksDbStores.foreignOwner(folder())).contains("nobody");
    }

    @Test
    void aKillWithinOneBootLosesNothing() throws IOException {
        Path killed = afterKill("boot-1");
        try (EventStore store = open(killed, "boot-1")) {
            assertThat(store.bootEpoch()).isZero();
            assertThat(events(store)).isEqualTo(1_000);
        }
    }

    @Test
    void aPowerCutBeginsAnEpochAndOnlyOne() throws IOException {
        Path killed = afterKill("boot-1");
        try (EventStore store = open(killed, "boot-2")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
        }
        try (EventStore store = open(killed, "boot-2")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
        }
        try (EventStore store = open(killed, "boot-3")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
        }
    }

    @Test
    void powerCutsAreCounted() throws IOException {
        Path first = afterKill("boot-1");
        Path second = temporary.resolve("second");
        try (EventStore store = open(first, "boot-2")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
            copy(first, second);
        }
        try (EventStore store = open(second, "boot-3")) {
            assertThat(store.bootEpoch()).isEqualTo(2);
        }
    }

    @Test
    void whereABootHasNoNameEveryCrashCountsAsAPowerCut() throws IOException {
        Path killed = afterKill("");
        try (EventStore store = open(killed, "")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
        }
        try (EventStore store = open(killed, "")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
        }
    }

    @Test
    void aHoleInTheLogIsDamageUnlessThePowerWasCut() throws IOException {
        Path killed = afterKill("boot-1");
        Path log = largest(killed, ".log");
        flipByteInTheMiddle(log);
        Map<String, String> before = contents(killed);
        assertThatThrownBy(() -> open(killed, "boot-1"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("damaged; nothing was changed")
                .message()
                .doesNotContain("\n");
        assertThat(contents(killed)).containsAllEntriesOf(before);
        try (EventStore store = open(killed, "boot-2")) {
            assertThat(store.bootEpoch()).isEqualTo(1);
            assertThat(events(store)).isBetween(1L, 999L);
        }
    }

    @Test
    void aTornLastRecordIsNoDamage() throws IOException {
        Path killed = afterKill("boot-1");
        Path log = largest(killed, ".log");
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.setLength(file.length() - 7);
        }
        try (EventStore store = open(killed, "boot-1")) {
            assertThat(events(store)).isEqualTo(990);
            assertThat(store.append(batch(990, 10))).isEqualTo(AppendOutcome.Stored.ALL);
        }
        try (EventStore store = open(killed, "boot-1")) {
            assertThat(events(store)).isEqualTo(1_000);
        }
    }

    @Test
    void aMissingListOfFilesIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        Files.delete(killed.resolve("rocksdb/CURRENT"));
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aGarbledListOfFilesIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        Files.writeString(killed.resolve("rocksdb/CURRENT"), "nonsense");
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aGarbledManifestIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        try (Stream<Path> files = Files.list(killed.resolve("rocksdb"))) {
            Path manifest = files.filter(file -> file.getFileName().toString().startsWith("MANIFEST-"))
                    .findFirst()
                    .orElseThrow();
            byte[] noise = new byte[(int) Files.size(manifest)];
            new Random(1).nextBytes(noise);
            Files.write(manifest, noise);
        }
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aMissingTableFileIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        open(killed, "boot-1").close();
        Files.delete(largest(killed, ".sst"));
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aTableFileThatWasCutOffIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        open(killed, "boot-1").close();
        try (RandomAccessFile file =
                new RandomAccessFile(largest(killed, ".sst").toFile(), "rw")) {
            file.setLength(file.length() - 100);
        }
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aTableFileWithoutItsEndIsDamage() throws IOException {
        Path killed = afterKill("boot-1");
        open(killed, "boot-1").close();
        try (RandomAccessFile file =
                new RandomAccessFile(largest(killed, ".sst").toFile(), "rw")) {
            file.seek(file.length() - 50);
            file.write(new byte[50]);
        }
        assertDamagedAndUntouched(killed);
    }

    @Test
    void aFolderThatWasNeverFinishedIsMadeAnew() throws IOException {
        Path rocks = Files.createDirectories(folder().resolve("rocksdb"));
        Files.writeString(rocks.resolve("LOCK"), "");
        Files.writeString(rocks.resolve("LOG"), "begun");
        Files.writeString(rocks.resolve("MANIFEST-000001"), "");
        try (EventStore store = open(folder(), "boot-1")) {
            assertThat(store.append(List.of(Writes.session(ID)))).isEqualTo(AppendOutcome.Stored.ALL);
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void nobodyElseMayLookInside() throws IOException {
        open(folder(), "boot-1").close();
        for (Path path : List.of(folder(), folder().resolve("rocksdb"))) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void theSecondToOpenLearnsWhoWasFirst() {
        try (EventStore first = open(folder(), "boot-1")) {
            assertThatThrownBy(() -> open(folder(), "boot-1"))
                    .isInstanceOf(StoreException.class)
                    .hasMessage(folder() + " is in use by another gateway (pid "
                            + ProcessHandle.current().pid() + ")");
            assertThat(first.append(List.of(Writes.session(ID)))).isEqualTo(AppendOutcome.Stored.ALL);
        }
    }

    @Test
    void anotherProcessHoldsTheStoreUntilItIsKilled() throws Exception {
        Process child =
                StoreChild.start(StoreChild.command("hold", folder(), RocksDbSettings.Durability.BATCHED, folder()));
        try (BufferedReader output = child.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            assertThatThrownBy(() -> RocksDbStores.open(folder(), SETTINGS))
                    .isInstanceOf(StoreException.class)
                    .hasMessage(folder() + " is in use by another gateway (pid " + child.pid() + ")");
            child.destroyForcibly().waitFor();
            try (EventStore store = RocksDbStores.open(folder(), SETTINGS)) {
                assertThat(store.bootEpoch()).isZero();
            }
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void aClosedStoreSaysSo() {
        EventStore store = open(folder(), "boot-1");
        store.close();
        assertThatThrownBy(() -> store.session(ID))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> store.append(List.of()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is closed");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void openingAndClosingLeavesNoFileOpen() throws IOException {
        open(folder(), "boot-1").close();
        long before = openFilesIn(folder());
        for (int i = 0; i < 5; i++) {
            try (EventStore store = open(folder(), "boot-1")) {
                assertThat(store.append(batch(i * 10L, 10))).isEqualTo(AppendOutcome.Stored.ALL);
                assertThat(openFilesIn(folder())).isPositive();
            }
        }
        assertThat(openFilesIn(folder())).isEqualTo(before).isZero();
    }

    @Test
    void settingsAreRefusedByKeyRuleAndValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RocksDbSettings(RocksDbSettings.Durability.SYNC, 1, 1 << 20, 64))
                .withMessage("store.block-cache-bytes: must be at least 1048576, but was 1");
    }

    private void assertDamagedAndUntouched(Path damaged) throws IOException {
        Map<String, String> before = contents(damaged);
        assertThatThrownBy(() -> open(damaged, "boot-1"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("damaged")
                .hasMessageContaining("nothing was changed")
                .hasMessageStartingWith("the store in " + damaged)
                .hasMessageEndingWith("Restore the folder from a copy, or name another one (--data)")
                .message()
                .doesNotContain("\n");
        assertThat(contents(damaged)).isEqualTo(before);
    }

    private static EventStore open(Path folder, String bootId) {
        return RocksDbStores.open(folder, SETTINGS, () -> bootId);
    }

    /** What a kill leaves behind: the files of a store as they are while it is open, with 1,000 events in its log. */
    private Path afterKill(String bootId) throws IOException {
        Path killed = temporary.resolve("killed");
        try (EventStore store = open(folder(), bootId)) {
            store.append(List.of(Writes.session(ID), Writes.stream(ID, 0)));
            for (int i = 0; i < 100; i++) {
                assertThat(store.append(batch(i * 10L, 10))).isEqualTo(AppendOutcome.Stored.ALL);
            }
            copy(folder(), killed);
        }
        return killed;
    }

    private static List<StoreWrite> batch(long after, int size) {
        List<StoreWrite> batch = new ArrayList<>();
        for (long sequence = after + 1; sequence <= after + size; sequence++) {
            byte[] message = new byte[300];
            new Random(sequence).nextBytes(message);
            batch.add(new StoreWrite.AppendEvent(ID, 0, new Event(sequence, 1, 1, false, null, message)));
        }
        return batch;
    }

    /** The number of events, of which none before the last may be missing. */
    private static long events(EventStore store) {
        List<Event> events = store.read(ID, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE);
        if (!events.isEmpty()) {
            assertThat(events.getLast().sequence()).isEqualTo(events.size());
        }
        return events.size();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static Path largest(Path store, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(store.resolve("rocksdb"))) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    private static void flipByteInTheMiddle(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(file.length() / 2);
            int old = file.read();
            file.seek(file.length() / 2);
            file.write(old ^ 0x55);
        }
    }

    /** What the data files hold; RocksDB's own running commentary is not data. */
    private static Map<String, String> contents(Path store) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(store.resolve("rocksdb"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!name.startsWith("LOG")) {
                    contents.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        }
        return contents;
    }

    private static long openFilesIn(Path folder) throws IOException {
        long open = 0;
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).startsWith(folder)) {
                    open++;
                }
            }
        }
        return open;
    }
}
