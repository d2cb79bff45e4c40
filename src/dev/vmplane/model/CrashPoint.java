package dev.vmplane.model;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The steps after which a dead control plane leaves the most behind. Tests end the process at one of them, as {@code kill
 * -9} would, and see whether the next start mends everything. Which one is said by the system property {@value #PROPERTY}:
 * {@code VM_STARTING} ends the process the first time it gets there, {@code VM_STARTING:3} the third time. Nothing is
 * asked for otherwise, and a step costs one comparison.
 */
public enum CrashPoint {
    /** A transaction is decided and nothing of it is written. */
    STORE_DECIDED,
    /** It is on disk, and nobody has been told. */
    STORE_COMMITTED,
    /** Everybody has been told but those who asked for it. */
    STORE_PUBLISHED,
    /** The ingress has heard of a commit and has not changed its routes. */
    ROUTES_BEHIND,
    /** What runs has been found, and nobody looks after it yet. */
    POOL_FOUND,
    /** A row has got its boot slot and its verticle. */
    POOL_DEPLOYED,
    /** What has no row is known, and all of it is there. */
    SWEEP_BEGUN,
    /** A process without a row is gone, and what it was lent is not. */
    SWEEP_KILLED,
    /** One kind of thing was lent to a VM. */
    LOAN_LENT,
    /** One kind of thing was taken back from a VM. */
    LOAN_TAKEN_BACK,
    /** The row says so, and nothing is made. */
    VM_STARTING,
    /** All that the machine needs is there but its process. */
    VM_PREPARED,
    /** The process runs, and nobody knows its pid. */
    VMM_SPAWNED,
    /** The process takes orders. */
    VMM_LAUNCHED,
    /** The machine is complete, and the row does not know its process. */
    VMM_CONFIGURED,
    /** The row knows the process, and the guest does not run. */
    VM_BOOTING,
    /** The guest runs. */
    VMM_BOOTED,
    /** The guest was warmed up, and the row has just said so. */
    VM_WARM,
    /** The guest of a job has passed its check for the first time. */
    VM_RUNNING,
    /** The VM has finished its requests, and its guest is not asked to end yet. */
    VM_STOPPING,
    /** The guest was asked to end. */
    VMM_ASKED,
    /** The VM has ended, and its process may live. */
    VM_ENDED,
    /** The process is gone, and what it was lent is not. */
    VMM_GONE,
    /** Nothing is left of the VM, and its row does not know. */
    VM_REMOVED;

    public static final String PROPERTY = "vmplane.crash_at";

    private static final int STATUS = 137;
    private static final String[] ASKED = System.getProperty(PROPERTY, "").split(":", 2);
    private static final CrashPoint AT = ASKED[0].isEmpty() ? null : valueOf(ASKED[0]);
    private static final AtomicInteger LEFT = new AtomicInteger(ASKED.length == 2 ? Integer.parseInt(ASKED[1]) : 1);

    /** Ends the process without another word if this is the step that was asked for. */
    public void here() {
        if (this == AT && LEFT.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(STATUS);
        }
    }
}
