package dev.shadowcat.gateway.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.SharedMemory;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(20)
class LeaseTest {
    private static final SessionId ID = new SessionId(1, 2);

    private static final Lease.Sessions NO_SESSIONS = new Lease.Sessions() {
        @Override
        public Collection<SessionId> claimed() {
            return List.of();
        }

        @Override
        public void lost(SessionId session) {
            throw new AssertionError("there is none");
        }
    };

    private final SharedMemory shared = new SharedMemory(Duration.ofMillis(800), System::nanoTime);
    private final SharedMemory.Node own = shared.node();
    private final SharedMemory.Node other = shared.node();
    private final Set<SessionId> lost = ConcurrentHashMap.newKeySet();
    private final AtomicInteger interruptions = new AtomicInteger(); // that are over
    private final Lease lease = new Lease(own, new Lease.Sessions() {
        @Override
        public Collection<SessionId> claimed() {
            return List.of(ID);
        }

        @Override
        public void lost(SessionId session) {
            lost.add(session);
        }

        @Override
        public void goOn() {
            interruptions.incrementAndGet();
        }
    });

    @Test
    void runsAsLongAsItIsRenewed() {
        own.append(List.of(Writes.session(ID)));
        assertThat(lease.runs()).isFalse();
        lease.start();
        assertThat(lease.runs()).isTrue();
        long longAfter = System.nanoTime() + Duration.ofMillis(1_200).toNanos(); // longer than its length
        await().until(() -> {
            assertThat(lease.runs()).isTrue();
            return System.nanoTime() - longAfter > 0;
        });
        assertThat(other.claim(ID)).isInstanceOf(Claim.Elsewhere.class);
        assertThat(lost).isEmpty();
        lease.close(Duration.ofSeconds(5));
    }

    @Test
    void whatOthersTookWhileItDidNotRunIsLostBeforeItRunsAgain() {
        Logger log = (Logger) LoggerFactory.getLogger(Lease.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        own.append(List.of(Writes.session(ID)));
        lease.start();
        own.cut(true);
        await().until(() -> !lease.runs());
        await().until(this::otherTakes);
        assertThat(lost).isEmpty();
        own.cut(false);
        await().until(lease::runs);
        assertThat(lost).containsExactly(ID);
        await().until(() -> interruptions.get() == 1);
        assertThat(lease.hindrance()).contains("others renew theirs first");
        assertThat(lease.takes()).isFalse();
        await().until(lease::takes);
        log.detachAppender(lines);
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .anyMatch(line -> line.contains("for longer than 800 ms it stood still")
                        && line.contains("It lets go of 1 sessions"));
        lease.close(Duration.ofSeconds(5));
    }

    @Test
    void takesNothingOnceAnotherStoreIsSeenUntilHoldersCouldTakeTheirsAnew() {
        AtomicLong clock = new AtomicLong();
        Lease still = new Lease(own, NO_SESSIONS, clock::get);
        still.start();
        assertThat(still.takes()).isTrue();
        shared.failOver();
        assertThat(still.takes()).as("by whomever it was seen").isFalse();
        await().ignoreExceptionsInstanceOf(StoreException.class)
                .until(() -> own.claim(ID) instanceof Claim.Absent); // it was renewed there
        assertThat(still.takes()).isFalse();
        await().until(() -> {
            clock.addAndGet(own.lease().toNanos() / 20);
            return still.takes();
        });
        assertThat(clock.get())
                .as("they may look for it elsewhere for as long")
                .isGreaterThanOrEqualTo(own.lease().plus(own.switchOver()).toNanos());
        still.close(Duration.ofSeconds(5));
    }

    @Test
    void whatOthersTookIsLostThoughTheAnswerThatSaidSoNeverCame() {
        own.append(List.of(Writes.session(ID)));
        lease.start();
        own.cut(true);
        await().until(this::otherTakes);
        own.loseNextRenewal();
        own.cut(false);
        await().until(lease::runs);
        assertThat(lost).containsExactly(ID);
        lease.close(Duration.ofSeconds(5));
    }

    @Test
    void takesNothingForAWhileAfterARenewalThatCameLate() {
        AtomicLong clock = new AtomicLong();
        long length = own.lease().toNanos();
        Lease late = new Lease(own, NO_SESSIONS, clock::get);
        late.start();
        assertThat(late.takes()).isTrue();
        clock.addAndGet(length * 9 / 10); // the store may have been away, and leases of others have run out
        await().until(() -> !late.takes() && late.runs());
        await().until(() -> {
            clock.addAndGet(length / 20);
            return late.takes();
        });
        late.close(Duration.ofSeconds(5));
    }

    @Test
    void takesNothingWhileRenewalsFailAndForAWhileAfter() {
        AtomicLong clock = new AtomicLong();
        Lease failing = new Lease(own, NO_SESSIONS, clock::get);
        failing.start();
        assertThat(failing.takes()).isTrue();
        own.cut(true);
        await().until(() -> !failing.takes()); // nobody may reach the store, though this lease runs still
        assertThat(failing.runs()).isTrue();
        assertThat(failing.failure()).isEqualTo("the store cannot be reached");
        assertThat(failing.hindrance())
                .isEqualTo("the lease of this node cannot be renewed: the store cannot be reached");
        own.cut(false);
        await().until(() -> {
            clock.addAndGet(own.lease().toNanos() / 20);
            return failing.takes();
        });
        assertThat(failing.failure()).isNull();
        assertThat(clock.get()).isGreaterThanOrEqualTo(own.lease().toNanos());
        failing.close(Duration.ofSeconds(5));
    }

    /** Others wait for the store as long, and may have to ask it once more. */
    @Test
    void theWhileBeginsWithTheAnswerForWhichItWaited() {
        AtomicLong clock = new AtomicLong();
        AtomicLong wait = new AtomicLong();
        long length = Duration.ofMillis(800).toNanos();
        SharedMemory slow = new SharedMemory(Duration.ofMillis(800), () -> clock.addAndGet(wait.getAndSet(0)));
        SharedMemory.Node node = slow.node();
        Lease failing = new Lease(node, NO_SESSIONS, clock::get);
        failing.start();
        node.cut(true);
        await().until(() -> !failing.takes());
        wait.set(length * 2 / 5);
        node.cut(false);
        await().until(() -> {
            clock.addAndGet(length / 20);
            return failing.takes();
        });
        assertThat(clock.get()).isGreaterThanOrEqualTo(length * 7 / 5);
        failing.close(Duration.ofSeconds(5));
    }

    @Test
    void whatNobodyTookMeanwhileIsKept() {
        own.append(List.of(Writes.session(ID)));
        lease.start();
        own.cut(true);
        await().until(() -> !lease.runs());
        assertThat(lease.hindrance())
                .isEqualTo("the lease of this node has run out, and is not renewed: the store cannot be reached");
        own.cut(false);
        await().until(lease::runs);
        assertThat(lost).isEmpty();
        lease.close(Duration.ofSeconds(5));
    }

    @Test
    void givesAllBackAtItsEnd() {
        own.append(List.of(Writes.session(ID)));
        lease.start();
        lease.close(Duration.ofSeconds(5));
        assertThat(lease.runs()).isFalse();
        assertThat(otherTakes()).isTrue();
    }

    private boolean otherTakes() {
        other.renew();
        return other.claim(ID) instanceof Claim.Held;
    }

    @Test
    void doesNotBeginWithoutTheStore() {
        own.cut(true);
        assertThatThrownBy(lease::start).isInstanceOf(StoreException.class);
    }
}
