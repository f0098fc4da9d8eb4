package dev.shadowcat.store.redis;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** A script that runs inside Redis, as one step that nothing comes between. */
final class Script {
    static final Script APPEND = of("append");
    static final Script CLAIM = of("claim");
    static final Script EXPIRE = of("expire");
    static final Script LOOK = of("look");
    static final Script READ = of("read");
    static final Script STREAM = of("stream");
    static final Script EPOCH = of("epoch");

    private final byte[] text;
    private final String digest;

    private Script(byte[] text) {
        this.text = text;
        try {
            this.digest =
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Script of(String name) {
        return new Script((resource("prelude") + resource(name)).getBytes(StandardCharsets.UTF_8));
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(Script.class.getResourceAsStream(name + ".lua"), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Sends the script by its digest. */
    Call send(RedisLink link, List<byte[]> keys, List<byte[]> arguments) {
        return new Call(link, keys.toArray(byte[][]::new), arguments.toArray(byte[][]::new));
    }

    /** Sends the script and waits for its answer. */
    List<Object> call(RedisLink link, List<byte[]> keys, List<byte[]> arguments) {
        return send(link, keys, arguments).answer(link.deadline());
    }

    /** A script that was sent. */
    final class Call {
        private final RedisLink link;
        private final byte[][] keys;
        private final byte[][] arguments;
        private final RedisFuture<List<Object>> sent;

        private Call(RedisLink link, byte[][] keys, byte[][] arguments) {
            this.link = link;
            this.keys = keys;
            this.arguments = arguments;
            RedisClusterAsyncCommands<byte[], byte[]> commands = link.commands();
            this.sent = commands.evalsha(digest, ScriptOutputType.MULTI, keys, arguments);
        }

        /** Waits for the answer; a server that does not know the script is sent its text, and remembers it. */
        List<Object> answer(long deadline) {
            try {
                return link.await(sent, deadline);
            } catch (RedisNoScriptException unknown) {
                return link.await(link.commands().eval(text, ScriptOutputType.MULTI, keys, arguments), deadline);
            }
        }
    }
}
