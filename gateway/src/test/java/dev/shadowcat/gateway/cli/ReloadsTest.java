package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running gateway takes over what its file says by now: all that it can, or nothing. */
@Tag("persistence-worker")
class ReloadsTest {
    @TempDir
    Path folder;

    private final List<GatewaySettings> taken = new ArrayList<>();
    private Reloads reloads;

    @BeforeEach
    void start() throws IOException {
        write("queue: {capacity: 500}\nlisten: 127.0.0.1:8081\n");
        Configuration started =
                Configuration.read(Map.of("--config", file().toString(), "--store-retry-cap", "3s"), Map.of());
        reloads = new Reloads(started, taken::add);
    }

    private Path file() {
        return folder.resolve("shadowcat.yaml");
    }

    private void write(String yaml) throws IOException {
        Files.writeString(file(), yaml);
    }

    @Test
    void whatChangedIsTakenOverAndSaid() throws IOException {
        write("queue: {capacity: 2000}\nlisten: 127.0.0.1:8081\non-store-failure: deliver\nstore-retry: {cap: 9s}\n");
        assertThat(reloads.reload()).isEqualTo("on-store-failure hold → deliver, queue.capacity 500 → 2000");
        assertThat(taken).hasSize(1);
        assertThat(taken.getFirst().queue().capacity()).isEqualTo(2000);
        assertThat(taken.getFirst().queue().retryCap())
                .as("a flag wins as before")
                .hasSeconds(3);
        assertThat(reloads.reload()).isEqualTo("nothing changed");
    }

    @Test
    void whatNeedsARestartIsNamedUntilThereIsOne() throws IOException {
        write("queue: {capacity: 500}\nlisten: 127.0.0.1:9999\n");
        assertThat(reloads.reload()).isEqualTo("nothing changed; only a restart takes over listen");
        assertThat(reloads.reload()).isEqualTo("nothing changed; only a restart takes over listen");
    }

    @Test
    void nothingIsTakenOverFromAFileThatIsWrong() throws IOException {
        write("hold-for: 1s\nqueue: {capacity: 10}\n");
        assertThatIllegalArgumentException()
                .isThrownBy(reloads::reload)
                .withMessageContaining("queue.capacity")
                .withMessageContaining("must be at least batch.max-events (50), but was 10");
        write("hold-for: soon\n");
        assertThatIllegalArgumentException().isThrownBy(reloads::reload).withMessageContaining("shadowcat.yaml:1");
        assertThat(taken).isEmpty();
    }
}
