package dev.shadowcat.persist;

/**
 * What waits, counted against its bounds: in the queue, in lanes that the queue has no room for, and aside for a part of the
 * store that fails. What waits aside takes half at most; the other half is for those whose part of the store works. Guarded by
 * the intake's lock.
 */
final class QueueBounds {
    private int capacity;
    private long maxBytes;
    private long bytes; // of the queue and of every overflow
    private int overflowing; // writes that the queue has no room for
    private int aside;
    private long asideBytes;
    private long heldBytes; // of the overflow of lanes with writes aside

    QueueBounds(int capacity, long maxBytes) {
        this.capacity = capacity;
        this.maxBytes = maxBytes;
    }

    void tune(int newCapacity, long newMaxBytes) {
        capacity = newCapacity;
        maxBytes = newMaxBytes;
    }

    int capacity() {
        return capacity;
    }

    boolean roomFor(int queued) {
        return queued + Math.min(aside, capacity / 2) < capacity;
    }

    boolean bytesHaveRoom() {
        return bytes - heldBytes + Math.min(asideBytes + heldBytes, maxBytes / 2) <= maxBytes;
    }

    boolean asideIsFull() {
        return aside >= Math.max(1, capacity / 2) || asideBytes + heldBytes >= maxBytes / 2;
    }

    void came(PendingWrite pending) {
        bytes += pending.bytes();
    }

    void left(PendingWrite pending) {
        bytes -= pending.bytes();
    }

    void overflows(PendingWrite pending, Lane lane) {
        overflowing++;
        heldBytes += lane.held() ? pending.bytes() : 0;
    }

    void overflowsNoMore(PendingWrite pending, Lane lane) {
        overflowing--;
        heldBytes -= lane.held() ? pending.bytes() : 0;
    }

    void goesAside(PendingWrite pending) {
        aside++;
        asideBytes += pending.bytes();
    }

    void leavesAside(PendingWrite pending) {
        aside--;
        asideBytes -= pending.bytes();
    }

    /** One part of the store more, or one fewer, holds writes of the lane aside. */
    void hold(Lane lane, int change) {
        boolean before = lane.held();
        lane.held(change);
        if (before != lane.held()) {
            heldBytes += change * lane.overflowBytes();
        }
    }

    int overflowing() {
        return overflowing;
    }

    int aside() {
        return aside;
    }

    /** All that waits, wherever it does. */
    long bytes() {
        return bytes + asideBytes;
    }
}
