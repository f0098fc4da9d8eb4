package dev.shadowcat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
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
        Set<String> names = new HashSet<>();
        for (String folder : List.of("core", "testkit", "stores", "gateway", "stress", "e2e/tests")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                files.filter(file -> !file.toString().contains("/target/"))
                        .forEach(file -> names.add(file.getFileName().toString()));
            }
        }
        return names;
    }
}
