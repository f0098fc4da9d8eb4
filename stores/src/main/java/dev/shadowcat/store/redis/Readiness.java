package dev.shadowcat.store.redis;

import io.lettuce.core.RedisCommandInterruptedException;
import io.lettuce.core.RedisException;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for a Redis that answers, but is not ready to: after a reboot of all machines it reads its data set when the gateways come up
 * already, and a cluster is down until its servers have found each other. One that is away is not waited for: it may never have been there.
 */
final class Readiness {
    private static final Logger log = LoggerFactory.getLogger(Readiness.class);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final String name;
    private final Duration bound;
    private final Pause pause;
    private final long deadline;
    private boolean told;

    /** Lets time pass. */
    interface Pause {
        void last(Duration duration) throws InterruptedException;
    }

    /**
     * @param name of the Redis, for people
     * @param bound for how long it is waited for from now on, whatever is asked
     */
    Readiness(String name, Duration bound) {
        this(name, bound, Thread::sleep);
    }

    Readiness(String name, Duration bound, Pause pause) {
        this.name = name;
        this.bound = bound;
        this.pause = pause;
        this.deadline = System.nanoTime() + bound.toNanos();
    }

    /**
     * Asks, and asks all of it again for as long as the Redis is not ready.
     *
     * @throws RedisException what it says last
     */
    <T> T await(Supplier<T> question) {
        while (true) {
            try {
                return question.get();
            } catch (RedisException failed) {
                if (!Failures.isUnready(failed) || System.nanoTime() - deadline >= 0) {
                    throw failed;
                }
                tell(failed);
                pause();
            }
        }
    }

    private void tell(RedisException failed) {
        if (!told) {
            log.info(
                    "{} is not ready, and waited for, up to {} s: {}",
                    name,
                    bound.toSeconds(),
                    Failures.reason(failed));
            told = true;
        }
    }

    private void pause() {
        try {
            pause.last(PAUSE);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RedisCommandInterruptedException(interrupted);
        }
    }
}
