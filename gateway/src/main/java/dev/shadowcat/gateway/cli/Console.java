package dev.shadowcat.gateway.cli;

import java.io.PrintStream;

/**
 * Where commands write.
 *
 * @param out what was asked for
 * @param err warnings and errors
 */
record Console(PrintStream out, PrintStream err) {
    void print(String line) {
        out.println(line);
        out.flush();
    }

    void warn(String line) {
        err.println("shadowcat: " + line);
        err.flush();
    }
}
