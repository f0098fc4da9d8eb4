package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store refuses for good is kept in a file, whole, and within its bound. */
@Tag("persistence-worker")
class DeadLetterFileTest {
    private static final SessionId ID = new SessionId(1, 1);

    @TempDir
    Path directory;

    @Test
    void anEventIsKeptWithAllThatIsNeededToPutItBack() throws IOException {
        Path file = directory.resolve("dead-letters.jsonl");
        DeadLetterFile letters = new DeadLetterFile(file, 1 << 20);
        letters.keep(Writes.event(ID, 3, 17, "hé"), "it said \"no\\never\"\nand went");
        letters.keep(Writes.session(ID), "no");
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst())
                .contains(
                        "\"kind\":\"AppendEvent\"",
                        "\"session\":\"" + ID + "\"",
                        "\"stream\":3",
                        "\"sequence\":17",
                        "\"storedAt\":" + (Writes.CREATED_AT + 17),
                        "\"generation\":1",
                        "\"answer\":false",
                        "\"upstreamId\":\"aMOp\"",
                        Base64.getEncoder().encodeToString(Writes.message(ID, 3, 17)))
                .endsWith("\"reason\":\"it said  no never  and went\"}");
        assertThat(lines.getLast()).contains("\"kind\":\"PutSession\"").doesNotContain("message");
    }

    @Test
    void anEventOfAnUpstreamWithoutIdsHasNone() throws IOException {
        Path file = directory.resolve("dead-letters.jsonl");
        new DeadLetterFile(file, 1 << 20).keep(Writes.event(ID, 3, 17), "no");
        assertThat(file).content().doesNotContain("upstreamId");
    }

    @Test
    void aFileThatHasReachedItsBoundGrowsNoFurther() throws IOException {
        Path file = directory.resolve("dead-letters.jsonl");
        Files.writeString(file, "x".repeat(100) + "\n");
        new DeadLetterFile(file, 101).keep(Writes.event(ID, 0, 1), "no");
        assertThat(file).hasSize(101);
        new DeadLetterFile(file, 102).keep(Writes.event(ID, 0, 1), "no");
        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void nothingStandsBeforeTheFirstLetter() throws IOException {
        Path file = Files.createFile(directory.resolve("dead-letters.jsonl"));
        new DeadLetterFile(file, 1 << 20).keep(Writes.session(ID), "no");
        assertThat(file).content().startsWith("{");
    }

    @Test
    void aLineThatWasCutOffTakesNotTheNextOneWithIt() throws IOException {
        Path file = directory.resolve("dead-letters.jsonl");
        Files.writeString(file, "{\"time\":\"20");
        new DeadLetterFile(file, 1 << 20).keep(Writes.session(ID), "no");
        assertThat(Files.readAllLines(file))
                .hasSize(2)
                .last()
                .asString()
                .startsWith("{\"time\":")
                .endsWith("}");
    }

    @Test
    void aFileThatCannotBeWrittenStopsNobody() {
        DeadLetterFile letters = new DeadLetterFile(directory.resolve("no/such/directory"), 1_000);
        letters.keep(Writes.event(ID, 0, 1), "no");
        assertThat(directory).isEmptyDirectory();
    }
}
