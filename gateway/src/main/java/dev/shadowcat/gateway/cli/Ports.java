package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.HostPort;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What is known of ports that a gateway wants. */
final class Ports {
    private static final String LISTENING = "0A";

    private Ports() {}

    static boolean free(HostPort address) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address.resolve());
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    /**
     * Looks whether an address can be had, and leaves it.
     *
     * @param key the setting that has it
     * @throws Failure if it is taken, or not ours
     */
    static void requireFree(String key, HostPort address) {
        if (!address.resolve().isUnresolved() && !free(address)) {
            throw new Failure(key + ": " + taken(key, address));
        }
    }

    /**
     * One line on an address that could not be bound, with the holder where the system tells.
     *
     * @param key the setting that has the address
     */
    static String taken(String key, HostPort address) {
        return taken(address) + "; choose another with --" + key + " HOST:PORT, or " + key + ": in the file";
    }

    private static String taken(HostPort address) {
        String holder = holder(address.port())
                .map(process -> "; process " + process + " has it")
                .orElse("");
        return "cannot listen on " + address + (holder.isEmpty() ? ": it is taken or not ours" : holder);
    }

    /** The process that listens on a port of this machine: Linux tells of our own user's processes. */
    static Optional<String> holder(int port) {
        Set<String> sockets = new HashSet<>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            try (Stream<String> lines = Files.lines(Path.of(table))) {
                String suffix = String.format(Locale.ROOT, ":%04X", port);
                lines.map(line -> line.strip().split("\\s+"))
                        .filter(row -> row.length > 9 && row[1].endsWith(suffix) && row[3].equals(LISTENING))
                        .forEach(row -> sockets.add("socket:[" + row[9] + "]"));
            } catch (IOException notLinux) {
                return Optional.empty();
            }
        }
        return ProcessHandle.allProcesses()
                .filter(process -> holds(process.pid(), sockets))
                .map(process -> process.pid()
                        + process.info()
                                .command()
                                .map(command -> " (" + Path.of(command).getFileName() + ")")
                                .orElse(""))
                .findFirst();
    }

    private static boolean holds(long process, Set<String> sockets) {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + process + "/fd"))) {
            return descriptors.anyMatch(descriptor -> {
                try {
                    return sockets.contains(Files.readSymbolicLink(descriptor).toString());
                } catch (IOException closed) {
                    return false;
                }
            });
        } catch (IOException notOurs) {
            return false;
        }
    }
}
