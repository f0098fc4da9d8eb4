package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that RocksDB's files lie in, and beside them the mark of the gateway that has it open.
 *
 * <p>The mark says which process and which boot of the machine opened the store; closing removes it. It is a file and no
 * row, because it decides how the log is to be read and so is needed before any row is.
 */
final class StoreFolder {
    private static final String MARK = "OPENED-BY";
    private static final Pattern DATA_FILE = Pattern.compile("\\d+\\.(sst|log)");

    /** A log, a list of files, its pointer, the options, the commentary, our mark, and a table for each family. */
    private static final int FILES_OF_AN_OPENING = 10;

    private final Path user;
    private final Path rocks;

    /** @param user the folder as the user named it */
    StoreFolder(Path user) {
        this.user = user;
        this.rocks = user.resolve("rocksdb");
    }

    Path rocks() {
        return rocks;
    }

    /** The folder as messages name it. */
    Path user() {
        return user;
    }

    void create() {
        try {
            createPrivately(user);
            createPrivately(rocks);
        } catch (IOException failed) {
            throw new StoreException("cannot make the store's folder " + rocks + ": " + failed, failed);
        }
    }

    private static void createPrivately(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    /**
     * Whether nothing was ever stored here, not even by a gateway that was killed while it made the store.
     *
     * @throws StoreException if there is data, but not the file that makes sense of it
     */
    boolean isFresh() {
        if (Files.exists(rocks.resolve("CURRENT"))) {
            return false;
        }
        if (holdsData()) {
            throw Failures.damaged(this, rocks.resolve("CURRENT") + " is missing", null);
        }
        return true;
    }

    private boolean holdsData() {
        if (!Files.isDirectory(rocks)) {
            return false;
        }
        try (Stream<Path> files = Files.list(rocks)) {
            return files.anyMatch(
                    file -> DATA_FILE.matcher(file.getFileName().toString()).matches() && sizeOf(file) > 0);
        } catch (IOException | UncheckedIOException failed) {
            throw new StoreException("cannot read the store's folder " + rocks + ": " + failed, failed);
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Bytes that may still be written. */
    long usableBytes() {
        try {
            return Files.getFileStore(rocks).getUsableSpace();
        } catch (IOException failed) {
            throw new StoreException("cannot read the store's folder " + rocks + ": " + failed, failed);
        }
    }

    /** Why the files that an opening makes could not be made, though there are bytes: no inode is left, say; null if they could. */
    @Nullable
    String refusesFiles() {
        List<Path> made = new ArrayList<>();
        try {
            while (made.size() < FILES_OF_AN_OPENING) {
                made.add(Files.createTempFile(rocks, "room", null));
            }
            return null;
        } catch (IOException failed) {
            return String.valueOf(failed.getMessage());
        } finally {
            made.forEach(file -> file.toFile().delete());
        }
    }

    /** Whose the folder is, where files that we make in it belong to somebody else; only a file says whose ours are. */
    Optional<String> foreignOwner() {
        Path folder = Files.isDirectory(rocks) ? rocks : user;
        try {
            UserPrincipal owner = Files.getOwner(folder);
            Path ours = Files.createTempFile(folder, "owner", null);
            try {
                return Files.getOwner(ours).equals(owner) ? Optional.empty() : Optional.of(owner.getName());
            } finally {
                Files.delete(ours);
            }
        } catch (IOException failed) {
            throw new StoreException("cannot write to the store's folder " + folder + ": " + failed, failed);
        }
    }

    /** The mark of whoever has the store open, or had it open and did not close it; {@link Mark#NONE} after a close. */
    Mark mark() {
        try {
            List<String> lines = Files.readAllLines(rocks.resolve(MARK));
            return lines.size() < 2 ? Mark.UNREADABLE : new Mark(lines.get(0), lines.get(1));
        } catch (NoSuchFileException closed) {
            return Mark.NONE;
        } catch (IOException failed) {
            return Mark.UNREADABLE;
        }
    }

    /** Puts our mark on the disk before anything is appended. */
    void markOpened(String bootId) {
        byte[] text = (ProcessHandle.current().pid() + "\n" + bootId + "\n").getBytes(StandardCharsets.UTF_8);
        Path written = rocks.resolve(MARK + ".new");
        try (FileChannel file = FileChannel.open(
                written, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(text));
            file.force(true);
            Files.move(
                    written, rocks.resolve(MARK), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncFolder();
        } catch (IOException failed) {
            throw new StoreException("cannot write to the store's folder " + rocks + ": " + failed, failed);
        }
    }

    void markClosed() {
        try {
            Files.deleteIfExists(rocks.resolve(MARK));
            syncFolder();
        } catch (IOException failed) {
            // The next start then takes this for a power cut, which costs a leap in numbering and nothing else.
            throw new StoreException("cannot write to the store's folder " + rocks + ": " + failed, failed);
        }
    }

    private void syncFolder() throws IOException {
        try (FileChannel folder = FileChannel.open(rocks, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    /**
     * Who opened the store.
     *
     * @param process its process id; {@code ""} where that is not known
     * @param bootId of the machine's boot that it ran in; {@code ""} where that is not known
     */
    record Mark(String process, String bootId) {
        static final Mark NONE = new Mark("", "");
        static final Mark UNREADABLE = new Mark("?", "");

        /** Whether the machine may have stopped while the store was open, so that what was not synced is gone. */
        boolean tellsOfPowerCut(String bootIdNow) {
            return !equals(NONE) && (bootId.isEmpty() || !bootId.equals(bootIdNow));
        }
    }
}
