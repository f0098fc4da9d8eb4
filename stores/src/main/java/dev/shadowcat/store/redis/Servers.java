package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static dev.shadowcat.store.redis.RedisKeys.text;

import dev.shadowcat.store.StoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which servers the store's data is on, and the epoch that this began. A server that was restarted, or a replica that took its
 * place, may not have what was acknowledged; so every script compares where it runs with what its caller knows, and a new
 * server means a new epoch, in which all claims are void.
 */
final class Servers {
    private static final Logger log = LoggerFactory.getLogger(Servers.class);
    private static final int CREDENTIAL_KEY_BYTES = 32;
    private static final String FORMAT = "1";
    private static final int FIRST_SERVER = 3;

    private final RedisKeys keys;
    private final RandomGenerator strong;
    private volatile @Nullable View view;

    Servers(RedisKeys keys, RandomGenerator strong) {
        this.keys = keys;
        this.strong = strong;
    }

    /**
     * What is known.
     *
     * @param epoch counts the times that the store may have lost writes
     * @param identities what tells its servers from others, as scripts take it
     * @param credentialKey as old as the store
     */
    @SuppressWarnings("ArrayRecordComponent") // read and never compared
    record View(int epoch, Set<String> identities, byte[] credentialKey) {
        byte[] epochText() {
            return bytes(epoch);
        }

        /** What a node's sessions of this epoch are named by. */
        String held(String node) {
            return node + ":" + epoch;
        }

        byte[] servers() {
            return bytes(String.join(",", identities));
        }
    }

    View view() {
        View known = view;
        if (known == null) {
            throw new IllegalStateException("the store is not open yet");
        }
        return known;
    }

    /**
     * Asks the servers who they are, and counts where one is not who it was.
     *
     * @throws StoreException if they are none that this version can use
     */
    synchronized View refresh(RedisLink link) {
        View before = view;
        List<RedisServer> servers = link.servers();
        View now = ask(link, servers, before, false);
        if (before != null && now.epoch() == before.epoch() && !now.identities().equals(before.identities())) {
            // The servers forgot that this epoch had begun, which others were told of.
            now = ask(link, servers, before, true);
        }
        if (before != null && now.epoch() != before.epoch()) {
            log.warn(
                    "Redis was restarted, or another server took its place: what it acknowledged last may be lost. "
                            + "Sessions are taken anew, and numbering leaps (epoch {})",
                    now.epoch());
        }
        view = now;
        return now;
    }

    /** What the store keeps of itself, without a look at its servers; null where there is no store. Changes nothing. */
    static @Nullable View look(RedisLink link, RedisKeys keys) {
        Map<String, byte[]> kept = new HashMap<>();
        link.ask(commands -> commands.hgetall(keys.store())).forEach((field, value) -> kept.put(text(field), value));
        byte[] format = kept.get("format");
        byte[] epoch = kept.get("epoch");
        byte[] key = kept.get("key");
        if (format == null || epoch == null || key == null) {
            return null;
        }
        requireKnown(text(format));
        return new View(Integer.parseInt(text(epoch)), Set.of(), key);
    }

    private static void requireKnown(String format) {
        if (!format.equals(FORMAT)) {
            throw new StoreException(
                    "the store has format " + format + ", but this version of Shadowcat reads up to " + FORMAT
                            + ": use the version that wrote it, or a newer one",
                    null);
        }
    }

    private View ask(RedisLink link, List<RedisServer> servers, @Nullable View before, boolean next) {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(before == null ? freshKey() : before.credentialKey());
        arguments.add(bytes(before == null ? 0 : before.epoch()));
        arguments.add(bytes(next ? "1" : "0"));
        arguments.add(bytes(before == null ? "0" : "1"));
        for (RedisServer server : servers) {
            arguments.add(bytes(server.id()));
            arguments.add(bytes(server.identity()));
        }
        List<Object> answer = Script.EPOCH.call(link, List.of(keys.store()), arguments);
        requireKnown(text((byte[]) answer.get(0)));
        Set<String> identities = new HashSet<>();
        for (Object identity : answer.subList(FIRST_SERVER, answer.size())) {
            identities.add(text((byte[]) identity));
        }
        return new View(Integer.parseInt(text((byte[]) answer.get(1))), Set.copyOf(identities), (byte[]) answer.get(2));
    }

    private byte[] freshKey() {
        byte[] key = new byte[CREDENTIAL_KEY_BYTES];
        strong.nextBytes(key);
        return key;
    }
}
