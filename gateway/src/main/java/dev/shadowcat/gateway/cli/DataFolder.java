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
                "each needs a data folder of its own, those that share a store too: name another one with --data");
    }

    /** @param remedy what the user is to do where another process has it */
    static DataFolder take(Path folder, String remedy) {
        Path file = folder.resolve(LOCK);
        try {
            createPrivately(folder);
            return take(
                    folder, remedy, file, FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        } catch (IOException unwritable) {
            throw new Failure("cannot lock " + file + ": " + unwritable);
        }
    }

    private static DataFolder take(Path folder, String remedy, Path file, FileChannel channel) throws IOException {
        DataFolder taken = null;
        try {
            if (!locks(channel)) {
                throw new Failure(folder + " is in use by another gateway" + holder(file) + "; " + remedy);
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
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

    private static String holder(Path file) throws IOException {
        String process = Files.readString(file).strip();
        return process.isEmpty() ? "" : " (pid " + process + ")"; // it has not written it yet
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
