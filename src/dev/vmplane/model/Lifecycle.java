package dev.vmplane.model;

/** What the end of a guest means for the job that owns it, and whether the load balancer ever learns of it. */
public enum Lifecycle {
    /** Routed once running and healthy, drained before it is stopped, restarted when its guest ends. */
    SERVICE,
    /** As a service, but never routed. */
    DAEMON,
    /** Runs to its end once: the exit status is its result. Has no warm pool and is never routed. */
    JOB
}
