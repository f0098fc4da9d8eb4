package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An error of the virtual machine ends the process with one line and a code of its own. */
@Tag("persistence-worker")
class HaltTest {
    private final List<Integer> codes = new ArrayList<>();

    @Test
    void oneLineThenTheEnd() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        new Halt(new PrintStream(err, true, StandardCharsets.UTF_8), codes::add)
                .failed("the persistence worker", new OutOfMemoryError("Java heap space"));
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("shadowcat: the persistence worker ended: java.lang.OutOfMemoryError: Java heap space;"
                        + " the gateway exits, what was stored is safe\n");
        assertThat(codes).containsExactly(70);
    }

    @Test
    void theEndComesEvenWhereTheLineCannotBeWritten() {
        PrintStream broken = new PrintStream(OutputStream.nullOutputStream()) {
            @Override
            public void println(String line) {
                throw new OutOfMemoryError("again");
            }
        };
        Halt halt = new Halt(broken, codes::add);
        assertThatThrownBy(() -> halt.failed("the sync thread", new LinkageError("x")))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(codes).containsExactly(70);
    }
}
