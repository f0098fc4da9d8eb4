package dev.shadowcat.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes no more makes the store busy, and room that comes back makes it well, without losing anything. */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
    private static final long FILE_LIMIT = 700_000;

    @TempDir
    Path folder;

    /** The log may not grow, as every system lets a process be limited: a write fails half way and another log is begun. */
    @Test
    void aWriteThatFailsHalfWayIsLostAloneAndMayComeAgain() throws Exception {
        Path ballast = folder.resolve("ballast");
        Process child = StoreChild.start(
                StoreChild.command("fill-one-log", folder, RocksDbSettings.Durability.BATCHED, ballast));
        try (BufferedReader output = child.inputReader();
                PrintWriter commands = new PrintWriter(child.outputWriter(), true)) {
            assertThat(output.readLine()).isEqualTo("ready");
            assertThat(output.readLine()).isEqualTo("begun");
            limitFileSize(child, Long.toString(FILE_LIMIT));
            commands.println("fill");
            assertThat(output.readLine()).startsWith("full ").contains("Busy");
            limitFileSize(child, "unlimited");
            commands.println("go on");
            assertThat(output.readLine()).startsWith("recovered ");
            assertThat(child.waitFor()).isZero();
        } finally {
            child.destroy();
        }
    }

    /** The disk is full: where the system lets us have a small one, which not every container does, not even for root. */
    @Test
    void aFullDiskMakesTheStoreBusyUntilThereIsRoom() throws Exception {
        List<String> ownDisk = ownDisk("size=40m");
        assumeFalse(
                ownDisk.isEmpty(), "no small disk to be had: neither as root, nor in a user namespace, nor with sudo");
        Path ballast = folder.resolve("ballast");
        List<String> command = new ArrayList<>(ownDisk);
        command.addAll(StoreChild.command("fill", folder, RocksDbSettings.Durability.BATCHED, ballast));
        fillsUpAndRecovers(command, "the disk is full");
    }

    /** Bytes are left, but no inode: reads go on, and so does everything once a file can be made again. */
    @Test
    void noInodeLeftMakesTheStoreBusyUntilThereIsOne() throws Exception {
        List<String> ownDisk = ownDisk("size=200m,nr_inodes=60");
        assumeFalse(
                ownDisk.isEmpty(), "no small disk to be had: neither as root, nor in a user namespace, nor with sudo");
        List<String> command = new ArrayList<>(ownDisk);
        command.addAll(StoreChild.command(
                "use-up-inodes", folder, RocksDbSettings.Durability.BATCHED, folder.resolve("inodes")));
        fillsUpAndRecovers(command, "takes no new file");
    }

    private static void fillsUpAndRecovers(List<String> command, String reason) throws Exception {
        Process child = StoreChild.start(command);
        try (BufferedReader output = child.inputReader();
                PrintWriter commands = new PrintWriter(child.outputWriter(), true)) {
            assertThat(output.readLine()).isEqualTo("ready");
            assertThat(output.readLine()).isEqualTo("begun");
            commands.println("fill");
            assertThat(output.readLine()).startsWith("full ").contains("Busy").contains(reason);
            commands.println("go on");
            assertThat(output.readLine()).startsWith("recovered ");
            assertThat(child.waitFor()).isZero();
        } finally {
            child.destroy();
        }
    }

    private static void limitFileSize(Process child, String limit) throws Exception {
        Process prlimit = new ProcessBuilder("prlimit", "--pid", Long.toString(child.pid()), "--fsize=" + limit + ":")
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor()).isZero();
    }

    /**
     * A command that runs another in a world of its own where the folder is a disk of a size, 20 MiB of it taken. As root, as a
     * user who may make namespaces, or with sudo as on the usual build machines; empty where none of them works.
     */
    private List<String> ownDisk(String options) throws Exception {
        String mount = "mount -t tmpfs -o " + options + " tmpfs '" + folder + "' && head -c 20m /dev/zero > '" + folder
                + "/ballast' && exec \"$@\"";
        for (List<String> unshare : List.of(
                List.of("unshare", "-m"), List.of("unshare", "-r", "-m"), List.of("sudo", "-n", "unshare", "-m"))) {
            List<String> command = new ArrayList<>(unshare);
            command.addAll(List.of("sh", "-c", mount, "sh"));
            if (succeeds(command)) {
                return command;
            }
        }
        return List.of();
    }

    private static boolean succeeds(List<String> prefix) throws InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.add("true");
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException noSuchCommand) {
            return false;
        }
    }
}
