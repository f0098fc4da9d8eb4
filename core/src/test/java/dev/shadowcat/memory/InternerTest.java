package dev.shadowcat.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What repeats is kept once, and a peer that never repeats itself fills nothing. */
@Tag("memory-usage")
class InternerTest {
    private static final int MOST = 4_096;

    private final Interner interner = new Interner();

    @Test
    void equalTextsAreOneText() {
        String first = interner.share(copy("tools/call"));
        assertThat(interner.share(copy("tools/call"))).isSameAs(first);
        assertThat(interner.shareAny(null)).isNull();
        assertThat(interner.hits()).isOne();
        assertThat(interner.misses()).isOne();
        assertThat(interner.size()).isOne();
    }

    @Test
    void equalListsAreOneListOfSharedTexts() {
        String logging = interner.share(copy("logging"));
        List<String> first = interner.share(new ArrayList<>(List.of(copy("logging"), copy("tools"))));
        assertThat(interner.share(List.of(copy("logging"), copy("tools")))).isSameAs(first);
        assertThat(first).containsExactly("logging", "tools");
        assertThat(first.getFirst()).isSameAs(logging);
        assertThat(first).isUnmodifiable();
        assertThat(interner.share(List.of(copy("tools"), copy("logging")))).isNotEqualTo(first);
    }

    @Test
    void aPeerThatNeverRepeatsItselfFillsNothing() {
        IntStream.range(0, 20 * MOST).forEach(each -> interner.share("method-" + each));
        assertThat(interner.size()).isBetween(MOST / 2, MOST);
        assertThat(interner.misses()).isEqualTo(20 * MOST);
        String shared = interner.share(copy("tools/list"));
        assertThat(interner.share(copy("tools/list")))
                .as("there is room for what repeats")
                .isSameAs(shared);
    }

    @Test
    void whatIsLongIsNotKept() {
        String text = "x".repeat(Interner.MAX_CHARS + 1);
        assertThat(interner.share(text)).isSameAs(text);
        List<String> list = interner.share(List.of(text));
        assertThat(interner.share(List.of(text))).isEqualTo(list).isNotSameAs(list);
        List<String> many = IntStream.rangeClosed(0, Interner.MAX_LIST)
                .mapToObj(Integer::toString)
                .toList();
        assertThat(interner.share(many)).isEqualTo(many);
        assertThat(interner.share(many)).isNotSameAs(interner.share(many));
    }

    @Test
    void manyThreadsGetWhatTheyAskedFor() throws InterruptedException {
        Set<String> wrong = ConcurrentHashMap.newKeySet();
        List<Thread> threads = IntStream.range(0, 4)
                .mapToObj(_ -> Thread.ofPlatform().start(() -> {
                    for (int each = 0; each < 20_000; each++) {
                        String text = "name-" + each % 6_000; // more than there is room for
                        String shared = interner.share(text);
                        if (!shared.equals(text)) {
                            wrong.add(text);
                        }
                    }
                }))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
        assertThat(interner.size()).isLessThanOrEqualTo(MOST);
        assertThat(interner.hits() + interner.misses()).isEqualTo(4 * 20_000);
    }

    private static String copy(String text) {
        return new String(text.toCharArray());
    }
}
