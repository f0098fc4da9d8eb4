package dev.shadowcat.gateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where a running gateway tells other commands of its admin port: a file in its data folder. */
final class AdminAddress {
    private final Path file;

    AdminAddress(Path data) {
        this.file = data.resolve("admin.url");
    }

    void write(String url) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, url + "\n");
        } catch (IOException unwritable) {
            throw new Failure("cannot write " + file + ": " + unwritable.getMessage());
        }
    }

    Optional<String> read() {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    void remove() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException stays) {
            // A file that stays behind is harmless: whoever reads it finds nobody listening and reads the store
            // instead.
            return;
        }
    }
}
