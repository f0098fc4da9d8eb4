package dev.shadowcat.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
    @TempDir
    Path folder;

    @Test
    void defaultsAreThoseOfTheDesign() {
        GatewaySettings settings = read(Map.of(), Map.of()).gateway();

        assertThat(settings.listen()).isEqualTo(new HostPort("127.0.0.1", 8080));
        assertThat(settings.admin()).isEqualTo(new HostPort("127.0.0.1", 9090));
        assertThat(settings.queue().capacity()).isEqualTo(1_000);
        assertThat(settings.queue().bytes()).isEqualTo(16 << 20);
        assertThat(settings.queue().batchInterval()).isEqualTo(Duration.ofMillis(100));
        assertThat(settings.store().durability()).isEqualTo(Durability.BATCHED);
        assertThat(settings.streams().standaloneLinger()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.limits().maxEventBytes()).isEqualTo(4 << 20);
        assertThat(settings.retention().sessionIdle()).isEqualTo(Duration.ofHours(24));
        assertThat(settings.upstreams()).isEmpty();
    }

    @Test
    void dataFolderFollowsTheDesktopConvention() {
        assertThat(read(Map.of(), Map.of("XDG_DATA_HOME", "/somewhere"))
                        .gateway()
                        .store()
                        .data())
                .isEqualTo(Path.of("/somewhere/shadowcat"));
        assertThat(read(Map.of(), Map.of()).gateway().store().data().toString()).endsWith("/.local/share/shadowcat");
    }

    @Test
    void flagsWinOverEnvironmentOverFile() throws IOException {
        Path file = file("queue:\n  capacity: 100\nheartbeat: 10s\nretry-hint: 1s\n");
        Map<String, String> environment = Map.of("SHADOWCAT_QUEUE_CAPACITY", "200", "SHADOWCAT_HEARTBEAT", "20s");

        GatewaySettings settings = read(Map.of("--config", file.toString(), "--queue-capacity", "300"), environment)
                .gateway();

        assertThat(settings.queue().capacity()).isEqualTo(300);
        assertThat(settings.streams().heartbeat()).isEqualTo(Duration.ofSeconds(20));
        assertThat(settings.streams().retryHint()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void everySettingIsReachableFromEverySource() throws IOException {
        for (Key<?> key : Keys.withUpstream()) {
            if (key.equals(Keys.CONFIG)) {
                continue;
            }
            String text = key.fallback().isEmpty() ? "!" : key.fallback();
            Path file = file("\"" + key.name() + "\": \"" + text + "\"\n");

            assertThat(read(Map.of(key.flag(), text), Map.of()).given(key))
                    .as(key.flag())
                    .isTrue();
            assertThat(read(Map.of(), Map.of(key.variable(), text)).given(key))
                    .as(key.variable())
                    .isTrue();
            assertThat(read(Map.of("--config", file.toString()), Map.of()).given(key))
                    .as(key.name())
                    .isTrue();
        }
    }

    @Test
    void severalUpstreamsByNameWithSecretsFromElsewhere() throws IOException {
        Path secret = Files.writeString(folder.resolve("token"), "s3cret\n");
        Path file = file("""
                upstream: http://127.0.0.1:3000/mcp
                max-event-bytes: 1MiB
                upstreams:
                  github:
                    url: https://example.com/mcp
                    headers:
                      Authorization: Bearer ${file:%s}
                      X-Team: ${env:TEAM}
                    max-concurrent-calls: 7
                  local-files: {url: "http://127.0.0.1:3001/mcp", max-event-bytes: 2MiB, affinity-cookies: [a, b]}
                """.formatted(secret));

        GatewaySettings settings = read(
                        Map.of("--config", file.toString()),
                        Map.of("TEAM", "blue", "SHADOWCAT_UPSTREAMS_LOCAL_FILES_MAX_RESPONSE_BYTES", "1MiB"))
                .gateway();

        assertThat(settings.upstreams()).containsOnlyKeys("", "github", "local-files");
        UpstreamSettings github = Objects.requireNonNull(settings.upstreams().get("github"));
        assertThat(github.url()).isEqualTo(URI.create("https://example.com/mcp"));
        assertThat(github.headers())
                .containsEntry("Authorization", "Bearer s3cret")
                .containsEntry("X-Team", "blue");
        assertThat(github.maxConcurrentCalls()).isEqualTo(7);
        assertThat(github.maxEventBytes()).isEqualTo(1 << 20);
        assertThat(github.toString()).doesNotContain("s3cret");
        UpstreamSettings files = Objects.requireNonNull(settings.upstreams().get("local-files"));
        assertThat(files.maxEventBytes()).isEqualTo(2 << 20);
        assertThat(files.maxResponseBytes()).isEqualTo(1 << 20);
        assertThat(files.affinityCookies()).containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--queue-capacity|10|--queue-capacity: must be at least batch.max-events (50), but was 10",
                "--queue-capacity|ten|--queue-capacity: is not a whole number: ten; allowed: a whole number from 1",
                "--heartbeat|15|--heartbeat: is not a duration: 15; allowed: a duration from 1ms (500ms, 15s, 10m, 24h, 7d)",
                "--lease|90s|--lease: must be from 1s to 1m, but was 90s; allowed: a duration from 1s to 1m",
                "--lease|500ms|--lease: must be from 1s to 1m, but was 500ms; allowed: a duration from 1s to 1m",
                "--queue-bytes|4MB|--queue-bytes: is not a size: 4MB; allowed: a size from 1KiB (512, 64KiB, 4MiB, 1GiB)",
                "--queue-bytes|9KiB|--queue-bytes: must be at least batch.max-bytes (1MiB), but was 9KiB",
                "--durability|fast|--durability: is not one of them: fast; allowed: batched, sync, none",
                "--store|rocks|--store: is not one of them: rocks; allowed: rocksdb, memory, a URL such as postgresql://user@host/database or redis://host:port",
                "--store|mysql://a:secret@db/x|--store: is not one of them: mysql; allowed: rocksdb, memory, a URL such as postgresql://user@host/database or redis://host:port",
                "--store|postgresql://a:secret@db:0/x|--store: has a port that is not from 1 to 65535; in a password / is written %2F, ? %3F and @ %40; allowed: rocksdb, memory, a URL such as postgresql://user@host/database or redis://host:port",
                "--store|redis://:secret@db:0|--store: has a port that is not from 1 to 65535; allowed: rocksdb, memory, a URL such as postgresql://user@host/database or redis://host:port",
                "--listen|8080|--listen: is not HOST:PORT: 8080; allowed: HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one",
                "--upstream|localhost:3000|--upstream: is not an http or https URL: localhost:3000; allowed: an http or https URL",
                "--upstream|http://[bad|--upstream: is not a URL: http://[bad; allowed: an http or https URL",
                "--admin|127.0.0.1:8080|--admin: must differ from listen, but both are 127.0.0.1:8080",
                "--allow-origin|example.com|--allow-origin: must be scheme://host[:port] without a path, but was example.com",
                "--upstreams-x-headers|Host: a|upstreams.x.url: is needed, but was not given",
            })
    void wrongFlagsAreRefusedInOneLine(String flag, String text, String message) {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(Map.of(flag, text), Map.of()).gateway())
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "queue:\\n  capcity: 5|:2: queue.capcity: no such key; did you mean queue.capacity?; allowed: capacity, bytes",
                "queue: 5|:1: queue: must be a mapping, but is a single value",
                "queue:\\n  capacity: [1]|:2: queue.capacity: must be a single value, but is a list; allowed: a whole number from 1",
                "heartbeat:\\n  every: 5s|:1: heartbeat: must be a single value, but is a mapping; allowed: a duration from 1ms (500ms, 15s, 10m, 24h, 7d)",
                "listen: 127.0.0.1:1\\nlisten: 127.0.0.1:2|:2: listen: was given before, in line 1",
                "heartbeat:|:1: heartbeat: has no value; allowed: a duration from 1ms (500ms, 15s, 10m, 24h, 7d)",
                "- a|:1: must be a mapping of keys to values",
                "upstreams:\\n  My_Server:\\n    url: http://a/|:2: upstreams.My_Server: is not a name for an upstream; allowed: lower-case letters, digits and dashes, up to 32",
                "upstreams:\\n  a:\\n    heders: {A: b}|:3: upstreams.a.heders: no such key; allowed: url, headers, connect-timeout, answer-timeout, max-concurrent-calls, max-event-bytes, max-response-bytes, credential-headers, affinity-cookies, ca-file",
                "queue:\\n  capacity: 10|:2: queue.capacity: must be at least batch.max-events (50), but was 10",
                "config: other.yaml|:1: config: a file cannot name another file",
            })
    void wrongFilesAreRefusedByLine(String yaml, String message) throws IOException {
        Path file = file(yaml.replace("\\n", "\n"));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() ->
                        read(Map.of("--config", file.toString()), Map.of()).gateway())
                .withMessage(file + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "queue: [~:1:9: is not YAML: while parsing a flow node: expected the node content, but found '<stream end>'",
                "listen: 127.0.0.1:1\\nqueue: {capacity: 1\\nx: y~:3:2: is not YAML: while parsing a flow mapping that begins in line 2: expected ',' or '}', but got :",
                "queue:\\n\\tcapacity: 1~:2:1: is not YAML: while scanning for the next token: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)",
                "data: \"a~:1:9: is not YAML: while scanning a quoted scalar: found unexpected end of stream",
                "listen: 127.0.0.1:1\\nlisten 2\\nstore: memory~:3:1: is not YAML: while scanning a simple key that begins in line 2: could not find expected ':'",
                "listen: 1\\n data: x~:2:6: is not YAML: mapping values are not allowed here",
            })
    void brokenYamlIsRefusedInOneLineThatSaysWhereAndWhy(String yaml, String message) throws IOException {
        Path file = file(yaml.replace("\\n", "\n").replace("\\t", "\t"));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(Map.of("--config", file.toString()), Map.of()))
                .withMessage(file + message);
    }

    @Test
    void aFileInAnotherEncodingIsRefused() throws IOException {
        Path file = file("");
        Files.write(file, new byte[] {'d', 'a', 't', 'a', ':', ' ', (byte) 0xe4});

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(Map.of("--config", file.toString()), Map.of()))
                .withMessage(file + ": is not text in UTF-8");
    }

    @Test
    void missingFileIsNamed() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(Map.of("--config", "/none.yaml"), Map.of()))
                .withMessage("/none.yaml: there is no such file");
    }

    @Test
    void unknownVariablesAreRefusedButNotThoseOfOthers() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(Map.of(), Map.of("SHADOWCAT_QUEUE_CAPCITY", "5")))
                .withMessageStartingWith(
                        "SHADOWCAT_QUEUE_CAPCITY: no such setting; did you mean SHADOWCAT_QUEUE_CAPACITY?");

        // What Kubernetes sets where a service is called shadowcat.
        read(
                Map.of(),
                Map.of(
                        "SHADOWCAT_SERVICE_HOST", "10.0.0.1",
                        "SHADOWCAT_SERVICE_PORT_MCP", "80",
                        "SHADOWCAT_PORT", "tcp://10.0.0.1:80",
                        "SHADOWCAT_PORT_80_TCP", "tcp://10.0.0.1:80",
                        "SHADOWCAT_JAVA_OPTS", "-Xmx1g"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Authorization: ${env:NONE}|${env:NONE}: the environment has no such variable",
                "Authorization: ${file:/none}|${file:/none}: the file cannot be read",
                "Authorization: ${vault:x}|${vault:x} is not known; allowed: ${env:NAME}, ${file:/path}",
                "no colon|must be NAME: VALUE, but one has no colon",
                "Bad Name: x|must be NAME: VALUE, but the name was Bad Name",
                "Host: x|must not set Host, which is the gateway's own",
            })
    void wrongHeadersAreRefused(String header, String problem) {
        Map<String, String> flags = Map.of("--upstream", "http://127.0.0.1:1/", "--upstream-headers", header);

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(flags, Map.of()).gateway())
                .withMessage("--upstream-headers: " + problem);
    }

    @Test
    void aHeaderCannotSmuggleAnotherOne() throws IOException {
        Path secret = Files.writeString(folder.resolve("token"), "a\r\nX-Evil: 1");
        Map<String, String> flags = Map.of(
                "--upstream", "http://127.0.0.1:1/", "--upstream-headers", "Authorization: ${file:" + secret + "}");

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(flags, Map.of()).gateway())
                .withMessage("--upstream-headers: the value of Authorization must hold no control characters");
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:1, true", "localhost:1, true", "[::1]:1, true", "0.0.0.0:1, false", "10.1.2.3:1, false"})
    void knowsWhatOthersCanReach(String address, boolean loopback) {
        assertThat(HostPort.parse(address).loopback()).isEqualTo(loopback);
        assertThat(HostPort.parse(address)).hasToString(address);
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("shadowcat.yaml"), yaml);
    }

    private static Configuration read(Map<String, String> flags, Map<String, String> environment) {
        return Configuration.read(new HashMap<>(flags), environment);
    }
}
