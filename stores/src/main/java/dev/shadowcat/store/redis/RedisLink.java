package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.Partition;
import io.lettuce.core.RedisCommandInterruptedException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** A connection to Redis that is made anew when it broke. Any thread. */
abstract class RedisLink implements AutoCloseable {
    private volatile Duration timeout;

    RedisLink(Duration timeout) {
        this.timeout = timeout;
    }

    /** @throws RedisException if there is no connection and none can be made */
    abstract RedisClusterAsyncCommands<byte[], byte[]> commands();

    /** The servers that take writes, those that do not answer included. */
    abstract List<RedisServer> servers();

    /** Whether keys are spread over several servers, so that a script sees those of one session only. */
    abstract boolean clustered();

    /** What else fails where a session's server does. */
    abstract Partition partOf(SessionId session);

    /** When an answer about a session has to be there at the latest: sooner where its server did not answer just now. */
    long deadline(SessionId session) {
        return deadline();
    }

    /** Whether the server of a session answered what was asked of it. */
    void answered(SessionId session, boolean well) {}

    /** A call failed: where the connection may be to blame, the next call makes a new one. */
    abstract void failed(RedisException failure);

    /** The next call makes a new connection: what is at the end of this one is not what it was. */
    abstract void renew();

    @Override
    public abstract void close();

    /** From now on answers may take so long. */
    final void timeout(Duration timeout) {
        this.timeout = timeout;
    }

    /** When what is sent now has to be answered, in the time of {@link System#nanoTime}. */
    final long deadline() {
        return System.nanoTime() + timeout.toNanos();
    }

    final <T> T ask(Function<RedisClusterAsyncCommands<byte[], byte[]>, ? extends Future<T>> question) {
        long deadline = deadline();
        return await(question.apply(commands()), deadline);
    }

    final <T> List<T> awaitAll(List<? extends Future<T>> sent) {
        return awaitAll(sent, deadline());
    }

    /** Waits for what was sent; none of it is waited for longer than the deadline. */
    final <T> List<T> awaitAll(List<? extends Future<T>> sent, long deadline) {
        List<T> answers = new ArrayList<>(sent.size());
        for (Future<T> each : sent) {
            answers.add(await(each, deadline));
        }
        return answers;
    }

    final <T> T await(Future<T> sent, long deadline) {
        try {
            return sent.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            sent.cancel(false);
            throw new RedisCommandTimeoutException("no answer within " + timeout.toMillis() + " ms");
        } catch (CancellationException closed) {
            throw new RedisException("the connection was closed before the answer came", closed);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RedisException known ? known : new RedisException(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RedisCommandInterruptedException(interrupted);
        }
    }
}
