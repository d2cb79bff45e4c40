package dev.vmplane.model;

/** That a VM has a volume; it does until nothing of the VM is left on its host. */
public record VolumeUse(String name, String vmId, String jobId) {

    /** Why {@code waiting}, a job that names the volume, has no VM. */
    Reason keepsWaiting(DesiredVm waiting) {
        var holder = jobId.equals(waiting.jobId())
                ? vmId + ", the job's former VM, which must be gone first"
                : vmId + " of job '" + jobId + "' until that VM is gone";
        return new Reason(ReasonCode.VOLUME_BUSY, "volume '" + name + "' is with " + holder);
    }
}
