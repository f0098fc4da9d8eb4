package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.LongAdder;

/** A store's folder as the disk sees it. */
record DataFolder(Path path) {
    /** Bytes of all files; those that go while they are counted count as nothing. */
    long bytes() {
        LongAdder bytes = new LongAdder();
        walk((_, size) -> bytes.add(size));
        return bytes.sum();
    }

    /** Deletes every file of it. */
    void clear() {
        walk((file, _) -> {
            try {
                Files.deleteIfExists(file);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
    }

    /** What is done with a file. */
    @FunctionalInterface
    private interface Visit {
        void file(Path file, long bytes);
    }

    private void walk(Visit visit) {
        if (!Files.exists(path)) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    visit.file(file, attributes.size());
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException gone) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
