package dev.shadowcat.gateway.cli;

import dev.shadowcat.persist.Fatal;
import java.io.PrintStream;
import java.util.function.IntConsumer;

/** Ends the process on an error of the virtual machine, with one line: a gateway that is half alive is worse than none. */
final class Halt implements Fatal {
    /** Neither the user's mistake nor the surroundings': a supervisor may start it again. */
    static final int EXIT_CODE = 70;

    private final PrintStream err;
    private final IntConsumer halt;

    Halt(PrintStream err, IntConsumer halt) {
        this.err = err;
        this.halt = halt;
    }

    /** Of this process, without its shutdown hooks: they would wait for what has just ended. */
    static Halt process() {
        return new Halt(System.err, Runtime.getRuntime()::halt);
    }

    @Override
    public void failed(String what, Error error) {
        try {
            err.println("shadowcat: " + what + " ended: " + error + "; the gateway exits, what was stored is safe");
        } finally { // also where there is no memory left for the line
            halt.accept(EXIT_CODE);
        }
    }
}
