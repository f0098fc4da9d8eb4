package dev.shadowcat.benchmarks;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;

/**
 * What is measured: an MCP endpoint and the processes behind it.
 *
 * @param name as the tables call it
 * @param endpoint such as {@code http://127.0.0.1:8080/mcp}
 * @param processes whose CPU time is counted; empty for none
 */
record Target(String name, URI endpoint, List<Long> processes) {
    /** Parses {@code NAME=URL[,PID]...}. */
    static Target parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw new IllegalArgumentException("--target: expected NAME=URL[,PID]..., but was " + text);
        }
        String[] parts = text.substring(equals + 1).split(",", -1);
        List<Long> processes = Arrays.stream(parts).skip(1).map(Long::valueOf).toList();
        return new Target(text.substring(0, equals), URI.create(parts[0]), processes);
    }

    /** Everything that is measured runs on this machine. */
    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.getPort());
    }
}
