package dev.shadowcat.gateway.config;

import dev.shadowcat.store.postgres.PostgresUrl;
import dev.shadowcat.store.redis.RedisUrl;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The kinds of value that settings have. */
final class ValueTypes {
    private static final String DURATIONS = " (500ms, 15s, 10m, 24h, 7d)";
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB)?");

    private ValueTypes() {}

    static ValueType<Integer> wholeNumber(int atLeast) {
        return type("NUMBER", "a whole number from " + atLeast, text -> {
            int number = parseInt(text);
            check(number >= atLeast, "must be at least " + atLeast + ", but was " + number);
            return number;
        });
    }

    /** One event loop for each two cores is the measured best; {@code auto} asks for that. */
    static ValueType<Integer> eventLoops() {
        return type("NUMBER", "auto, or a whole number from 1", text -> {
            if (text.equals("auto")) {
                return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
            }
            int number = parseInt(text);
            check(number >= 1, "must be at least 1, but was " + number);
            return number;
        });
    }

    static ValueType<Duration> duration(Duration atLeast) {
        String least = atLeast.isZero() ? "0s" : Durations.text(atLeast);
        return type("DURATION", "a duration from " + least + DURATIONS, text -> {
            Duration duration = parsed(text);
            check(duration.compareTo(atLeast) >= 0, "must be at least " + least + ", but was " + text);
            return duration;
        });
    }

    static ValueType<Duration> duration(Duration atLeast, Duration atMost) {
        String range = "from " + Durations.text(atLeast) + " to " + Durations.text(atMost);
        return type("DURATION", "a duration " + range, text -> {
            Duration duration = parsed(text);
            check(
                    duration.compareTo(atLeast) >= 0 && duration.compareTo(atMost) <= 0,
                    "must be " + range + ", but was " + text);
            return duration;
        });
    }

    private static Duration parsed(String text) {
        Matcher matcher = DURATION.matcher(text.equals("0") ? "0s" : text);
        check(matcher.matches(), "is not a duration: " + text);
        return Durations.of(Long.parseLong(matcher.group(1)), matcher.group(2));
    }

    static ValueType<Long> size(long atLeast, long atMost) {
        String range = "from " + Sizes.text(atLeast) + (atMost == Long.MAX_VALUE ? "" : " to " + Sizes.text(atMost));
        return type("SIZE", "a size " + range + " (512, 64KiB, 4MiB, 1GiB)", text -> {
            Matcher matcher = SIZE.matcher(text);
            check(matcher.matches(), "is not a size: " + text);
            long size = Sizes.of(Long.parseLong(matcher.group(1)), Optional.ofNullable(matcher.group(2)));
            check(size >= atLeast && size <= atMost, "must be " + range + ", but was " + text);
            return size;
        });
    }

    static ValueType<HostPort> hostPort() {
        return type(
                "HOST:PORT",
                "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one",
                HostPort::parse);
    }

    static ValueType<Path> path() {
        return type("PATH", "a path", text -> {
            check(!text.isBlank(), "must not be empty");
            try {
                return Path.of(text);
            } catch (InvalidPathException invalid) {
                throw new IllegalArgumentException("is not a path: " + text, invalid);
            }
        });
    }

    static ValueType<Optional<Path>> optionalPath() {
        return type("FILE", "a path", text -> text.isEmpty() ? Optional.empty() : Optional.of(path().read(text)));
    }

    static ValueType<Optional<HostPort>> optionalHostPort() {
        return type(
                "HOST:PORT",
                "HOST:PORT",
                text -> text.isEmpty() ? Optional.empty() : Optional.of(HostPort.parse(text)));
    }

    static ValueType<Optional<URI>> optionalUrl() {
        return type("URL", "an http or https URL", text -> text.isEmpty() ? Optional.empty() : Optional.of(url(text)));
    }

    static <E extends Enum<E>> ValueType<E> choice(Class<E> values) {
        String names = Arrays.stream(values.getEnumConstants())
                .map(ValueTypes::choiceName)
                .collect(Collectors.joining(", "));
        return type(
                names.replace(", ", "|"),
                names,
                text -> Arrays.stream(values.getEnumConstants())
                        .filter(value -> choiceName(value).equals(text))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("is not one of them: " + text)));
    }

    static String choiceName(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Upper case will do as well: it is what logging knows. */
    static ValueType<LogLevel> logLevel() {
        ValueType<LogLevel> choice = choice(LogLevel.class);
        return type(choice.placeholder(), choice.allowed(), text -> choice.read(text.toLowerCase(Locale.ROOT)));
    }

    /** A word for the stores that one gateway has to itself, a URL for those that several share. */
    static ValueType<StoreChoice> store() {
        return type(
                "rocksdb|memory|URL",
                "rocksdb, memory, a URL such as postgresql://user@host/database or redis://host:port",
                text -> switch (text.split(":", 2)[0]) {
                    case "rocksdb" -> new StoreChoice(StoreKind.ROCKSDB);
                    case "memory" -> new StoreChoice(StoreKind.MEMORY);
                    case "postgresql", "postgres" -> {
                        PostgresUrl.parse(text);
                        yield new StoreChoice(StoreKind.POSTGRESQL, text);
                    }
                    case "redis", "rediss", "redis-sentinel", "rediss-sentinel" -> {
                        RedisUrl.parse(text);
                        yield new StoreChoice(StoreKind.REDIS, text);
                    }
                    // Whatever else it is, it may hold a password.
                    default -> throw new IllegalArgumentException("is not one of them: " + text.split("[:/]", 2)[0]);
                });
    }

    /** Items separated by commas or line breaks. */
    static ValueType<List<String>> names(String allowed) {
        return list("NAME,…", allowed, "[,\n]");
    }

    /** Items separated by line breaks alone, since a header's value may hold commas. */
    static ValueType<List<String>> lines(String placeholder, String allowed) {
        return list(placeholder, allowed, "\n");
    }

    private static ValueType<List<String>> list(String placeholder, String allowed, String separator) {
        return new Simple<>(
                placeholder,
                allowed,
                text -> Arrays.stream(text.split(separator, -1))
                        .map(String::strip)
                        .filter(item -> !item.isEmpty())
                        .toList(),
                true);
    }

    private static URI url(String text) {
        try {
            URI url = URI.create(text);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            check(http && url.getHost() != null, "is not an http or https URL: " + text);
            check(url.getUserInfo() == null, "must not hold a user or password; give them as a header");
            check(url.getFragment() == null, "must not hold a fragment: " + text);
            return url;
        } catch (IllegalArgumentException invalid) {
            boolean ours = invalid.getCause() == null;
            throw ours ? invalid : new IllegalArgumentException("is not a URL: " + text, invalid);
        }
    }

    private static int parseInt(String text) {
        try {
            return Integer.parseInt(text.replace("_", ""));
        } catch (NumberFormatException invalid) {
            throw new IllegalArgumentException("is not a whole number: " + text, invalid);
        }
    }

    private static void check(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    private static <T> ValueType<T> type(String placeholder, String allowed, Function<String, T> reader) {
        return new Simple<>(placeholder, allowed, reader, false);
    }

    private record Simple<T>(String placeholder, String allowed, Function<String, T> reader, boolean list)
            implements ValueType<T> {
        @Override
        public T read(String text) {
            return reader.apply(text);
        }
    }
}
