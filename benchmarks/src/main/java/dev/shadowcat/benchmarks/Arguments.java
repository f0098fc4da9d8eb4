package dev.shadowcat.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Command-line options {@code --name value}; what comes after {@code --} is a command. An unknown option is refused. */
final class Arguments {
    private final Map<String, List<String>> values = new LinkedHashMap<>();
    private final List<String> command = new ArrayList<>();

    Arguments(List<String> arguments) {
        for (int index = 0; index < arguments.size(); index += 2) {
            String name = arguments.get(index);
            if (name.equals("--")) {
                command.addAll(arguments.subList(index + 1, arguments.size()));
                return;
            }
            if (!name.startsWith("--") || index + 1 == arguments.size()) {
                throw new IllegalArgumentException("expected --name value, but found " + name);
            }
            values.computeIfAbsent(name.substring(2), _ -> new ArrayList<>()).add(arguments.get(index + 1));
        }
    }

    String text(String name, String otherwise) {
        List<String> given = values.remove(name);
        return given == null ? otherwise : given.getLast();
    }

    String text(String name) {
        List<String> given = values.remove(name);
        if (given == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return given.getLast();
    }

    int number(String name, int otherwise) {
        return Integer.parseInt(text(name, Integer.toString(otherwise)));
    }

    List<Target> targets() {
        return targets("target");
    }

    List<Target> targets(String name) {
        List<String> given = values.remove(name);
        if (given == null) {
            throw new IllegalArgumentException("--" + name + " NAME=URL[,PID]... is missing");
        }
        return given.stream().map(Target::parse).toList();
    }

    /** Process ids, given as one option each. */
    List<Long> processes(String name) {
        List<String> given = values.remove(name);
        return given == null ? List.of() : given.stream().map(Long::valueOf).toList();
    }

    List<String> command() {
        return command;
    }

    /** To be called after the last option was asked for. */
    void refuseOthers() {
        if (!values.isEmpty()) {
            throw new IllegalArgumentException("unknown options: " + values.keySet());
        }
    }
}
