package dev.shadowcat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/invariants.md names classes and tests that exist. */
class InvariantsPageTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w+|[a-z-]+\\.test\\.mjs)`");

    @Test
    void everyNameOnThePageIsAFileOfTheProject() throws IOException {
        Set<String> named = NAME.matcher(Files.readString(ROOT.resolve("docs/invariants.md")))
                .results()
                .map(MatchResult::group)
                .map(quoted -> quoted.substring(1, quoted.length() - 1))
                .map(name -> name.endsWith(".mjs") ? name : name + ".java")
                .collect(Collectors.toSet());

        assertThat(named).hasSizeGreaterThan(30);
        assertThat(sources()).containsAll(named);
    }

    private static Set<String> sources() throws IOException {
        try (Stream<Path> files = Stream.of("core", "testkit", "stores", "gateway", "e2e/tests")
                .map(ROOT::resolve)
                .flatMap(InvariantsPageTest::walk)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    private static Stream<Path> walk(Path folder) {
        try {
            return Files.walk(folder).filter(file -> !file.toString().contains("/target/"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
