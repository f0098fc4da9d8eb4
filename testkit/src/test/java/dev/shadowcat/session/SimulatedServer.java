package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An MCP server as one client's session sees it: it may forget its session, gives another one, and asks the client things. */
final class SimulatedServer {
    private final Map<String, String> asked = new HashMap<>(); // by its own ids, which begin anew in each session
    private @Nullable String session;
    private int minted;
    private int questions;

    SimulatedServer() {
        initialize();
    }

    /** A new session for whoever has none that the server knows. */
    String initialize() {
        asked.clear();
        questions = 0;
        session = "up" + ++minted;
        return session;
    }

    /** It starts anew and has forgotten everything. */
    void restart() {
        session = null;
    }

    boolean knows(@Nullable String claimed) {
        return session != null && session.equals(claimed);
    }

    /** The id of its next question. */
    String ask(String text) {
        String id = String.valueOf(questions++);
        asked.put(id, text);
        return id;
    }

    /**
     * An answer came on a session.
     *
     * @param sure whether no power cut may have taken a generation back, whose number the next one then has again
     */
    void answered(@Nullable String claimed, String id, String question, boolean sure) {
        if (sure && knows(claimed)) {
            assertThat(question)
                    .as("rule 11: the question that answer %s belongs to", id)
                    .isEqualTo(asked.get(id));
        }
    }
}
