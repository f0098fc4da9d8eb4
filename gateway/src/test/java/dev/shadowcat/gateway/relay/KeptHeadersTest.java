package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeptHeadersTest {
    private final KeptHeaders.Keeper keeper = new KeptHeaders.Keeper();

    @Test
    void headersComeBackAsTheyWere() {
        HttpHeaders headers = Answers.headers()
                .add("Authorization", "Bearer a:b=c")
                .add("x-twice", "one")
                .add("x-twice", "two")
                .add("x-empty", "");
        HttpHeaders back = keeper.keep(headers).toHeaders();
        assertThat(lines(back)).containsExactly("Authorization=Bearer a:b=c", "x-twice=one", "x-twice=two", "x-empty=");
        assertThat(keeper.keep(Answers.headers()).toHeaders()).isEmpty();
    }

    @Test
    void whatComesBackIsTheCallersOwn() {
        KeptHeaders kept = keeper.keep(Answers.headers().add("accept", "a"));
        kept.toHeaders().set("accept", "b");
        assertThat(kept.toHeaders().get("accept")).isEqualTo("a");
    }

    @Test
    void aValueBeginsNoOtherHeader() {
        HttpHeaders back = keeper.keep(Answers.headers().add("x-note", "one\nauthorization: Bearer other"))
                .toHeaders();
        assertThat(lines(back)).containsExactly("x-note=one authorization: Bearer other");
    }

    @Test
    void equalHeadersAreKeptOnce() {
        KeptHeaders first = keeper.keep(Answers.headers().add("user-agent", "agent/1"));
        assertThat(keeper.keep(Answers.headers().add("user-agent", "agent/1"))).isSameAs(first);
        assertThat(keeper.keep(Answers.headers().add("user-agent", "agent/2"))).isNotSameAs(first);
    }

    @Test
    void headersOfOneSlotDoNotMix() {
        // "Aa" and "BB" have the same hash, and so has all that begins alike and ends with them.
        KeptHeaders first = keeper.keep(Answers.headers().add("authorization", "Aa"));
        KeptHeaders second = keeper.keep(Answers.headers().add("authorization", "BB"));
        assertThat(first.toHeaders().get("authorization")).isEqualTo("Aa");
        assertThat(second.toHeaders().get("authorization")).isEqualTo("BB");
    }

    private static List<String> lines(HttpHeaders headers) {
        return headers.entries().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .toList();
    }
}
