package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.Writes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** One lane before a small queue, and everything that came of what was offered on it. */
abstract class LaneState {
    static final SessionId ID = new SessionId(1, 1);

    private static final int BATCH_BYTES = 1 << 20;

    final Intake intake = new Intake(2, 1 << 20, Observer.NONE, () -> 0L);
    final List<String> fates = Collections.synchronizedList(new ArrayList<>()); // in the order in which they were heard
    final List<String> taken = Collections.synchronizedList(new ArrayList<>()); // by the worker, in its order
    volatile boolean settledEarly;

    final Lane lane = new Lane(intake, Runnable::run, Lane.Listener.NOBODY);

    private final Completion completion = new Completion() {
        @Override
        public void stored(StoreWrite write) {
            fates.add(name(write) + " stored");
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            fates.add(name(write) + " refused");
        }
    };

    static String name(StoreWrite write) {
        return write instanceof StoreWrite.AppendEvent append
                ? String.valueOf(append.event().sequence())
                : "delete";
    }

    final void offer(int sequence) {
        lane.offer(Writes.event(ID, 0, sequence), completion);
    }

    final void delete() {
        lane.close(new StoreWrite.DeleteSession(ID), completion);
    }

    /** What the worker does with what waits now: takes it, tells whoever waits, and only then calls it settled. */
    final void writeOne() {
        List<PendingWrite> batch = new ArrayList<>();
        intake.drain(batch, BATCH_BYTES, Integer.MAX_VALUE);
        for (PendingWrite each : batch) {
            taken.add(name(each.write()));
            settledEarly |= lane.settled();
            each.completion().stored(each.write());
        }
        intake.settle(batch);
    }

    final void writeAll() {
        while (intake.waiting() > 0) {
            writeOne();
        }
    }

    /** "ok" where nothing is left, in the queue or of its accounts; else what is. */
    final String left() {
        if (settledEarly) {
            return "settled before its completions ran";
        }
        if (!lane.settled() || lane.blocked() || intake.bytes() != 0 || intake.depth() != 0) {
            return "left: settled " + lane.settled() + ", blocked " + lane.blocked() + ", bytes " + intake.bytes();
        }
        return "ok";
    }
}
