package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Claims sessions together that are asked for while others are being claimed: claims of one node's sessions wait for each other, and
 * each for the disk, so that a node with a thousand of them would be taken over for seconds. One thread claims at a time, for itself and
 * for all who came meanwhile. Never on an event loop: who asks for a claim waits for the store in any case.
 */
final class GatheredClaims {
    private final Function<List<SessionId>, Map<SessionId, Claim>> claimAll;
    private final ReentrantLock claiming = new ReentrantLock();
    private Map<SessionId, CompletableFuture<Claim>> waiting =
            new LinkedHashMap<>(); // guarded by this; one for each thread at most

    /** @param claimAll says of each whose it is; blocks */
    GatheredClaims(Function<List<SessionId>, Map<SessionId, Claim>> claimAll) {
        this.claimAll = claimAll;
    }

    /** Blocks. What is found was so after the call. */
    Claim claim(SessionId session) {
        CompletableFuture<Claim> claim = enqueue(session);
        claiming.lock();
        try {
            if (!claim.isDone()) {
                claimAllThatWait();
            }
        } finally {
            claiming.unlock();
        }
        try {
            return claim.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }

    private synchronized CompletableFuture<Claim> enqueue(SessionId session) {
        return waiting.computeIfAbsent(session, key -> new CompletableFuture<>());
    }

    private synchronized Map<SessionId, CompletableFuture<Claim>> takeAll() {
        Map<SessionId, CompletableFuture<Claim>> all = waiting;
        waiting = new LinkedHashMap<>();
        return all;
    }

    private void claimAllThatWait() {
        Map<SessionId, CompletableFuture<Claim>> all = takeAll();
        try {
            Map<SessionId, Claim> claims = claimAll.apply(List.copyOf(all.keySet()));
            all.forEach((session, claim) -> claim.complete(claims.get(session)));
        } catch (RuntimeException | Error failed) {
            all.values().forEach(claim -> claim.completeExceptionally(failed));
        }
    }

    /** How many threads wait for a claim that has not begun; for tests. */
    synchronized int waiting() {
        return waiting.size();
    }
}
