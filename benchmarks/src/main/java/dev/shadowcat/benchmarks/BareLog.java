package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The most that a log can do: events with their keys, appended to one file by one thread, one write a batch, nothing else. */
final class BareLog {
    private static final int KEY_BYTES = SessionId.BYTES + Integer.BYTES + Long.BYTES;
    private static final long MOST_BYTES = 4L << 30; // the folder's disk is not ours to fill

    private final Path file;
    private final Payloads payloads;
    private final int eventBytes;

    BareLog(Path file, Payloads payloads, int eventBytes) {
        this.file = file;
        this.payloads = payloads;
        this.eventBytes = eventBytes;
    }

    /** Appends for a while, with a sync after each batch or none at all; events a second. */
    double eventsPerSecond(int batchEvents, boolean sync, int seconds) {
        ByteBuffer batch = ByteBuffer.allocateDirect(batchEvents * (Integer.BYTES + KEY_BYTES + eventBytes));
        long events = 0;
        try (FileChannel log = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            long began = System.nanoTime();
            long end = began + seconds * 1_000_000_000L;
            while (System.nanoTime() - end < 0 && log.position() < MOST_BYTES) {
                fill(batch, batchEvents, events);
                while (batch.hasRemaining()) {
                    log.write(batch);
                }
                if (sync) {
                    log.force(false);
                }
                events += batchEvents;
            }
            return events * 1e9 / (System.nanoTime() - began);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            delete();
        }
    }

    private void fill(ByteBuffer batch, int events, long sequence) {
        batch.clear();
        for (int event = 0; event < events; event++) {
            batch.putInt(KEY_BYTES + eventBytes)
                    .putLong(sequence)
                    .putLong(event)
                    .putInt(0)
                    .putLong(sequence + event)
                    .put(payloads.next());
        }
        batch.flip();
    }

    private void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
