package dev.shadowcat.gateway.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * Where a listener listens.
 *
 * @param host a name or an address, without brackets
 * @param port 0 takes a free one
 */
public record HostPort(String host, int port) {
    public HostPort {
        if (host.isBlank() || port < 0 || port > 65_535) {
            throw new IllegalArgumentException("is not HOST:PORT: " + host + ":" + port);
        }
    }

    static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (colon < 0
                || (!bracketed && host.contains(":"))
                || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw new IllegalArgumentException("is not HOST:PORT: " + text);
        }
        return new HostPort(
                bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(text.substring(colon + 1)));
    }

    /** Written by hand, as a record's own costs a start some 20 ms: it is linked by method handles. */
    @Override
    public boolean equals(Object other) {
        return other instanceof HostPort(String itsHost, int itsPort) && port == itsPort && host.equals(itsHost);
    }

    @Override
    public int hashCode() {
        return 31 * host.hashCode() + port;
    }

    /** The address to bind; resolves the name, which may block. */
    public InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    /** Whether only this machine can connect to it. */
    public boolean loopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /** How this machine's own processes connect to it: a wildcard address is none to connect to. */
    public HostPort local() {
        return switch (host) {
            case "0.0.0.0" -> new HostPort("127.0.0.1", port);
            case "::", "0:0:0:0:0:0:0:0" -> new HostPort("::1", port);
            default -> this;
        };
    }

    /** The same host with the port that was taken in the end. */
    public HostPort withPort(int taken) {
        return new HostPort(host, taken);
    }

    /** As it stands in a URL. */
    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
