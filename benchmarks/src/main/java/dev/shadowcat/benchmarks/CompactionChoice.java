package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbSettings.Compaction;
import dev.shadowcat.store.rocksdb.RocksDbSettings.Durability;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Mode {@code compaction}: one way after the other of merging the store's files, under a paced load in which sessions end,
 * streams are trimmed and clients replay.
 */
final class CompactionChoice {
    private static final int SAMPLES = 12;
    private static final int KEY_BYTES = 28;
    private static final int REPLAYED_EVENTS = 1_000;
    private static final long REPLAY_EVERY_MILLIS = 100;

    private final Transport transport = new Transport("load");
    private final Payloads payloads;
    private final Path folder;
    private final List<Style> styles;
    private final int bytes;
    private final int seconds;
    private final int rate;
    private final int sessions;
    private final int keep;
    private final int sessionSeconds;

    CompactionChoice(Arguments arguments) {
        folder = Path.of(arguments.text("folder"));
        styles = Arrays.stream(arguments.text("styles", "universal,levelled").split(",", -1))
                .map(Style::parse)
                .toList();
        bytes = arguments.number("bytes", 300);
        seconds = arguments.number("seconds", 600);
        rate = arguments.number("rate", 50_000);
        sessions = arguments.number("sessions", 200);
        keep = arguments.number("keep", 10_000);
        sessionSeconds = arguments.number("session-seconds", 60);
        arguments.refuseOthers();
        payloads = new Payloads(bytes);
    }

    /** A way to run the store, written {@code universal}, or {@code universal:128} for 128 MiB of write buffers. */
    private record Style(String name, RocksDbSettings settings) {
        static Style parse(String text) {
            String[] parts = text.split(":", -1);
            RocksDbSettings defaults = RocksDbSettings.of(Durability.BATCHED);
            long writeBuffers = parts.length > 1 ? Long.parseLong(parts[1]) << 20 : defaults.writeBufferBytes();
            return new Style(
                    text,
                    new RocksDbSettings(
                            defaults.durability(),
                            defaults.blockCacheBytes(),
                            writeBuffers,
                            defaults.maxOpenFiles(),
                            Compaction.valueOf(parts[0].toUpperCase(Locale.ROOT))));
        }
    }

    /** Returns whether every event was stored once and in order, under each style. */
    boolean run() {
        System.out.printf(
                Locale.ROOT,
                "%,d events/s of %d B, %d sessions that live %d s, %,d events kept of each, %d s%n",
                rate,
                bytes,
                sessions,
                sessionSeconds,
                keep,
                seconds);
        boolean whole = true;
        for (Style style : styles) {
            whole &= run(style);
        }
        return whole;
    }

    private boolean run(Style style) {
        DataFolder data =
                new DataFolder(folder.resolve("compaction-" + style.name().replace(':', '-')));
        EventStore store = RocksDbStores.open(data.path(), style.settings());
        try (WorkerLoad load =
                new WorkerLoad(store, PersistenceSettings.DEFAULTS, transport.loop(), payloads, sessions, keep)) {
            Replays replays = new Replays(store, load);
            load.pace(rate);
            Pause.millis(5_000);
            long writtenBefore = ProcessTimes.writtenBytes();
            long storedBefore = load.stored();
            CpuMeter meter = new CpuMeter(List.of(), List.of());
            load.measure();
            replays.start();
            String disk = churn(load, data);
            double passed = meter.seconds();
            double cpu = meter.generatorSeconds();
            double foreign = meter.foreignCores();
            replays.stop();
            long events = load.stored() - storedBefore;
            long written = ProcessTimes.writtenBytes() - writtenBefore;
            Histogram appends = load.latencies();
            load.stop();
            boolean whole = load.whole() && replays.whole;
            System.out.printf(
                    Locale.ROOT,
                    "%n%s: %,.0f events/s stored, written to disk %.1f times, %d stalls, CPU %.1f us/event, foreign %.2f cores%n"
                            + "  stored after, ms:  p50 %.2f, p99 %.2f, p99.9 %.2f, max %.0f%n"
                            + "  replay of %,d, ms: p50 %.2f, p99 %.2f, max %.1f (%,d of them)%n"
                            + "  disk, MB: %s%n  every event once and in order: %s%n",
                    style.name(),
                    events / passed,
                    (double) written / (events * (bytes + KEY_BYTES)),
                    stalls(data),
                    cpu * 1e6 / events,
                    foreign,
                    millis(appends, 50),
                    millis(appends, 99),
                    millis(appends, 99.9),
                    millis(appends, 100),
                    REPLAYED_EVENTS,
                    millis(replays.latencies, 50),
                    millis(replays.latencies, 99),
                    millis(replays.latencies, 100),
                    replays.latencies.getTotalCount(),
                    disk,
                    whole ? "yes" : "NO");
            return whole;
        } finally {
            data.clear();
        }
    }

