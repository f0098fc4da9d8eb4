package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisLoadingException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Future;

/**
 * What the user of a Redis must be allowed there (its ACL), tried out in ways that leave nothing behind: a right that is missing does
 * not come by waiting, and an event would be the first to meet it.
 */
final class Rights {
    /**
     * All that is used, on a key that is not there: none of these makes one but SADD, and each of the three that follow it removes that
     * again, so that one who may do none of them is told to allow them, and the next try finds what the last one left.
     */
    private static final List<String> HARMLESS = """
            EXISTS KEY
            GET KEY
            SET KEY value PX never
            SADD KEY member
            SREM KEY member
            DEL KEY
            UNLINK KEY
            HGET KEY field
            HGETALL KEY
            HKEYS KEY
            HMGET KEY field
            HSET KEY field value odd
            HDEL KEY field
            SMEMBERS KEY
            SCARD KEY
            ZADD KEY XX 0 member
            ZREM KEY member
            ZRANGEBYLEX KEY - +
            XADD KEY NOMKSTREAM * field value
            XRANGE KEY - +
            XREVRANGE KEY + -
            XTRIM KEY MAXLEN 0
            EVAL return(1) 1 KEY
            EVALSHA 0000000000000000000000000000000000000000 1 KEY""".lines().toList();

    /** Each server of a cluster has an ACL of its own; among them so many keys leave hardly one out. */
    private static final int KEYS_OF_A_CLUSTER = 32;

    private Rights() {}

    /**
     * Tries all of them.
     *
     * @param name of the Redis, for people
     * @throws StoreException if one is missing; says what gives it
     */
    static void require(RedisLink link, RedisKeys keys, String name) {
        Set<String> missing = new LinkedHashSet<>();
        int probes = link.clustered() ? KEYS_OF_A_CLUSTER : 1;
        for (int i = 0; i < probes; i++) {
            missing.addAll(missingOn(link, keys, keys.probe(i)));
        }
        missing.addAll(missingKeys(link, keys));
        if (!missing.isEmpty()) {
            throw new StoreException(
                    name + " does not allow its user what a gateway does; add to its ACL: " + String.join(" ", missing),
                    null);
        }
    }

    private static Set<String> missingOn(RedisLink link, RedisKeys keys, byte[] key) {
        List<Tried> tried = new ArrayList<>();
        for (String each : HARMLESS) {
            tried.add(Tried.send(link.commands(), each, key));
        }
        return missing(link, keys, tried);
    }

    private static Set<String> missingKeys(RedisLink link, RedisKeys keys) {
        List<Tried> tried = new ArrayList<>();
        for (byte[] key : keys.oneOfEachKind(new SessionId(0, 0))) {
            tried.add(Tried.send(link.commands(), "EXISTS KEY", key));
        }
        return missing(link, keys, tried);
    }

    private static Set<String> missing(RedisLink link, RedisKeys keys, List<Tried> tried) {
        long deadline = link.deadline();
        Set<String> missing = new LinkedHashSet<>();
        for (Tried each : tried) {
            String refusal = each.refusal(link, deadline);
            if (refusal.startsWith(Failures.NO_PERMISSION)) {
                // The command is named where it is what is not allowed.
                boolean command = refusal.toLowerCase(Locale.ROOT).contains("'" + each.command + "'");
                missing.add(command ? "+" + each.command : "~" + keys.all());
            }
        }
        return missing;
    }

    /**
     * A command that was sent.
     *
     * @param command in small letters
     */
    private record Tried(String command, Future<List<Object>> sent) {
        static Tried send(RedisClusterAsyncCommands<byte[], byte[]> commands, String line, byte[] key) {
            String[] words = line.split(" ");
            CommandArgs<byte[], byte[]> arguments = new CommandArgs<>(ByteArrayCodec.INSTANCE);
            for (String word : List.of(words).subList(1, words.length)) {
                if (word.equals("KEY")) {
                    arguments.addKey(key);
                } else {
                    arguments.add(bytes(word));
                }
            }
            return new Tried(
                    words[0].toLowerCase(Locale.ROOT),
                    commands.dispatch(
                            CommandType.valueOf(words[0]),
                            new NestedMultiOutput<>(ByteArrayCodec.INSTANCE),
                            arguments));
        }

        /** What the server objects to; {@code ""} where it does not. */
        String refusal(RedisLink link, long deadline) {
            try {
                link.await(sent, deadline);
                return "";
            } catch (RedisCommandExecutionException refused) {
                if (refused instanceof RedisLoadingException && !link.clustered()) {
                    throw refused; // before it has read its data set it does not say what is allowed
                }
                return String.valueOf(refused.getMessage());
            }
        }
    }
}
