package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.config.Configuration;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/metrics.md tells of each metric that a gateway serves, and of no other. */
class MetricsPageTest {
    private static final Path DOCS = Path.of("..", "docs");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]+) \\| ([^|]+) \\|$");
    private static final Pattern SERVED = Pattern.compile("(?m)^# HELP (\\w+) (.+)\\R# TYPE \\1 (\\w+)$");
    private static final Pattern NAMED = Pattern.compile(
            "`((?:persistence|activity|gateway|jvm|memory|sessions?|sse|string|threads|upstream)_\\w+)[`{]");

    @TempDir
    static Path data;

    /** What the page and the gateway both say of a metric. */
    private record Metric(String type, String meaning) {}

    private static String served = "";

    @BeforeAll
    static void scrape() {
        Map<String, String> flags = Map.of(
                "--upstream", "http://127.0.0.1:1/mcp",
                "--listen", "127.0.0.1:0",
                "--admin", "127.0.0.1:0",
                "--data", data.toString());
        RunningGateway gateway =
                GatewayWiring.start(Configuration.read(flags, Map.of()).gateway(), Map.of());
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest metrics = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + gateway.adminPort() + "/metrics"))
                    .build();
            await().untilAsserted(() -> {
                System.gc(); // the runtime's instruments come last, and one of them counts collections
                served = client.send(metrics, BodyHandlers.ofString()).body();
                assertThat(served).contains("jvm_gc_duration_seconds_count");
            });
        } finally {
            gateway.stop();
        }
    }

    private static Map<String, Metric> served() {
        return SERVED.matcher(served)
                .results()
                .collect(Collectors.toMap(
                        found -> found.group(1),
                        found -> new Metric(found.group(3), found.group(2)),
                        (one, _) -> one,
                        TreeMap::new));
    }

    private static List<MatchResult> rows() throws IOException {
        return ROW.matcher(Files.readString(DOCS.resolve("metrics.md")))
                .results()
                .toList();
    }

    @Test
    void thePageHasWhatIsServedAndNothingElse() throws IOException {
        Map<String, Metric> told = rows().stream()
                .collect(Collectors.toMap(
                        row -> row.group(1),
                        row -> new Metric(row.group(2), row.group(4)),
                        (one, _) -> one,
                        TreeMap::new));

        assertThat(rows()).as("each metric once").hasSize(told.size());
        assertThat(told).containsExactlyEntriesOf(served());
    }

    @Test
    void countersEndInTotalAndNamesHaveTheUnitThatThePageSays() throws IOException {
        for (MatchResult row : rows()) {
            String name = row.group(1);
            assertThat(name.endsWith("_total")).as(name).isEqualTo(row.group(2).equals("counter"));
            String unit = row.group(3);
            if (Set.of("seconds", "bytes", "ratio").contains(unit)) {
                assertThat(name).contains(unit);
            } else {
                assertThat(name).doesNotContainPattern("seconds|bytes|ratio");
            }
        }
    }

    @Test
    void everySampleBelongsToAnAnnouncedMetric() {
        Set<String> announced = served().keySet();
        Matcher lines = Pattern.compile("(?m)^(?!#)(\\w+)").matcher(served);
        assertThat(lines.results().map(line -> line.group(1).replaceFirst("_(bucket|sum|count)$", "")))
                .isNotEmpty()
                .allSatisfy(name ->
                        assertThat(announced).anyMatch(known -> known.equals(name) || known.equals(name + "_count")));
    }

    @Test
    void noPageNamesAMetricThatIsNotServed() throws IOException {
        try (Stream<Path> pages = Files.list(DOCS)) {
            for (Path page : pages.toList()) {
                assertThat(NAMED.matcher(Files.readString(page)).results().map(found -> found.group(1)))
                        .as(page.toString())
                        .allSatisfy(name -> assertThat(served().keySet()).contains(name));
            }
        }
    }
}
