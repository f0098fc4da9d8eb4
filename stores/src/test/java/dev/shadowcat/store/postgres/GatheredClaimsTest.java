package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class GatheredClaimsTest {
    private static final SessionId ONE = new SessionId(1, 1);
    private static final SessionId TWO = new SessionId(1, 2);

    private final List<List<SessionId>> asked = new ArrayList<>();
    private final GatheredClaims claims = new GatheredClaims(this::claimAll);
    private boolean fails;

    private Map<SessionId, Claim> claimAll(List<SessionId> sessions) {
        asked.add(sessions);
        if (fails) {
            throw new StoreException("told to fail", null);
        }
        Map<SessionId, Claim> all = new HashMap<>();
        sessions.forEach(each -> all.put(each, new Claim.Held(asked.size() == 1)));
        return all;
    }

    @Test
    void whatIsWantedTogetherIsClaimedTogetherAndFoundOnce() {
        claims.wanted(ONE);
        claims.wanted(TWO);
        assertThat(claims.claim(TWO)).isEqualTo(new Claim.Held(true));
        assertThat(claims.claim(ONE)).isEqualTo(new Claim.Held(true));
        assertThat(asked).containsExactly(List.of(TWO, ONE));
        assertThat(claims.claim(ONE)).isEqualTo(new Claim.Held(false));
        assertThat(asked).as("asked for again").hasSize(2);
    }

    @Test
    void whatWasFoundBeforeItWasWantedAgainDoesNotCount() {
        claims.wanted(ONE);
        claims.claim(TWO);
        claims.wanted(ONE);
        assertThat(claims.claim(ONE)).isEqualTo(new Claim.Held(false));
        assertThat(asked).containsExactly(List.of(TWO, ONE), List.of(ONE));
    }

    @Test
    void aStoreThatFailsFailsForAllWhoWaitAndIsAskedAgainByTheNext() throws Exception {
        CountDownLatch asking = new CountDownLatch(1);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        GatheredClaims slow = new GatheredClaims(sessions -> {
            asking.countDown();
            answer.join();
            return claimAll(sessions);
        });
        fails = true;
        slow.wanted(ONE);
        slow.wanted(TWO);
        CompletableFuture<Claim> first = CompletableFuture.supplyAsync(() -> slow.claim(ONE));
        asking.await();
        CompletableFuture<Claim> second = CompletableFuture.supplyAsync(() -> slow.claim(TWO));
        answer.complete(null);
        assertThatThrownBy(first::join).hasCauseInstanceOf(StoreException.class);
        assertThatThrownBy(second::join).hasCauseInstanceOf(StoreException.class);
        fails = false;
        assertThat(slow.claim(TWO)).isInstanceOf(Claim.Held.class);
    }
}
