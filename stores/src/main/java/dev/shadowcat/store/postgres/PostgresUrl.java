package dev.shadowcat.store.postgres;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a PostgreSQL database is, as users write it:
 * {@code postgresql://user:password@host:port,host:port/database?sslmode=verify-full}. Knows no driver.
 *
 * @param user who logs in; null for the name of the process's user
 * @param password never shown; null where it is to be found elsewhere
 * @param hosts at least one, in the order in which they are tried
 * @param database null for the one that has the user's name
 * @param parameters the driver's, by its own names
 */
public record PostgresUrl(
        @Nullable String user,
        @Nullable String password,
        List<Host> hosts,
        @Nullable String database,
        Map<String, String> parameters) {
    private static final int DEFAULT_PORT = 5432;
    private static final int HIGHEST_PORT = 65_535;
    private static final String PASSWORD_VARIABLE = "PGPASSWORD";
    private static final String FORM = "postgresql://user@host:port/database?sslmode=verify-full";

    /** Said where a password that was not escaped would look so, none of whose text may be repeated. */
    private static final String ESCAPE = "; in a password / is written %2F, ? %3F and @ %40";

    /** What users may say by a parameter, and what the driver calls it. */
    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("sslmode", "sslmode"),
            Map.entry("sslrootcert", "sslrootcert"),
            Map.entry("sslcert", "sslcert"),
            Map.entry("sslkey", "sslkey"),
            Map.entry("sslpassword", "sslpassword"),
            Map.entry("sslnegotiation", "sslNegotiation"),
            Map.entry("channel_binding", "channelBinding"),
            Map.entry("gssencmode", "gssEncMode"),
            Map.entry("target_session_attrs", "targetServerType"),
            Map.entry("application_name", "ApplicationName"),
            Map.entry("options", "options"),
            Map.entry("schema", "currentSchema"));

    /** A server, by its name or its address without brackets. */
    public record Host(String name, int port) {
        @Override
        public String toString() {
            return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
        }
    }

    public PostgresUrl {
        hosts = List.copyOf(hosts);
        parameters = Map.copyOf(parameters);
    }

    /** Whether a text is meant to be one. */
    public static boolean isOne(String text) {
        return text.startsWith("postgresql:") || text.startsWith("postgres:");
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with what is wrong, for the user; names no password
     */
    public static PostgresUrl parse(String text) {
        int scheme = text.indexOf("://");
        check(isOne(text) && scheme > 0, "is not like " + FORM);
        String rest = text.substring(scheme + 3);
        int question = rest.indexOf('?');
        Map<String, String> parameters = question < 0 ? Map.of() : parameters(rest.substring(question + 1));
        String place = question < 0 ? rest : rest.substring(0, question);
        int slash = place.indexOf('/');
        check(slash < 0 || place.indexOf('@', slash) < 0, "has an @ after its first /" + ESCAPE);
        String database = slash < 0 ? "" : decoded(place.substring(slash + 1));
        String authority = slash < 0 ? place : place.substring(0, slash);
        int at = authority.lastIndexOf('@');
        String login = at < 0 ? "" : authority.substring(0, at);
        int colon = login.indexOf(':');
        String user = decoded(colon < 0 ? login : login.substring(0, colon));
        return new PostgresUrl(
                user.isEmpty() ? null : user,
                colon < 0 ? null : decoded(login.substring(colon + 1)),
                hosts(authority.substring(at + 1)),
                database.isEmpty() ? null : database,
                parameters);
    }

    /** The same with the password of the environment where it has none of its own. */
    public PostgresUrl withPasswordOf(Map<String, String> environment) {
        String fallback = environment.get(PASSWORD_VARIABLE);
        return password != null || fallback == null
                ? this
                : new PostgresUrl(user, fallback, hosts, database, parameters);
    }

    /** The same without its password and its parameters, for people. */
    @Override
    public String toString() {
        StringBuilder shown = new StringBuilder("postgresql://");
        if (user != null) {
            shown.append(user).append('@');
        }
        shown.append(String.join(",", hosts.stream().map(Host::toString).toList()));
        if (database != null) {
            shown.append('/').append(database);
        }
        return shown.toString();
    }

    private static List<Host> hosts(String text) {
        List<Host> hosts = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            hosts.add(host(each));
        }
        return hosts;
    }

    private static Host host(String text) {
        int bracket = text.startsWith("[") ? text.indexOf(']') : -1;
        int colon = text.indexOf(':', Math.max(bracket, 0));
        String name = bracket > 0 ? text.substring(1, bracket) : colon < 0 ? text : text.substring(0, colon);
        check(!name.isEmpty(), "names no host: it is to be like " + FORM);
        return new Host(decoded(name), colon < 0 ? DEFAULT_PORT : port(text.substring(colon + 1)));
    }

    private static int port(String text) {
        check(text.matches("\\d{1,5}"), "has a port that is no number" + ESCAPE);
        int port = Integer.parseInt(text);
        check(port >= 1 && port <= HIGHEST_PORT, "has a port that is not from 1 to 65535" + ESCAPE);
        return port;
    }

    private static Map<String, String> parameters(String text) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String each : text.split("&", -1)) {
            int equals = each.indexOf('=');
            check(equals > 0, "has a parameter without a value");
            String name = decoded(each.substring(0, equals));
            String known = PARAMETERS.get(name);
            check(
                    known != null,
                    "has a parameter that is not known; known are "
                            + String.join(
                                    ", ", PARAMETERS.keySet().stream().sorted().toList()));
            parameters.put(String.valueOf(known), value(name, decoded(each.substring(equals + 1))));
        }
        return parameters;
    }

    /** The driver has names of its own for some values. */
    private static String value(String name, String value) {
        if (!name.equals("target_session_attrs")) {
            return value;
        }
        return switch (value) {
            case "read-write", "primary" -> "primary";
            case "any" -> "any";
            default ->
                throw new IllegalArgumentException(
                        "has a target_session_attrs that is not one of any, primary, read-write: " + value);
        };
    }

    /** A plus sign stands for itself: it is not a form. */
    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException broken) {
            throw new IllegalArgumentException("has a % that is not followed by two hexadecimal digits", broken);
        }
    }

    private static void check(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }
}
