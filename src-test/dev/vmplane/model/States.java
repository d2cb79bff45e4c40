package dev.vmplane.model;

import java.time.Duration;
import java.time.Instant;

/** One ordinary state of every phase, for tests that go through them all. */
public final class States {
    private static final VmmProcess PROCESS = new VmmProcess(4711, 1);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private States() {}

    /** A VM that entered {@code phase} at {@code since}; one that runs is healthy, one that ends was told to. */
    public static VmState of(Phase phase, Instant since) {
        var deadline = since.plus(LIMIT);
        var reason = new Reason(ReasonCode.REPLACED, "as the test says");
        return switch (phase) {
            case PENDING -> new VmState.Pending(since);
            case STARTING -> new VmState.Starting(since, deadline);
            case BOOTING -> new VmState.Booting(since, deadline, PROCESS);
            case WARMING -> new VmState.Warming(since, deadline, PROCESS);
            case WARM -> new VmState.Warm(since, PROCESS);
            case PAUSED -> new VmState.Paused(since, PROCESS);
            case RUNNING -> new VmState.Running(since, PROCESS, true);
            case DRAINING -> new VmState.Draining(since, deadline, PROCESS, reason);
            case STOPPING -> new VmState.Stopping(since, deadline, PROCESS, reason);
            case STOPPED -> new VmState.Stopped(since, reason, GuestExit.UNKNOWN);
            case FAILED -> new VmState.Failed(since, reason, GuestExit.UNKNOWN);
        };
    }
}
