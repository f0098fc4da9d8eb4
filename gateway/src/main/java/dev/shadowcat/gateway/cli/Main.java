package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.store.StoreException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: 0 when all went well, 1 when the surroundings do not allow it, 2 when the user has to change something. */
public final class Main {
    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int WRONG = 2;

    static final RunningGateway.Starter STARTER = settings -> GatewayWiring.start(settings, System.getenv());

    private final Map<String, String> environment;
    private final Console console;
    private final RunningGateway.Starter starter;

    Main(Map<String, String> environment, Console console, RunningGateway.Starter starter) {
        this.environment = environment;
        this.console = console;
        this.starter = starter;
    }

    public static void main(String[] arguments) {
        System.exit(new Main(System.getenv(), new Console(System.out, System.err), STARTER).run(arguments));
    }

    int run(String... arguments) {
        CommandLine line = CommandLines.build(Arrays.asList(arguments));
        try {
            ParseResult parsed = line.parseArgs(arguments);
            if (CommandLine.printHelpIfRequested(parsed)) {
                return OK;
            }
            if (!parsed.hasSubcommand()) {
                line.usage(console.err());
                return WRONG;
            }
            return command(parsed.subcommand(), arguments);
        } catch (UnmatchedArgumentException unknown) {
            console.warn(unknown(unknown));
            return WRONG;
        } catch (ParameterException | ConfigurationException wrong) {
            console.warn(oneLine(wrong));
            return WRONG;
        } catch (Failure | StoreException failed) {
            console.warn(oneLine(failed));
            return FAILED;
        }
    }

    private int command(ParseResult parsed, String... arguments) {
        Configuration configuration = Configuration.read(Flags.given(parsed), environment);
        switch (parsed.commandSpec().name()) {
            case "demo" -> new DemoCommand(console, starter).run(configuration);
            case "gateway" -> {
                if (List.of(arguments).contains("reverse")) {
                    console.warn("`reverse` is another name for `gateway`");
                }
                new GatewayCommand(console, starter).run(configuration);
            }
            case "doctor" -> {
                return new Doctor(console).run(configuration) ? OK : FAILED;
            }
            case "sessions" -> new SessionsCommand(console).sessions(configuration);
            case "events" ->
                new SessionsCommand(console)
                        .events(
                                configuration,
                                parsed.matchedPositionalValue(0, ""),
                                parsed.matchedOptionValue("--stream", null),
                                parsed.hasMatchedOption("--follow"));
            case "reload" -> new ReloadCommand(console).run(configuration);
            case "dead-letters" -> deadLetters(parsed, configuration);
            default -> throw new IllegalStateException(parsed.commandSpec().name());
        }
        return OK;
    }

    private void deadLetters(ParseResult parsed, Configuration configuration) {
        DeadLettersCommand command = new DeadLettersCommand(console);
        boolean payload = parsed.hasMatchedOption("--payload");
        if (parsed.hasMatchedOption("--resubmit")) {
            if (payload) {
                throw new ConfigurationException("--payload: shows what is listed; --resubmit lists nothing");
            }
            command.resubmit(configuration);
        } else {
            command.list(configuration, payload);
        }
    }

    private static String unknown(UnmatchedArgumentException unknown) {
        String written = unknown.getUnmatched().getFirst();
        CommandLine command = unknown.getCommandLine();
        if (command.getParent() == null && written.startsWith("-")) {
            return written + ": flags follow a command, such as: shadowcat gateway --upstream URL";
        }
        if (command.getParent() == null) {
            return written + ": no such command; allowed: "
                    + String.join(", ", command.getSubcommands().keySet());
        }
        if (!unknown.isUnknownOption()) {
            return written + ": belongs to no flag; see shadowcat " + command.getCommandName() + " --help";
        }
        return written + ": no such flag"
                + unknown.getSuggestions().stream()
                        .findFirst()
                        .map(near -> "; did you mean " + near + "?")
                        .orElse("")
                + "; allowed: those in docs/configuration.md";
    }

    private static String oneLine(RuntimeException failed) {
        String message = String.valueOf(failed.getMessage());
        return message.lines().findFirst().orElse(message);
    }
}
