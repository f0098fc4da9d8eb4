package dev.shadowcat.gateway.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one gateway's own files, locked while it runs: dead letters, marks of what went on unstored, where its admin port is. A
 * command that changes them takes it as well. The lock is beside that of the embedded store, which a gateway has not where its store is
 * shared.
 */
final class DataFolder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DataFolder.class);
    private static final String LOCK = "gateway.lock";

    private final FileChannel locked;

    private DataFolder(FileChannel locked) {
        this.locked = locked;
    }

    /**
     * Takes a folder for this gateway, and makes it where there is none.
     *
     * @throws Failure if another process has it, or it cannot be written
     */
    static DataFolder take(Path folder) {
        return take(
                folder,
                "",
                "each needs a data folder of its own, those that share a store too: name another one with --data");
    }

    /**
     * The same for a command, which has it for a moment only.
     *
     * @param command as the user writes it
     * @param remedy what the user is to do where a gateway has it
     */
    static DataFolder takeFor(String command, Path folder, String remedy) {
        return take(folder, " " + command, remedy);
    }

    /** @param command the one that takes it, after a blank; empty for a gateway */
    private static DataFolder take(Path folder, String command, String remedy) {
        Path file = folder.resolve(LOCK);
        try {
            createPrivately(folder);
            return take(
                    folder,
                    command,
                    remedy,
                    file,
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        } catch (IOException unwritable) {
            throw new Failure("cannot lock " + file + ": " + unwritable);
        }
    }

    private static DataFolder take(Path folder, String command, String remedy, Path file, FileChannel channel)
            throws IOException {
        DataFolder taken = null;
        try {
            if (!locks(channel)) {
                throw new Failure(folder + " is in use by " + holder(file, remedy));
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(
                    (ProcessHandle.current().pid() + command + "\n").getBytes(StandardCharsets.US_ASCII)));
            taken = new DataFolder(channel);
            return taken;
        } finally {
            if (taken == null) {
                channel.close();
            }
        }
    }

    /** Others would read what clients sent, in dead letters. */
    private static void createPrivately(Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix") && !Files.isDirectory(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return;
        }
        Files.createDirectories(folder);
    }

    private static boolean locks(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException ours) {
            return false;
        }
    }

    /** Who has it, and what the user is to do. */
    private static String holder(Path file, String remedy) throws IOException {
        String[] written = Files.readString(file).strip().split(" ", 2);
        String process = written[0].isEmpty() ? "" : " (pid " + written[0] + ")"; // it has not written it yet
        return written.length == 1
                ? "another gateway" + process + "; " + remedy
                : "`" + written[1] + "`" + process + ", which ends by itself: try again then";
    }

    /** Whether a process has a folder. Changes nothing; to be asked by a process that has it not. */
    static boolean isInUse(Path folder) {
        Path file = folder.resolve(LOCK);
        if (!Files.exists(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock held = channel.tryLock()) {
            return held == null;
        } catch (OverlappingFileLockException ours) {
            return true;
        } catch (IOException unreadable) {
            throw new Failure("cannot read " + file + ": " + unreadable);
        }
    }

    /** Lets others take it. The file stays: one that is deleted could be locked by two, each its own. */
    @Override
    public void close() {
        try {
            locked.close();
        } catch (IOException failed) {
            log.warn("The data folder could not be unlocked; it is once this process has ended: {}", failed.toString());
        }
    }
}
