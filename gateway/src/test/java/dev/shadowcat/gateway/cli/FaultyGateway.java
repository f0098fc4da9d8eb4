package dev.shadowcat.gateway.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.shadowcat.gateway.config.GatewaySettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * The whole gateway with its real store, in a process of its own, and a port where the store is told which fault to have:
 * {@code GET /FAULT}, such as {@code /random:30} or {@code /none}; {@code GET /} says what happened so far. The
 * fault to begin with is in FAULT, the seed in FAULT_SEED. For the end-to-end tests, which kill it.
 */
final class FaultyGateway {
    private FaultyGateway() {}

    public static void main(String[] arguments) {
        System.exit(
                new Main(System.getenv(), new Console(System.out, System.err), FaultyGateway::start).run(arguments));
    }

    private static RunningGateway start(GatewaySettings settings) {
        Fault first = Fault.parse(System.getenv().getOrDefault("FAULT", "none"));
        long seed = Long.parseLong(System.getenv().getOrDefault("FAULT_SEED", "1"));
        return GatewayWiring.start(settings, System.getenv(), opened -> {
            FaultyStore store = new FaultyStore(opened, first, seed);
            System.out.println("fault control on http://127.0.0.1:" + control(store));
            return store;
        });
    }

    private static int control(FaultyStore store) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> answer(exchange, store));
            server.start();
            return server.getAddress().getPort();
        } catch (IOException failed) {
            throw new Failure("no port for the faults: " + failed);
        }
    }

    private static void answer(HttpExchange exchange, FaultyStore store) throws IOException {
        String path = exchange.getRequestURI().getPath();
        if (path.length() > 1) {
            store.have(Fault.parse(path.substring(1)));
        }
        byte[] report = store.report().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, report.length);
        exchange.getResponseBody().write(report);
        exchange.close();
    }
}
