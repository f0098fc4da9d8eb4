package dev.shadowcat.memory;

/** An object that owns others, and can say which. */
public interface Measured {
    /** Adds itself and what it alone refers to. On the thread that owns it. */
    void measure(Footprint footprint);
}
