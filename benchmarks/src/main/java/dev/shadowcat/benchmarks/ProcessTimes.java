package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** CPU time (resolution 10 ms, ended threads included), memory, files and writes of processes as Linux counts them. */
final class ProcessTimes {
    /** USER_HZ: 100 on every Linux architecture that Java runs on. */
    private static final double TICK_SECONDS = 0.01;

    private ProcessTimes() {}

    /** User and system time of all of them so far, in seconds. */
    static double cpuSeconds(Collection<Long> processes) {
        double seconds = 0;
        for (long process : processes) {
            String[] fields = stat(process);
            seconds += seconds(fields[11], fields[12]);
        }
        return seconds;
    }

    /** The same of a process and all that it started so far, those that ended included. */
    static double familySeconds(long process) {
        while (true) {
            String[] before = stat(process);
            double seconds = seconds(before[11], before[12]) + seconds(before[13], before[14]);
            try {
                seconds += cpuSeconds(ProcessHandle.of(process)
                        .orElseThrow()
                        .children()
                        .map(ProcessHandle::pid)
                        .toList());
            } catch (UncheckedIOException ended) {
                continue; // while it was looked at: now it counts among those that did
            }
            String[] after = stat(process);
            if (before[13].equals(after[13]) && before[14].equals(after[14])) {
                return seconds;
            }
        }
    }

    private static String[] stat(long process) {
        String line = read("/proc/" + process + "/stat");
        return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    }

    private static double seconds(String user, String system) {
        return (Long.parseLong(user) + Long.parseLong(system)) * TICK_SECONDS;
    }

    /** Time that the machine's cores were busy so far, with whatever, in seconds. */
    static double machineSeconds() {
        String line = read("/proc/stat").lines().findFirst().orElseThrow();
        String[] fields = line.trim().split(" +", -1);
        long busy = 0;
        for (int field = 1; field <= 8; field++) {
            boolean idle = field == 4 || field == 5;
            busy += idle ? 0 : Long.parseLong(fields[field]);
        }
        return busy * TICK_SECONDS;
    }

    /** Resident memory in bytes. */
    static long residentBytes(long process) {
        return read("/proc/" + process + "/status")
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    /** Files and sockets that a process holds open. */
    static int openFiles(long process) {
        String[] open = Path.of("/proc/" + process + "/fd").toFile().list();
        return open == null ? 0 : open.length;
    }

    /** Threads of a process as the kernel counts them. */
    static int threads(long process) {
        String[] threads = Path.of("/proc/" + process + "/task").toFile().list();
        return threads == null ? 0 : threads.length;
    }

    /** Bytes that this process has had written to disks so far, counted when they become due. */
    static long writtenBytes() {
        return read("/proc/self/io")
                .lines()
                .filter(line -> line.startsWith("write_bytes: "))
                .mapToLong(line -> Long.parseLong(line.substring("write_bytes: ".length())))
                .findFirst()
                .orElseThrow();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
