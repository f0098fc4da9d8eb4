package dev.shadowcat.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** CPU time between two moments: of a target, and of whatever is none of ours. */
final class CpuMeter {
    private final List<Long> target;
    private final List<Long> ours;
    private final long beganAt;
    private final double targetBefore;
    private final double oursBefore;
    private final double machineBefore;

    /**
     * @param target the processes that are measured
     * @param helpers other processes of this benchmark, this one is added
     */
    CpuMeter(List<Long> target, List<Long> helpers) {
        this.target = target;
        ours = new ArrayList<>(helpers);
        ours.addAll(target);
        ours.add(ProcessHandle.current().pid());
        beganAt = System.nanoTime();
        targetBefore = ProcessTimes.cpuSeconds(target);
        oursBefore = ProcessTimes.cpuSeconds(ours);
        machineBefore = ProcessTimes.machineSeconds();
    }

    double targetSeconds() {
        return ProcessTimes.cpuSeconds(target) - targetBefore;
    }

    /** What the benchmark itself took: its helpers and this process. */
    double generatorSeconds() {
        return ProcessTimes.cpuSeconds(ours) - oursBefore - targetSeconds();
    }

    /** Cores that were busy with other things; above about 0.1 the figures beside it are noisy. */
    double foreignCores() {
        double foreign = ProcessTimes.machineSeconds() - machineBefore - (ProcessTimes.cpuSeconds(ours) - oursBefore);
        return Math.max(0, foreign / seconds());
    }

    double seconds() {
        return (System.nanoTime() - beganAt) / 1e9;
    }
}
