package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor looks, and changes nothing. */
class DoctorTest {
    @TempDir
    Path folder;

    @Test
    void aStoreThatIsNotThereYetIsNotMade() throws Exception {
        Path data = folder.resolve("deep").resolve("data");
        assertThat(findings(data)).contains("ok    store: " + data + " holds none yet");
        assertThat(folder.resolve("deep")).doesNotExist();
    }

    @Test
    void aStoreThatAPowerCutLeftOpenKeepsItsMarkAndItsEpoch() throws Exception {
        RocksDbStores.open(folder, RocksDbSettings.of(RocksDbSettings.Durability.BATCHED))
                .close();
        Path mark = Files.writeString(folder.resolve("rocksdb").resolve("OPENED-BY"), "1\nanother boot\n");
        Map<String, Long> before = files();
        assertThat(findings(folder)).contains("ok    store: " + folder + " opens and can be written, epoch 0");
        assertThat(files()).isEqualTo(before);
        assertThat(mark).hasContent("1\nanother boot\n");
    }

    private Map<String, Long> files() throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                sizes.put(folder.relativize(file).toString(), Files.size(file));
            }
        }
        return sizes;
    }

    private static String findings(Path data) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        new Doctor(new Console(out, out))
                .run(Configuration.read(
                        Map.of("--data", data.toString(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"),
                        Map.of()));
        return said.toString(StandardCharsets.UTF_8);
    }
}
