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
 * @param begins where its sessions are begun; the endpoint too, but for what one node serves of another's sessions
 * @param processes whose CPU time is counted; empty for none
 */
record Target(String name, URI endpoint, URI begins, List<Long> processes) {
    private static final String BEGINS = "begins=";

    /** Parses {@code NAME=URL[,begins=URL][,PID]...}. */
    static Target parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw new IllegalArgumentException("--target: expected NAME=URL[,begins=URL][,PID]..., but was " + text);
        }
        String[] parts = text.substring(equals + 1).split(",", -1);
        URI endpoint = URI.create(parts[0]);
        boolean elsewhere = parts.length > 1 && parts[1].startsWith(BEGINS);
        URI begins = elsewhere ? URI.create(parts[1].substring(BEGINS.length())) : endpoint;
        List<Long> processes =
                Arrays.stream(parts).skip(elsewhere ? 2 : 1).map(Long::valueOf).toList();
        return new Target(text.substring(0, equals), endpoint, begins, processes);
    }

    InetSocketAddress address() {
        return loopback(endpoint);
    }

    InetSocketAddress beginsAt() {
        return loopback(begins);
    }

    /** Everything that is measured runs on this machine. */
    private static InetSocketAddress loopback(URI url) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), url.getPort());
    }
}
