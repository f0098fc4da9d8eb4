package dev.shadowcat.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.EventStore;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that is killed between two instructions loses nothing that it acknowledged. */
class KilledStoreTest {
    private static final int KILLS = 8;
    private static final Pattern ACKNOWLEDGED = Pattern.compile("(\\d) (\\d+)");

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(RocksDbSettings.Durability.class)
    void everyAcknowledgedEventIsThereAfterAKill(RocksDbSettings.Durability durability) throws Exception {
        Random random = new Random(42);
        long[] acknowledged = new long[StoreChild.STREAMS];
        for (int kill = 0; kill < KILLS; kill++) {
            runAndKill(durability, 1 + random.nextInt(800), acknowledged);
            try (EventStore store = RocksDbStores.open(folder, RocksDbHome.small(durability))) {
                assertThat(store.bootEpoch()).isZero();
                for (int stream = 0; stream < StoreChild.STREAMS; stream++) {
                    assertWhole(store, stream, acknowledged[stream]);
                }
            }
        }
        assertThat(Arrays.stream(acknowledged).min().orElseThrow()).isGreaterThan(1_000);
    }

    /** Lets a child append until it has acknowledged some batches, kills it, and takes in what it still said. */
    private void runAndKill(RocksDbSettings.Durability durability, int batches, long[] acknowledged) throws Exception {
        Process child = StoreChild.start(StoreChild.command("append", folder, durability, folder));
        try (BufferedReader output = child.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            int seen = 0;
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher numbers = ACKNOWLEDGED.matcher(line);
                if (numbers.matches()) {
                    int stream = Integer.parseInt(numbers.group(1));
                    // The last line may be cut off by the kill, and then names an older event.
                    acknowledged[stream] = Math.max(acknowledged[stream], Long.parseLong(numbers.group(2)));
                }
                if (++seen == batches) {
                    // Not destroyForcibly: that closes the output, and with it what the child said last.
                    child.toHandle().destroyForcibly();
                }
            }
        }
        assertThat(child.waitFor()).isEqualTo(128 + 9);
    }

    private static void assertWhole(EventStore store, int stream, long acknowledged) {
        long last = 0;
        List<Event> page = store.read(StoreChild.SESSION, stream, last, 5_000, Long.MAX_VALUE);
        while (!page.isEmpty()) {
            for (Event event : page) {
                assertThat(event.sequence()).isEqualTo(++last);
                Event expected = StoreChild.event(stream, last).event();
                assertThat(Arrays.equals(event.message(), expected.message())).isTrue();
                assertThat(event.upstreamId()).isEqualTo(expected.upstreamId());
            }
            page = store.read(StoreChild.SESSION, stream, last, 5_000, Long.MAX_VALUE);
        }
        assertThat(last).isGreaterThanOrEqualTo(acknowledged);
        if (last > 0) {
            assertThat(store.stream(StoreChild.SESSION, stream).orElseThrow().lastSequence())
                    .isEqualTo(last);
        }
    }
}
