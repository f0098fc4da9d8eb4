package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is alive in another JVM's heap after a full collection, class by class.
 *
 * @param bytes all of it
 * @param byClass bytes per class
 */
record LiveHeap(long bytes, Map<String, Long> byClass) {
    private static final Pattern LINE = Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+).*");

    /** What fills space that a collection does not give back at once: nothing that anybody holds. */
    private static final String FILLER = "jdk.internal.vm.Filler";

    /** Runs {@code jcmd PID GC.class_histogram}, which collects first. Twice: references are cleared by the first. */
    static LiveHeap of(long process) {
        jcmd(process, "GC.run");
        Pause.millis(1000);
        String histogram = jcmd(process, "GC.class_histogram");
        Map<String, Long> byClass = new HashMap<>();
        histogram.lines().forEach(line -> {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches() && !matcher.group(3).contains(FILLER)) {
                byClass.merge(matcher.group(3), Long.parseLong(matcher.group(2)), Long::sum);
            }
        });
        return new LiveHeap(byClass.values().stream().mapToLong(Long::longValue).sum(), byClass);
    }

    static String jcmd(long process, String... command) {
        try {
            String[] whole = new String[command.length + 2];
            whole[0] = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            whole[1] = Long.toString(process);
            System.arraycopy(command, 0, whole, 2, command.length);
            Process jcmd = new ProcessBuilder(whole).redirectErrorStream(true).start();
            String printed = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (jcmd.waitFor() != 0) {
                throw new IllegalStateException("jcmd: " + printed);
            }
            return printed;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("jcmd " + process, e);
        }
    }
}
