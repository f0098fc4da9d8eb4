package dev.shadowcat.gateway.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** Settings from a YAML file. Groups may be nested or dotted: {@code queue: {capacity: 1000}} is {@code queue.capacity: 1000}. */
final class YamlFile {
    private final Names names = new Names(name -> name);
    private final Map<String, Given> given = new HashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Path file;
    private final JsonParser parser;

    private YamlFile(Path file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    static Map<String, Given> read(Path file) {
        try {
            String text = Files.readString(file);
            parseToTheEnd(text);
            try (JsonParser parser = parser(text)) {
                return new YamlFile(file, parser).document();
            }
        } catch (JacksonException broken) {
            throw notYaml(file, broken);
        } catch (NoSuchFileException missing) {
            throw new ConfigurationException(file + ": there is no such file");
        } catch (CharacterCodingException notText) {
            throw new ConfigurationException(file + ": is not text in UTF-8");
        } catch (IOException unreadable) {
            throw new ConfigurationException(file + ": cannot be read: " + unreadable.getMessage());
        }
    }

    /** What is no YAML is told first: up to where it breaks, it may look like a wrong setting. */
    private static void parseToTheEnd(String text) {
        try (JsonParser parser = parser(text)) {
            JsonToken token;
            do {
                token = parser.nextToken();
            } while (token != null);
        }
    }

    private static JsonParser parser(String text) {
        return new YAMLFactory().createParser(ObjectReadContext.empty(), text);
    }

    /** The YAML engine knows more than Jackson hands on: what it was reading, what is wrong with it, and exactly where. */
    private static ConfigurationException notYaml(Path file, JacksonException broken) {
        if (broken.getCause() instanceof MarkedYamlEngineException engine) {
            Optional<Mark> mark = engine.getProblemMark().or(engine::getContextMark);
            if (mark.isPresent()) {
                return notYaml(file, mark.get().getLine() + 1, mark.get().getColumn() + 1, problem(engine, mark.get()));
            }
        }
        String message = String.valueOf(broken.getOriginalMessage());
        String firstLine = message.lines().findFirst().orElse(message);
        TokenStreamLocation where = broken.getLocation();
        return notYaml(file, where.getLineNr(), where.getColumnNr(), firstLine);
    }

    private static ConfigurationException notYaml(Path file, int line, int column, String problem) {
        String oneLine = problem.replaceAll("\\s+", " ").strip();
        return new ConfigurationException(file + ":" + line + ":" + column + ": is not YAML: " + oneLine);
    }

    private static String problem(MarkedYamlEngineException engine, Mark mark) {
        if (engine.getContext() == null) {
            return engine.getProblem();
        }
        String begin = engine.getContextMark()
                .filter(context -> context.getLine() != mark.getLine())
                .map(context -> " that begins in line " + (context.getLine() + 1))
                .orElse("");
        return engine.getContext() + begin + ": " + engine.getProblem();
    }

    private Map<String, Given> document() {
        JsonToken first = parser.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return given;
        }
        if (first != JsonToken.START_OBJECT) {
            throw wrong(line(), "must be a mapping of keys to values");
        }
        mapping("");
        if (parser.nextToken() != null) {
            throw wrong(line(), "only one YAML document is read");
        }
        return given;
    }

    /** Reads the members of a mapping whose start was read. */
    private void mapping(String prefix) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = prefix + parser.currentName();
            int line = line();
            JsonToken value = parser.nextToken();
            if (names.find(key)
                    .filter(found ->
                            value != JsonToken.START_OBJECT || found.type().list())
                    .isPresent()) {
                setting(names.find(key).orElseThrow(), key, line, value);
            } else if (value == JsonToken.START_OBJECT && group(key)) {
                mapping(key + ".");
            } else {
                throw unknown(key, line, value);
            }
        }
    }

    private void setting(Key<?> key, String written, int line, JsonToken value) {
        Integer before = lines.put(key.name(), line);
        if (before != null) {
            throw wrong(line, written + ": was given before, in line " + before);
        }
        given.put(key.name(), new Given(text(key, written, line, value), file + ":" + line + ": " + written));
    }

    private String text(Key<?> key, String written, int line, JsonToken value) {
        boolean list = key.type().list();
        if (value == JsonToken.VALUE_NULL) {
            throw wrong(line, written + ": has no value; allowed: " + key.type().allowed());
        }
        if (value.isScalarValue()) {
            return parser.getString();
        }
        if (list && value == JsonToken.START_ARRAY) {
            return items(written);
        }
        if (list && key.name().endsWith(".headers")) {
            return pairs(written);
        }
        throw single(key, written, line, value);
    }

    private String items(String key) {
        List<String> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(scalar(key, token));
        }
        return String.join("\n", items);
    }

    private String pairs(String key) {
        List<String> pairs = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            pairs.add(name + ": " + scalar(key + "." + name, parser.nextToken()));
        }
        return String.join("\n", pairs);
    }

    private String scalar(String key, JsonToken token) {
        if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
            throw wrong(line(), key + ": must be a single value, but is a " + kind(token));
        }
        String text = parser.getString();
        if (text.contains("\n")) {
            throw wrong(line(), key + ": must be on one line");
        }
        return text;
    }

    /** Whether keys may stand below it. */
    private static boolean group(String key) {
        String prefix = key + ".";
        boolean named = key.startsWith(UpstreamKeys.NAMED)
                && Names.UPSTREAM_NAME
                        .matcher(key.substring(UpstreamKeys.NAMED.length()))
                        .matches();
        return named
                || prefix.equals(UpstreamKeys.NAMED)
                || prefix.equals(UpstreamKeys.UNNAMED)
                || Keys.table().stream().anyMatch(known -> known.name().startsWith(prefix));
    }

    private ConfigurationException unknown(String key, int line, JsonToken value) {
        if (names.find(key).isPresent()) {
            return single(names.find(key).orElseThrow(), key, line, value);
        }
        boolean name = key.startsWith(UpstreamKeys.NAMED) && key.indexOf('.', UpstreamKeys.NAMED.length()) < 0;
        if (name && value == JsonToken.START_OBJECT) {
            return wrong(
                    line,
                    key + ": is not a name for an upstream; allowed: lower-case letters, digits and dashes, up to 32");
        }
        if (group(key)) {
            return wrong(line, key + ": must be a mapping, but is a " + kind(value));
        }
        return wrong(line, key + ": no such key" + Suggestions.key(key));
    }

    private ConfigurationException single(Key<?> key, String written, int line, JsonToken value) {
        String problem = ": must be a single value, but is a " + kind(value);
        return wrong(line, written + problem + "; allowed: " + key.type().allowed());
    }

    private static String kind(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "mapping";
            case START_ARRAY -> "list";
            default -> "single value";
        };
    }

    private int line() {
        return parser.currentTokenLocation().getLineNr();
    }

    private ConfigurationException wrong(int line, String problem) {
        return new ConfigurationException(file + ":" + line + ": " + problem);
    }
}
