package dev.shadowcat.store.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a Redis is, as users write it: {@code redis://user:password@host:port/database}, {@code rediss://} with TLS,
 * {@code redis-sentinel://host:port,host:port#master}; of a cluster one server or several, with commas. Knows no driver.
 */
public final class RedisUrl {
    private static final String FORM = "redis://user@host:port/database or redis-sentinel://host:port,host:port#master";
    private static final Pattern PARTS =
            Pattern.compile("(rediss?(?:-sentinel)?)://(?:([^/?#]*)@)?([^/?#@]*)([/?#][^@]*)?");
    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\[\\]]+)(?::(\\d{1,5}))?");
    private static final int HIGHEST_PORT = 65_535;

    /** The variable that Redis's own command line reads. */
    private static final String PASSWORD_VARIABLE = "REDISCLI_AUTH";

    private final String scheme;
    private final String credentials; // as written, without the @; "" where there are none
    private final List<String> hosts;
    private final String rest;
    private final @Nullable String password; // where it is not in the credentials

    private RedisUrl(String scheme, String credentials, List<String> hosts, String rest, @Nullable String password) {
        this.scheme = scheme;
        this.credentials = credentials;
        this.hosts = List.copyOf(hosts);
        this.rest = rest;
        this.password = password;
    }

    /** Whether a text is meant to be one. */
    public static boolean isOne(String text) {
        return text.startsWith("redis:")
                || text.startsWith("rediss:")
                || text.startsWith("redis-sentinel:")
                || text.startsWith("rediss-sentinel:");
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with what is wrong, for the user; names no password
     */
    public static RedisUrl parse(String text) {
        Matcher parts = PARTS.matcher(text);
        check(parts.matches(), "is not like " + FORM);
        List<String> hosts = new ArrayList<>();
        for (String host : parts.group(3).split(",", -1)) {
            Matcher named = HOST.matcher(host);
            check(named.matches(), "names no host, or no whole port");
            String port = named.group(2);
            check(port == null || isPort(port), "has a port that is not from 1 to " + HIGHEST_PORT);
            hosts.add(host);
        }
        String credentials = parts.group(2) == null ? "" : parts.group(2);
        String rest = parts.group(4) == null ? "" : parts.group(4);
        RedisUrl url = new RedisUrl(parts.group(1), credentials, hosts, rest, null);
        check(!url.sentinel() || rest.matches("[^#]*#.+"), "names no master of the Sentinels: is not like " + FORM);
        return url;
    }

    private static boolean isPort(String text) {
        int port = Integer.parseInt(text);
        return port >= 1 && port <= HIGHEST_PORT;
    }

    /** The same with the password that the environment has, where the URL has none. */
    public RedisUrl withPasswordOf(Map<String, String> environment) {
        String other = environment.get(PASSWORD_VARIABLE);
        return credentials.contains(":") || other == null
                ? this
                : new RedisUrl(scheme, credentials, hosts, rest, other);
    }

    boolean sentinel() {
        return scheme.endsWith("-sentinel");
    }

    /** Whether it names several servers, which only a cluster has. */
    boolean severalServers() {
        return !sentinel() && hosts.size() > 1;
    }

    /** A password that {@link #forDriver} does not hold; null where it holds it, or none is needed. */
    @Nullable
    String password() {
        return password;
    }

    /** The user that has that password; null for the default one. */
    @Nullable
    String user() {
        return credentials.isEmpty() ? null : credentials;
    }

    String forDriver() {
        return scheme + "://" + (credentials.isEmpty() || password != null ? "" : credentials + "@") + place() + rest;
    }

    private String place() {
        return String.join(",", hosts);
    }

    /** For people: without user and password. */
    @Override
    public String toString() {
        return scheme + "://" + place() + rest;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
