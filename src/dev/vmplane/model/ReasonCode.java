package dev.vmplane.model;

import java.util.Locale;

/** Why a VM ended or does not move. Stable: shown to users in lower case, counted in metrics, kept in rows. */
public enum ReasonCode {
    /** The hypervisor's program is not on this host, or is of the wrong kind. */
    VMM_MISSING,
    /** The hypervisor's process could not be started, or ended before it took orders. */
    LAUNCH_FAILED,
    /** A kernel, initramfs or rootfs is missing or cannot be read. */
    IMAGE_UNREADABLE,
    /** Waiting: the image is being fetched. */
    IMAGE_PULLING,
    /** Waiting: the last attempt to fetch the image failed. */
    IMAGE_FAILED,
    /** The hypervisor refused a part of the machine. */
    CONFIGURE_FAILED,
    /** The hypervisor refused to start, pause, resume or stop the guest. */
    HYPERVISOR_REFUSED,
    /** The hypervisor did not answer within the limit. */
    HYPERVISOR_SILENT,
    /** The host could not lend a directory, an address or a process. */
    HOST_FAILED,
    /** The host could not connect the VM to its network. */
    NETWORK_FAILED,
    /** The host could not make the VM's disk or find room for it. */
    DISK_FAILED,
    /** The host could not set the VM's limits. */
    LIMITS_FAILED,
    /** The guest gave no sign of life within the boot limit. */
    GUEST_SILENT,
    /** The guest's agent did not answer, or said what cannot be understood. */
    AGENT_FAILED,
    /** A hook of the spec failed in the guest. */
    HOOK_FAILED,
    /** The guest never passed its health check within the grace period. */
    NEVER_HEALTHY,
    /** The guest stopped passing its health check. */
    UNHEALTHY,
    /** The hypervisor's process is gone and the guest did not say goodbye. */
    VMM_DIED,
    /** The guest's program ended by itself. */
    GUEST_EXITED,
    /** The attempt ran longer than the job's timeout. */
    TIMED_OUT,
    /** The control plane was restarted before this VM could be used. */
    ABANDONED,
    /** The job was deleted. */
    DELETED,
    /** Somebody stopped the job. */
    JOB_STOPPED,
    /** The job has a newer generation that wants other VMs. */
    REPLACED,
    /** The job wants fewer replicas. */
    SCALED_DOWN,
    /** The warm pool holds more than it wants, or nobody wants its hash any more. */
    POOL_SURPLUS,
    /** The host is full, and a VM that a job waits for needs the room of this warm one. */
    HOST_FULL,
    /** Waiting: a former attempt failed and its backoff has not passed. */
    BACKOFF,
    /** Waiting: as many VMs boot at once as this host allows. */
    NO_BOOT_SLOT,
    /** Waiting: this host has not enough processors or memory left. */
    NO_CAPACITY,
    /** Waiting: every guest address of this host is taken. */
    NO_ADDRESS,
    /** Waiting: another VM has a volume that this one needs. */
    VOLUME_BUSY,
    /** Waiting: the brake holds back a mass removal. */
    BRAKE,
    /** Will not be started again: its program came to a good end. */
    FINISHED,
    /** Will not be started again: the restart policy says so, or its attempts are used up. */
    NOT_RESTARTED,
    /** A defect of the control plane, confined to this VM. */
    DEFECT;

    /** Whether somebody wanted the VM gone, as opposed to it having failed or ended by itself. */
    public boolean wanted() {
        return this == DELETED
                || this == JOB_STOPPED
                || this == REPLACED
                || this == SCALED_DOWN
                || this == POOL_SURPLUS
                || this == HOST_FULL;
    }

    /** Whether it is a reason to let VMs without an owner go and no others. */
    public boolean warmOnly() {
        return this == POOL_SURPLUS || this == HOST_FULL;
    }

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
