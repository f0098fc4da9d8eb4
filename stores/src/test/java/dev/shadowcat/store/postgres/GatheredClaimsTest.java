package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class GatheredClaimsTest {
    private static final SessionId ONE = new SessionId(1, 1);
    private static final SessionId TWO = new SessionId(1, 2);
    private static final SessionId THREE = new SessionId(1, 3);

    private final BlockingQueue<List<SessionId>> asked = new LinkedBlockingQueue<>();
    private final SynchronousQueue<String> answers = new SynchronousQueue<>(); // a failure, or ""
    private final GatheredClaims claims = new GatheredClaims(this::claimAll);

    private Map<SessionId, Claim> claimAll(List<SessionId> sessions) {
        asked.add(sessions);
        String failure = take();
        if (!failure.isEmpty()) {
            throw new StoreException(failure, null);
        }
        Map<SessionId, Claim> all = new HashMap<>();
        sessions.forEach(each -> all.put(each, new Claim.Elsewhere(each.toString())));
        return all;
    }

    private String take() {
        try {
            return answers.take();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private CompletableFuture<Claim> claim(SessionId session) {
        CompletableFuture<Claim> claim = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                claim.complete(claims.claim(session));
            } catch (StoreException failed) {
                claim.completeExceptionally(failed);
            }
        });
        return claim;
    }

    @Test
    void whatIsAskedForWhileOthersAreClaimedIsClaimedTogether() throws Exception {
        CompletableFuture<Claim> first = claim(ONE);
        assertThat(asked.take()).containsExactly(ONE);
        CompletableFuture<Claim> second = claim(TWO);
        CompletableFuture<Claim> third = claim(THREE);
        CompletableFuture<Claim> again = claim(ONE); // what is found now may be too old for it
        await().until(() -> claims.waiting() == 3);
        answers.put("");
        assertThat(first.get()).isEqualTo(new Claim.Elsewhere(ONE.toString()));
        assertThat(asked.take()).containsExactlyInAnyOrder(ONE, TWO, THREE);
        assertThat(second).isNotDone();
        answers.put("");
        assertThat(second.get()).isEqualTo(new Claim.Elsewhere(TWO.toString()));
        assertThat(third.get()).isEqualTo(new Claim.Elsewhere(THREE.toString()));
        assertThat(again.get()).isEqualTo(new Claim.Elsewhere(ONE.toString()));
        assertThat(asked).isEmpty();
    }

    @Test
    void aStoreThatFailsFailsForAllWhoWereClaimedForAndIsAskedAgainByTheNext() throws Exception {
        CompletableFuture<Claim> first = claim(ONE);
        asked.take();
        CompletableFuture<Claim> second = claim(TWO);
        CompletableFuture<Claim> third = claim(THREE);
        await().until(() -> claims.waiting() == 2);
        answers.put("");
        first.get();
        asked.take();
        answers.put("told to fail");
        assertThatThrownBy(second::get).hasCauseInstanceOf(StoreException.class);
        assertThatThrownBy(third::get).hasCauseInstanceOf(StoreException.class);
        CompletableFuture<Claim> next = claim(TWO);
        answers.put("");
        assertThat(next.get()).isInstanceOf(Claim.Elsewhere.class);
        assertThat(asked).hasSize(1);
    }
}
