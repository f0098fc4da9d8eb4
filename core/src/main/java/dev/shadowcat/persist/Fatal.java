package dev.shadowcat.persist;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of an error of the virtual machine (out of memory, a class that does not link): nothing can be relied upon after it.
 * Called once for each thread, which ends.
 */
public interface Fatal {
    /** Says so in the log; whoever embeds the worker sees it in {@link PersistenceWorker#failure} too. */
    Fatal LOGGED = new Fatal() {
        private static final Logger log = LoggerFactory.getLogger(Fatal.class);

        @Override
        public void failed(String what, Error error) {
            log.error("{} ended", what, error);
        }
    };

    /**
     * Takes note of an error.
     *
     * @param what the part that cannot go on, for people
     */
    void failed(String what, Error error);
}
