package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Claims sessions together that are wanted at about the same time: claims of one node's sessions wait for each other, and each for the
 * disk, so that a node with a thousand of them would be taken over for seconds. Whoever claims first claims for the others too, who wait
 * for that. Any thread.
 */
final class GatheredClaims {
    private static final int MOST = 256;
    private static final int MOST_NOT_ASKED_FOR = 4 * MOST;

    private final Function<List<SessionId>, Map<SessionId, Claim>> claimAll;
    private final Set<SessionId> wanted = new LinkedHashSet<>(); // guarded by this
    private final Map<SessionId, CompletableFuture<Claim>> underWay = new HashMap<>(); // guarded by this
    private final Map<SessionId, Claim> claimed = new HashMap<>(); // who wanted them has yet to ask; guarded by this

    /** @param claimAll says of each whose it is; blocks */
    GatheredClaims(Function<List<SessionId>, Map<SessionId, Claim>> claimAll) {
        this.claimAll = claimAll;
    }

    /** It will be claimed soon. What was found before that does not count for it. */
    synchronized void wanted(SessionId session) {
        claimed.remove(session);
        if (!underWay.containsKey(session)) {
            wanted.add(session);
        }
    }

    /** Blocks. */
    Claim claim(SessionId session) {
        Map<SessionId, CompletableFuture<Claim>> own = new LinkedHashMap<>();
        CompletableFuture<Claim> claim = begin(session, own);
        if (!own.isEmpty()) {
            claim(session, own);
        }
        try {
            return claim.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        } finally {
            asked(session);
        }
    }

    /** @param own gets those that the caller is to claim; none where another thread claims the session already */
    private synchronized CompletableFuture<Claim> begin(
            SessionId session, Map<SessionId, CompletableFuture<Claim>> own) {
        Claim known = claimed.remove(session);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        CompletableFuture<Claim> others = underWay.get(session);
        if (others != null) {
            return others;
        }
        CompletableFuture<Claim> claim = new CompletableFuture<>();
        wanted.remove(session);
        own.put(session, claim);
        for (Iterator<SessionId> more = wanted.iterator(); more.hasNext() && own.size() < MOST; more.remove()) {
            own.put(more.next(), new CompletableFuture<>());
        }
        underWay.putAll(own);
        return claim;
    }

    private void claim(SessionId first, Map<SessionId, CompletableFuture<Claim>> own) {
        try {
            Map<SessionId, Claim> claims = claimAll.apply(List.copyOf(own.keySet()));
            Map<SessionId, Claim> others = new HashMap<>(claims);
            others.remove(first);
            end(own, others);
            own.forEach((session, claim) -> claim.complete(claims.get(session)));
        } catch (RuntimeException | Error failed) {
            end(own, Map.of());
            own.values().forEach(claim -> claim.completeExceptionally(failed));
        }
    }

    private synchronized void end(Map<SessionId, CompletableFuture<Claim>> own, Map<SessionId, Claim> others) {
        underWay.keySet().removeAll(own.keySet());
        if (claimed.size() > MOST_NOT_ASKED_FOR) {
            claimed.clear(); // nobody came for them: whoever still does asks anew
        }
        claimed.putAll(others);
    }

    private synchronized void asked(SessionId session) {
        claimed.remove(session);
    }
}
