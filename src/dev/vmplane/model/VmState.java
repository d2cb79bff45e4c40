package dev.vmplane.model;

import java.time.Instant;

/**
 * Where one microVM stands. There is one record per phase, holding only that phase's data; a transition is a method on
 * the phase it leaves, so a move that is not drawn here does not compile.
 *
 * <pre>
 *             +--> FAILED(reason) &lt;-- from every phase that has not ended
 * PENDING --> STARTING --> BOOTING --> WARMING --> WARM &lt;--> PAUSED
 *  (row)      (VMM up,     (guest      (guest up,    |          |
 *             configured)   boots)      unchecked)   | attach   | attach
 *                             \                      v          |
 *                              +-----------------> RUNNING &lt;----+    RUNNING --> DRAINING --> STOPPING --> STOPPED(exit)
 * </pre>
 *
 * STOPPING is also reached straight from every phase that has not ended: a VM nobody is routed to needs no draining.
 * So is STOPPED, when the guest's program came to a good end by itself.
 */
public sealed interface VmState {
    Phase phase();

    /** When this phase was entered, or when the owner came that it cannot serve yet. */
    Instant since();

    /** The hypervisor process of this life, or null in the phases that have none or do not know. */
    default VmmProcess process() {
        return null;
    }

    /** When this phase must have been left, or null when it may last. */
    default Instant deadline() {
        return null;
    }

    /** Why it waits, is on its way out or ended, or null. */
    default Reason reason() {
        return null;
    }

    /** How its program ended, as far as that is known, or null while it has not. */
    default GuestExit exit() {
        return null;
    }

    /** A state that can still change. The ways out are open from everywhere. */
    sealed interface Live extends VmState {
        default Stopping toStopping(Instant now, Instant deadline, Reason reason) {
            return new Stopping(now, deadline, process(), reason);
        }

        default Stopped toStopped(Instant now, Reason reason, GuestExit exit) {
            return new Stopped(now, reason, exit);
        }

        default Failed toFailed(Instant now, Reason reason, GuestExit exit) {
            return new Failed(now, reason, exit);
        }
    }

    /**
     * A committed row and nothing else: no process, no directory.
     *
     * @param reason what it lacks, or null while that is nothing but its turn to boot
     */
    record Pending(Instant since, Reason reason) implements Live {
        public Pending(Instant since) {
            this(since, null);
        }

        /** The same wait for another reason. */
        public Pending waitingFor(Reason other) {
            return new Pending(since, other);
        }

        public Starting toStarting(Instant now, Instant deadline) {
            return new Starting(now, deadline);
        }

        @Override
        public Phase phase() {
            return Phase.PENDING;
        }
    }

    /** The hypervisor's process is being started and told what machine to build. */
    record Starting(Instant since, Instant deadline) implements Live {
        public Booting toBooting(Instant now, Instant deadline, VmmProcess process) {
            return new Booting(now, deadline, process);
        }

        @Override
        public Phase phase() {
            return Phase.STARTING;
        }
    }

    /** The guest's CPUs run; a VM with an owner stays here until it passes its health check. */
    record Booting(Instant since, Instant deadline, VmmProcess process) implements Live {
        public Warming toWarming(Instant now, Instant deadline) {
            return new Warming(now, deadline, process);
        }

        public Running toRunning(Instant now) {
            return new Running(now, process, true);
        }

        @Override
        public Phase phase() {
            return Phase.BOOTING;
        }
    }

    /** The guest of a VM without an owner has started its program, which must pass its health check. */
    record Warming(Instant since, Instant deadline, VmmProcess process) implements Live {
        public Warm toWarm(Instant now) {
            return new Warm(now, process);
        }

        /** Its owner has come early: what it still lacks is what a VM with an owner boots until. */
        public Booting toBooting() {
            return new Booting(since, deadline, process);
        }

        @Override
        public Phase phase() {
            return Phase.WARMING;
        }
    }

    /** Booted, healthy, and unknown to the load balancer: it has no owner, or has one that it cannot serve yet. */
    record Warm(Instant since, VmmProcess process) implements Live {
        public Running toRunning(Instant now) {
            return new Running(now, process, true);
        }

        public Paused toPaused(Instant now) {
            return new Paused(now, process);
        }

        /** The same, whose owner came just now. */
        public Warm promised(Instant now) {
            return new Warm(now, process);
        }

        @Override
        public Phase phase() {
            return Phase.WARM;
        }
    }

    /** Warm with its CPUs stopped. */
    record Paused(Instant since, VmmProcess process) implements Live {
        /** The same, whose owner came just now. */
        public Paused promised(Instant now) {
            return new Paused(now, process);
        }

        public Warm toWarm(Instant now) {
            return new Warm(now, process);
        }

        public Running toRunning(Instant now) {
            return new Running(now, process, true);
        }

        @Override
        public Phase phase() {
            return Phase.PAUSED;
        }
    }

    /** Serves its owner. It is routed while {@code healthy}; a change of health is where {@code since} starts anew. */
    record Running(Instant since, VmmProcess process, boolean healthy) implements Live {
        public Running withHealth(boolean healthy, Instant now) {
            return new Running(now, process, healthy);
        }

        public Draining toDraining(Instant now, Instant deadline, Reason reason) {
            return new Draining(now, deadline, process, reason);
        }

        @Override
        public Phase phase() {
            return Phase.RUNNING;
        }
    }

    /** Gets no new requests and may finish those it has. */
    record Draining(Instant since, Instant deadline, VmmProcess process, Reason reason) implements Live {
        @Override
        public Phase phase() {
            return Phase.DRAINING;
        }
    }

    /** The guest is asked to end, then made to. */
    record Stopping(Instant since, Instant deadline, VmmProcess process, Reason reason) implements Live {
        @Override
        public Phase phase() {
            return Phase.STOPPING;
        }
    }

    /** Ended because it was told to, or because its program was done. */
    record Stopped(Instant since, Reason reason, GuestExit exit) implements VmState {
        @Override
        public Phase phase() {
            return Phase.STOPPED;
        }
    }

    /** Ended by itself, or could not become what it should be. */
    record Failed(Instant since, Reason reason, GuestExit exit) implements VmState {
        @Override
        public Phase phase() {
            return Phase.FAILED;
        }
    }
}
