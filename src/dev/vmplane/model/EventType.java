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
    /**
     * A VM that cannot serve at once got its owner. One on its way to be warm goes on as if it had been booted for it; one
     * that is warm must be resumed, or be told of its owner.
     */
    VM_CLAIMED("vm.claimed"),
    /** A warm VM serves its owner from here on. */
    VM_ATTACHED("vm.attached"),
    VM_PHASE("vm.phase"),
    VM_HEALTH("vm.health"),
    /** Nothing of an ended VM is left on the host. */
    VM_RELEASED("vm.released"),
    /** The row of an ended VM was forgotten. */
    VM_FORGOTTEN("vm.forgotten"),
    /** Failures in a row changed the time of the next attempt. */
    RETRY_CHANGED("retry.changed"),
    /** A wish named a volume for the first time. */
    VOLUME_CREATED("volume.created"),
    /** A VM got the volume, before it boots. */
    VOLUME_ATTACHED("volume.attached"),
    /** Nothing of the VM that had the volume is left: the next one may have it. */
    VOLUME_DETACHED("volume.detached"),
    /** Somebody asked for the end of the volume; nobody gets it any more. */
    VOLUME_DELETING("volume.deleting"),
    /** The volume and all that was on it is gone. */
    VOLUME_DELETED("volume.deleted"),
    /** An image was asked for that is not here, or not any more: it is being fetched. */
    IMAGE_PULLING("image.pulling"),
    /** More of an image has been fetched. */
    IMAGE_PROGRESS("image.progress"),
    /** VMs can boot from the image. */
    IMAGE_READY("image.ready"),
    /** An attempt to fetch the image failed. */
    IMAGE_FAILED("image.failed"),
    /** A name has come to mean this image, or means it no longer. */
    IMAGE_TAGGED("image.tagged"),
    /** Somebody asked for the end of the image, or the room for images is used up; nobody gets it any more. */
    IMAGE_DELETING("image.deleting"),
    /** The image is gone. */
    IMAGE_DELETED("image.deleted");

    private final String text;

    EventType(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
