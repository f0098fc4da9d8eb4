package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.session.SessionLoop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DelayLineTest {
    private static final long MILLIS = 2_000;

    private final VirtualLoop loop = new VirtualLoop();
    private final DelayLine line = new DelayLine(loop, () -> TimeUnit.MILLISECONDS.toNanos(loop.now));
    private final List<String> ran = new ArrayList<>();

    @Test
    void eachRunsWhenItIsDueInOrder() {
        after("a");
        loop.advance(500);
        after("b");
        loop.advance(1_499);
        assertThat(ran).isEmpty();
        loop.advance(2);
        assertThat(ran).containsExactly("a");
        loop.advance(498);
        assertThat(ran).containsExactly("a");
        loop.advance(3);
        assertThat(ran).containsExactly("a", "b");
    }

    @Test
    void theCancelledDoNotRunAndTheOthersDo() {
        SessionLoop.Timer first = after("first");
        SessionLoop.Timer middle = after("middle");
        after("stays");
        SessionLoop.Timer last = after("last");
        first.cancel();
        middle.cancel();
        last.cancel();
        last.cancel();
        after("later");
        loop.advance(MILLIS + 1);
        assertThat(ran).containsExactly("stays", "later");
        last.cancel();
    }

    @Test
    void manyThatComeAndGoNeedOneTimer() {
        for (int i = 0; i < 1_000; i++) {
            after("never").cancel();
            loop.advance(1);
        }
        assertThat(loop.timers).hasSize(1);
        loop.advance(2 * MILLIS);
        assertThat(loop.timers).isEmpty();
        assertThat(ran).isEmpty();
        after("once more");
        loop.advance(MILLIS + 1);
        assertThat(ran).containsExactly("once more");
    }

    @Test
    void aTaskThatFailsHoldsUpNoOther() {
        line.after(MILLIS, () -> {
            throw new IllegalStateException("meant to");
        });
        after("next");
        assertThatThrownBy(() -> loop.advance(MILLIS)).hasMessage("meant to");
        loop.advance(2);
        assertThat(ran).containsExactly("next");
    }

    @Test
    void aTaskMayCancelTheNextAndAddAnother() {
        SessionLoop.Timer[] next = new SessionLoop.Timer[1];
        line.after(MILLIS, () -> {
            next[0].cancel();
            after("another");
        });
        next[0] = after("next");
        loop.advance(MILLIS + 1);
        assertThat(ran).isEmpty();
        loop.advance(MILLIS + 1);
        assertThat(ran).containsExactly("another");
    }

    private SessionLoop.Timer after(String name) {
        return line.after(MILLIS, () -> ran.add(name));
    }

    /** A loop whose time the test moves. */
    private static final class VirtualLoop implements SessionLoop {
        private record Due(long at, Runnable task) {}

        private final PriorityQueue<Due> timers = new PriorityQueue<>(Comparator.comparingLong(Due::at));
        private long now = 1_000;

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Timer after(long millis, Runnable task) {
            Due due = new Due(now + millis, task);
            timers.add(due);
            return () -> timers.remove(due);
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        private void advance(long millis) {
            long until = now + millis;
            for (Due next = timers.peek(); next != null && next.at <= until; next = timers.peek()) {
                timers.remove(next);
                now = next.at;
                next.task.run();
            }
            now = until;
        }
    }
}
