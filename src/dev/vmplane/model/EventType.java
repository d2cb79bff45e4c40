package dev.vmplane.model;

/** What an {@link Event} tells. The text is part of the API. */
public enum EventType {
    JOB_CREATED("job.created"),
    JOB_CHANGED("job.changed"),
    JOB_DELETED("job.deleted"),
    /** No warm VM was there for a job that needed one; it boots cold. */
    POOL_MISS("pool.miss"),
    VM_CREATED("vm.created"),
    /** What a VM that has not begun to boot lacks has changed; without a reason it is nothing but its turn. */
    VM_WAITING("vm.waiting"),
    /** A VM on its way to be warm got its owner: it goes on as if it had been booted for it. */
    VM_CLAIMED("vm.claimed"),
    /** A warm VM got its owner. */
    VM_ATTACHED("vm.attached"),
    VM_PHASE("vm.phase"),
    VM_HEALTH("vm.health"),
    /** Nothing of an ended VM is left on the host. */
    VM_RELEASED("vm.released"),
    /** The row of an ended VM was forgotten. */
    VM_FORGOTTEN("vm.forgotten"),
    /** Failures in a row changed the time of the next attempt. */
    RETRY_CHANGED("retry.changed");

    private final String text;

    EventType(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
