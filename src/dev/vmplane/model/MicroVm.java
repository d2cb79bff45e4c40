package dev.vmplane.model;

import java.time.Instant;
import java.util.List;

/**
 * One life of one hypervisor process. It is never used for a second job and never started a second time.
 *
 * @param vmId {@code vm-} and ten letters or digits, in the name of everything the host lends it
 * @param node the host it lives on
 * @param owner the place it fills, or null while it is warm or becoming so
 * @param address IPv4 address at which this host reaches the guest; its own for as long as the row lives, or null while
 *     a VM that is PENDING waits for one
 * @param volumeIds the volumes it has until it is released, in the order of {@code boot.volumes()}
 * @param released true when nothing of it is left on the host; only ended VMs are
 */
public record MicroVm(
        String vmId,
        String node,
        String specHash,
        Boot boot,
        Owner owner,
        VmState state,
        String address,
        List<String> volumeIds,
        Instant createdAt,
        boolean released) {

    /** One that has no volumes. */
    public MicroVm(
            String vmId,
            String node,
            String specHash,
            Boot boot,
            Owner owner,
            VmState state,
            String address,
            Instant createdAt,
            boolean released) {
        this(vmId, node, specHash, boot, owner, state, address, List.of(), createdAt, released);
    }

    public Phase phase() {
        return state.phase();
    }

    /** Whether the ingress may send it requests, as far as the VM itself is concerned. */
    public boolean serving() {
        return owner != null && state instanceof VmState.Running running && running.healthy();
    }

    public boolean claimable() {
        return owner == null && (phase() == Phase.WARM || phase() == Phase.PAUSED);
    }

    /** Whether it was warm when it got its owner, and has still to be resumed or told of it before it can serve. */
    public boolean attaching() {
        return owner != null && (phase() == Phase.WARM || phase() == Phase.PAUSED);
    }

    public MicroVm with(VmState state) {
        return new MicroVm(vmId, node, specHash, boot, owner, state, address, volumeIds, createdAt, released);
    }

    public MicroVm with(Owner owner, VmState state) {
        return new MicroVm(vmId, node, specHash, boot, owner, state, address, volumeIds, createdAt, released);
    }

    public MicroVm at(String address) {
        return new MicroVm(vmId, node, specHash, boot, owner, state, address, volumeIds, createdAt, released);
    }

    public MicroVm asReleased() {
        return new MicroVm(vmId, node, specHash, boot, owner, state, address, volumeIds, createdAt, true);
    }
}
