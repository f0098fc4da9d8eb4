package dev.shadowcat.session;

import dev.shadowcat.observe.RepeatedTrouble;
import dev.shadowcat.store.StoreException;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads from the store on a small bounded pool, and hands what it read back to the session's thread. */
public final class StoreReader {
    private static final Logger log = LoggerFactory.getLogger(StoreReader.class);

    private final Executor pool;
    private final RepeatedTrouble trouble;

    /** @param pool bounded in threads and in queue; it may refuse */
    public StoreReader(Executor pool) {
        this(pool, InstantSource.system());
    }

    StoreReader(Executor pool, InstantSource clock) {
        this.pool = pool;
        this.trouble = new RepeatedTrouble(clock);
    }

    /**
     * Reads, then calls {@code then} on {@code loop}; where the store cannot be read, or too many wait, {@code failed}
     * with a reason for people.
     */
    public <T> void read(Executor loop, Supplier<T> reading, Consumer<T> then, Consumer<String> failed) {
        Runnable task = () -> {
            T result;
            try {
                result = reading.get();
            } catch (RuntimeException | Error broken) {
                failed(broken);
                tell(loop, () -> failed.accept(String.valueOf(broken.getMessage())));
                return;
            }
            tell(loop, () -> then.accept(result));
        };
        try {
            pool.execute(task);
        } catch (RejectedExecutionException full) {
            loop.execute(() -> failed.accept("too many reads wait for the store"));
        }
    }

    /** Who stops does not wait for readings: a loop that has ended has nobody left to tell. */
    private static void tell(Executor loop, Runnable told) {
        try {
            loop.execute(told);
        } catch (RejectedExecutionException ended) {
            log.debug("The loop of a reading has ended");
        }
    }

    /** While a store is away each request reads in vain. */
    private void failed(Throwable broken) {
        long count = trouble.again();
        if (count > 0) {
            String reason = broken instanceof StoreException ? broken.getMessage() : broken.toString();
            log.warn("A read from the store failed: {}{}", reason, RepeatedTrouble.times(count));
        }
    }
}
