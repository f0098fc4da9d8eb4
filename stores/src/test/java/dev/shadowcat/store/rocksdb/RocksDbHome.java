package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.testkit.StoreHome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A temporary folder for one embedded store. */
final class RocksDbHome implements StoreHome {
    private static final long MEBIBYTE = 1024 * 1024;

    private final Path folder;
    private final RocksDbSettings settings;

    RocksDbHome(RocksDbSettings.Durability durability) throws IOException {
        this.folder = Files.createTempDirectory("shadowcat-store");
        this.settings = small(durability);
    }

    /** Little room, so that tests reach what happens beyond it. */
    static RocksDbSettings small(RocksDbSettings.Durability durability) {
        return new RocksDbSettings(durability, 2 * MEBIBYTE, 4 * MEBIBYTE, 64);
    }

    @Override
    public EventStore open() {
        return RocksDbStores.open(folder, settings);
    }

    @Override
    public boolean remembers() {
        return true;
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
