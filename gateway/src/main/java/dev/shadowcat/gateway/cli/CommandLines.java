package dev.shadowcat.gateway.cli;

import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The commands, their flags and their help. Built without annotations: reflection would cost a part of each start. */
final class CommandLines {
    private static final String SETTINGS =
            "%nEvery setting of docs/configuration.md is a flag, a variable and a key in the file:%n"
                    + "--queue-capacity 2000, SHADOWCAT_QUEUE_CAPACITY=2000, or queue.capacity: 2000.%n"
                    + "Flags win over the environment, that over the file (--config).";

    private static final String FLAGS_OF_THE_GATEWAY =
            "%nCan be run with the flags of the gateway as well, and its variables: docs/configuration.md has all of them.";

    private static final Set<String> OF_SESSIONS = Set.of("config", "admin", "store", "data");

    /** What the help of a command shows that runs no gateway: of most settings it makes nothing. */
    private static final Map<String, Set<String>> SHOWN = Map.of(
            "sessions",
            OF_SESSIONS,
            "events",
            OF_SESSIONS,
            "dead-letters",
            Set.of("config", "data"),
            "reload",
            Set.of("config", "admin", "data"));

    private CommandLines() {}

    static CommandLine build(List<String> arguments) {
        CommandSpec root =
                command("shadowcat", "Keeps MCP sessions and their events, whatever happens to either side.");
        root.versionProvider(() -> new String[] {"shadowcat " + version()});
        root.addOption(OptionSpec.builder("--version")
                .versionHelp(true)
                .description("Prints the version.")
                .build());
        root.usageMessage()
                .footer(
                        "%nBegin with: shadowcat demo%nThen:       shadowcat gateway --upstream http://127.0.0.1:3000/mcp");
        root.addSubcommand(
                "demo", settings(arguments, "demo", "Runs a gateway with a small MCP server, to try things with."));
        CommandSpec gateway = settings(arguments, "gateway", "Runs the gateway before an MCP server.");
        gateway.aliases("reverse");
        root.addSubcommand("gateway", gateway);
        root.addSubcommand(
                "doctor",
                settings(
                        arguments, "doctor", "Checks the JDK, the store, the ports and that the upstream speaks MCP."));
        root.addSubcommand(
                "sessions",
                settings(arguments, "sessions", "Lists sessions as JSON lines, from a running gateway or its files."));
        root.addSubcommand("events", events(arguments));
        root.addSubcommand("dead-letters", deadLetters(arguments));
        root.addSubcommand(
                "reload",
                settings(arguments, "reload", "Tells the running gateway to take over what its file says by now."));
        return new CommandLine(root).setUsageHelpWidth(110).setAbbreviatedOptionsAllowed(false);
    }

    static String version() {
        String version = CommandLines.class.getPackage().getImplementationVersion();
        return version == null ? "(unpackaged)" : version;
    }

    private static CommandSpec events(List<String> arguments) {
        CommandSpec events = settings(arguments, "events", "Prints a session's events as JSON lines.");
        events.addPositional(PositionalParamSpec.builder()
                .paramLabel("SESSION")
                .index("0")
                .arity("1")
                .required(true)
                .type(String.class)
                .description("The session's id, as `shadowcat sessions` prints it.")
                .build());
        events.addOption(OptionSpec.builder("--stream")
                .paramLabel("S")
                .type(Integer.class)
                .description(
                        "Only this stream, as `shadowcat sessions` numbers it (an event's id has it in base 36); 0 is the standalone one.")
                .build());
        events.addOption(OptionSpec.builder("--follow")
                .type(boolean.class)
                .description("Goes on with new events until interrupted.")
                .build());
        return events;
    }

    private static CommandSpec deadLetters(List<String> arguments) {
        CommandSpec letters =
                settings(arguments, "dead-letters", "Lists what the store refused for good, as JSON lines.");
        letters.addOption(OptionSpec.builder("--payload")
                .type(boolean.class)
                .description("Shows the messages too; they are the users' data.")
                .build());
        letters.addOption(OptionSpec.builder("--resubmit")
                .type(boolean.class)
                .description(
                        "Stores events again whose number is still free, and keeps the rest: a stream that has gone on has"
                                + " passed it, and records were written anew since. Needs the gateway stopped.")
                .build());
        return letters;
    }

    private static CommandSpec settings(List<String> arguments, String name, String description) {
        CommandSpec command = command(name, description);
        if (named(arguments, name)) {
            Flags.addTo(command, arguments, SHOWN.getOrDefault(name, Flags.PROMINENT));
        }
        command.usageMessage().footer(SHOWN.containsKey(name) ? FLAGS_OF_THE_GATEWAY : SETTINGS);
        return command;
    }

    /** Whether the command may be meant: the flags of the others would only cost a part of each start. */
    private static boolean named(List<String> arguments, String name) {
        return arguments.contains(name) || (name.equals("gateway") && arguments.contains("reverse"));
    }

    private static CommandSpec command(String name, String description) {
        CommandSpec command = CommandSpec.create().name(name);
        command.usageMessage().description(description).sortOptions(false);
        command.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Prints this help.")
                .build());
        return command;
    }
}
