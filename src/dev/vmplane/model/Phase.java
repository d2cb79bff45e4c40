package dev.vmplane.model;

/** The name of a {@link VmState}: what to switch on, to show, and to keep in a column. */
public enum Phase {
    PENDING,
    STARTING,
    BOOTING,
    WARMING,
    WARM,
    PAUSED,
    RUNNING,
    DRAINING,
    STOPPING,
    STOPPED,
    FAILED;

    /** Nothing of this life will run again. */
    public boolean ended() {
        return this == STOPPED || this == FAILED;
    }

    /** On its way to {@link #WARM} or {@link #RUNNING}, not there yet. */
    public boolean rising() {
        return this == PENDING || this == STARTING || this == BOOTING || this == WARMING;
    }

    /** On its way out, or out. */
    public boolean leaving() {
        return this == DRAINING || this == STOPPING || ended();
    }
}
