package dev.vmplane.hypervisor;

/** What a hypervisor says of its machine. */
public enum Inspection {
    /** The process answers, its guest has not been started. */
    NOT_STARTED,
    RUNNING,
    PAUSED,
    /** The guest has ended and its process is still there. */
    ENDED
}
