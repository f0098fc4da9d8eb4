package dev.shadowcat.gateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills {@code ${env:NAME}} and {@code ${file:/path}} in, so that secrets need not stand in a configuration. */
final class Placeholders {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)}");

    private final Map<String, String> environment;

    Placeholders(Map<String, String> environment) {
        this.environment = environment;
    }

    /** @throws IllegalArgumentException naming the placeholder that cannot be filled in, never a value */
    String fill(String text) {
        Matcher matcher = PLACEHOLDER.matcher(text);
        return matcher.replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
    }

    private String value(String placeholder) {
        int colon = placeholder.indexOf(':');
        String name = placeholder.substring(colon + 1);
        return switch (placeholder.substring(0, Math.max(0, colon))) {
            case "env" -> variable(name);
            case "file" -> file(name);
            default ->
                throw new IllegalArgumentException(
                        "${" + placeholder + "} is not known; allowed: ${env:NAME}, ${file:/path}");
        };
    }

    private String variable(String name) {
        String value = environment.get(name);
        if (value == null) {
            throw new IllegalArgumentException("${env:" + name + "}: the environment has no such variable");
        }
        return value;
    }

    private static String file(String name) {
        try {
            return Files.readString(Path.of(name)).strip();
        } catch (IOException unreadable) {
            throw new IllegalArgumentException("${file:" + name + "}: the file cannot be read", unreadable);
        }
    }
}
