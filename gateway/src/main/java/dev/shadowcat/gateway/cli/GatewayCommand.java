package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.GatewaySettings;

/** {@code shadowcat gateway}: runs until SIGTERM or Ctrl-C. */
final class GatewayCommand {
    private final Console console;
    private final RunningGateway.Starter starter;

    GatewayCommand(Console console, RunningGateway.Starter starter) {
        this.console = console;
        this.starter = starter;
    }

    void run(Configuration configuration) {
        GatewaySettings settings = configuration.gateway();
        if (settings.upstreams().isEmpty()) {
            throw new ConfigurationException(
                    "which MCP server? give --upstream URL, SHADOWCAT_UPSTREAM, or upstreams: in a file (--config)");
        }
        RunningGateway gateway = starter.start(settings);
        gateway.reloadFrom(configuration);
        gateway.announce(console);
        new Shutdown().await(() -> gateway.stop(console));
    }
}
