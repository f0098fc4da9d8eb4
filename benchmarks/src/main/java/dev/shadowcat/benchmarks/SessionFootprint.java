package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** Mode {@code sessions}: many live sessions, each with an open standalone stream; what they cost while they idle. */
final class SessionFootprint {
    private static final int SHOWN_CLASSES = 60;

    private final Transport transport = new Transport("load");
    private final Target target;
    private final long process;
    private final UpstreamOrders upstream;
    private final int sessions;
    private final int idleSeconds;
    private final boolean classes;

    SessionFootprint(Arguments arguments) {
        target = arguments.targets().getFirst();
        process = target.processes().getFirst();
        upstream = new UpstreamOrders(URI.create(arguments.text("upstream")));
        sessions = arguments.number("sessions", 9000);
        idleSeconds = arguments.number("seconds", 60);
        classes = arguments.text("classes", "no").equals("yes");
        arguments.refuseOthers();
    }

    /** Returns whether every stream was there to the end and took its event. */
    boolean run() {
        // What the first sessions load and start (classes, buffers, threads) is no cost of a session.
        StreamSet first = StreamSet.open(transport, target, 200);
        upstream.await("200 open streams", 10, state -> state.streams() == 200);
        upstream.emit(1000, 2000, 300);
        upstream.await("the last event", 10, state -> state.left() == 0);
        first.delete();
        upstream.await("no open stream", 10, state -> state.streams() == 0);
        settle();
        LiveHeap emptyHeap = LiveHeap.of(process);
        long emptyResident = ProcessTimes.residentBytes(process);

        long beganAt = System.nanoTime();
        StreamSet set = StreamSet.open(transport, target, sessions);
        upstream.await(sessions + " open streams", 30, state -> state.streams() == sessions);
        double openSeconds = (System.nanoTime() - beganAt) / 1e9;
        settle();
        LiveHeap fullHeap = LiveHeap.of(process);
        long fullResident = ProcessTimes.residentBytes(process);

        long commentsBefore = set.read(set.tally()::comments);
        CpuMeter meter = new CpuMeter(List.of(process), List.of());
        Pause.millis(idleSeconds * 1000L);
        double idleCores = meter.targetSeconds() / meter.seconds();
        long heartbeats = set.read(set.tally()::comments) - commentsBefore;

        long eventsBefore = set.read(set.tally()::events);
        upstream.emit(5000, sessions, 300);
        upstream.await("the last event", sessions / 5000 + 20, state -> state.left() == 0);
        settle();
        long events = set.read(set.tally()::events) - eventsBefore;
        long ended = set.read(set.tally()::endedStreams);
        LiveHeap usedHeap = LiveHeap.of(process);

        System.out.printf("%-44s%,14d%n", "live sessions, a stream each", sessions);
        System.out.printf("%-44s%,14.1f%n", "opened in, s", openSeconds);
        System.out.printf("%-44s%,14d%n", "heap after full GC, before, bytes", emptyHeap.bytes());
        System.out.printf("%-44s%,14d%n", "heap after full GC, with them, bytes", fullHeap.bytes());
        perSession("heap per session, bytes", fullHeap.bytes() - emptyHeap.bytes());
        perSession("heap per session after an event each, bytes", usedHeap.bytes() - emptyHeap.bytes());
        perSession("resident memory per session, bytes", fullResident - emptyResident);
        System.out.printf("%-44s%,14d%n", "resident memory, bytes", fullResident);
        System.out.printf("%-44s%14.2f%n", "idle CPU over " + idleSeconds + " s, % of a core", idleCores * 100);
        System.out.printf("%-44s%,14d%n", "comments (heartbeats) meanwhile", heartbeats);
        System.out.printf("%-44s%,14d%n", "streams that took their event", events);
        System.out.printf("%-44s%,14d%n", "streams that ended", ended);
        if (classes) {
            printClasses(emptyHeap, fullHeap);
        }
        return events == sessions && ended == 0;
    }

    private void perSession(String name, long bytes) {
        System.out.printf("%-44s%,14.0f%n", name, (double) bytes / sessions);
    }

    private void printClasses(LiveHeap before, LiveHeap after) {
        System.out.println("bytes per session by class:");
        after.byClass().entrySet().stream()
                .map(entry -> Map.entry(
                        entry.getKey(), entry.getValue() - before.byClass().getOrDefault(entry.getKey(), 0L)))
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(SHOWN_CLASSES)
                .forEach(entry ->
                        System.out.printf("  %,10.1f  %s%n", (double) entry.getValue() / sessions, entry.getKey()));
    }

    /** Pooled connections of either side live a few seconds idle; they are no part of a session. */
    private static void settle() {
        Pause.millis(7_000);
    }
}
