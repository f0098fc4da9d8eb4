package dev.shadowcat.gateway.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A host, and the port beside it if there is one.
 *
 * @param host in lower case; an IPv6 address has its brackets
 * @param port as it was written, or {@code ""}
 */
record Authority(String host, String port) {
    private static final int MAX_LENGTH = 300;

    /** Reads what a Host header holds; null where it is none. */
    static @Nullable Authority parse(String value) {
        if (value.isEmpty() || value.length() > MAX_LENGTH) {
            return null;
        }
        int colon = portColon(value);
        if (colon == 0) {
            return null;
        }
        String host = colon < 0 ? value : value.substring(0, colon);
        String port = colon < 0 ? "" : value.substring(colon + 1);
        return isHost(host) && isPort(port) ? new Authority(host.toLowerCase(Locale.ROOT), port) : null;
    }

    /** Reads the authority of an origin, {@code scheme://host[:port]} and nothing after it; null where it is none. */
    static @Nullable Authority ofOrigin(String origin) {
        int scheme = origin.indexOf("://");
        return scheme > 0 ? parse(origin.substring(scheme + 3)) : null;
    }

    static String hostOf(InetAddress address) {
        String text = address.getHostAddress();
        if (!(address instanceof Inet6Address)) {
            return text;
        }
        int zone = text.indexOf('%');
        return '[' + (zone < 0 ? text : text.substring(0, zone)) + ']';
    }

    boolean isLoopbackName() {
        return switch (host) {
            case "localhost", "127.0.0.1", "[::1]" -> true;
            default -> false;
        };
    }

    private static int portColon(String value) {
        if (value.charAt(0) != '[') {
            return value.indexOf(':');
        }
        int bracket = value.indexOf(']');
        return bracket > 0 && bracket + 1 < value.length() && value.charAt(bracket + 1) == ':' ? bracket + 1 : -1;
    }

    private static boolean isHost(String host) {
        boolean bracketed = host.startsWith("[");
        if (bracketed && (!host.endsWith("]") || host.length() < 4)) {
            return false;
        }
        String name = bracketed ? host.substring(1, host.length() - 1) : host;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (bracketed ? !isAddressCharacter(c) : !isNameCharacter(c)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNameCharacter(int c) {
        return c < 128 && (Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0);
    }

    private static boolean isAddressCharacter(int c) {
        return c < 128 && (Character.digit(c, 16) >= 0 || ":.".indexOf(c) >= 0);
    }

    private static boolean isPort(String port) {
        if (port.length() > 5) {
            return false;
        }
        for (int i = 0; i < port.length(); i++) {
            if (port.charAt(i) < '0' || port.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