    /** Lets sessions end and begin, for as long as is measured; the size of the folder over that time. */
    private String churn(WorkerLoad load, DataFolder data) {
        StringBuilder sizes = new StringBuilder();
        long everyNanos = sessionSeconds * 1_000_000_000L / sessions;
        long began = System.nanoTime();
        long end = began + seconds * 1_000_000_000L;
        int samples = 1;
        for (long next = began; next - end < 0; next += everyNanos) {
            Pause.millis(Math.max(0, (next - System.nanoTime()) / 1_000_000));
            load.replaceOldest();
            if (next - began >= seconds * 1_000_000_000L / SAMPLES * samples) {
                samples++;
                sizes.append(String.format(Locale.ROOT, "%,d  ", data.bytes() >> 20));
            }
        }
        return sizes.append(String.format(Locale.ROOT, "%,d", data.bytes() >> 20))
                .toString();
    }

    /** How often RocksDB slowed writes down or stopped them, as its own log tells. */
    private static long stalls(DataFolder data) {
        try (Stream<Path> files = Files.list(data.path().resolve("rocksdb"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("LOG"))
                    .flatMap(CompactionChoice::lines)
                    .filter(line -> line.contains("Stalling writes") || line.contains("Stopping writes"))
                    .count();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static double millis(Histogram latencies, double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e6;
    }

    /** Clients that come back and read the newest events of a session, ten a second, on a thread of their own. */
    private static final class Replays {
        private final EventStore store;
        private final WorkerLoad load;
        private final Histogram latencies = new Histogram(3);
        private final SplittableRandom random = new SplittableRandom(5);
        private final Thread thread =
                Thread.ofPlatform().name("replays").daemon().unstarted(this::run);
        private volatile boolean stopping;
        private boolean whole = true;

        Replays(EventStore store, WorkerLoad load) {
            this.store = store;
            this.load = load;
        }

        void start() {
            thread.start();
        }

        void stop() {
            stopping = true;
            try {
                thread.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void run() {
            while (!stopping) {
                List<LaneSession> live = load.sessions();
                LaneSession session = live.get(random.nextInt(live.size()));
                long newest = session.stored();
                if (newest > REPLAYED_EVENTS) {
                    replay(session, newest - REPLAYED_EVENTS);
                }
                Pause.millis(REPLAY_EVERY_MILLIS);
            }
        }

        private void replay(LaneSession session, long after) {
            long began = System.nanoTime();
            long newest = after;
            while (newest < after + REPLAYED_EVENTS) {
                List<Event> page = store.read(session.id(), LaneSession.STREAM, newest, 256, 256 << 10);
                for (Event event : page) {
                    whole &= event.sequence() == newest + 1;
                    newest = event.sequence();
                }
                if (page.isEmpty()) {
                    return; // the session ended meanwhile
                }
            }
            latencies.recordValue(System.nanoTime() - began);
        }
    }
}
