package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/**
 * What somebody wants of one job, complete: roles and defaults are already filled in.
 *
 * @param role name of the template it was filled from, or null
 * @param image the reference it was asked for by, pinned to its digest as in {@link PinnedImage}; null when it boots from
 *     a file
 * @param host extra host name the ingress serves it under, or null
 * @param allow exceptions from the walls around the VM; they hold from the moment a VM is attached
 * @param attachEnv environment that a VM is told when it is attached, by name: not part of what boots
 */
public record Spec(
        String role,
        String image,
        Boot boot,
        Lifecycle lifecycle,
        WarmPool warmPool,
        Restart restart,
        Completion completion,
        int replicas,
        String host,
        List<Allow> allow,
        Map<String, String> attachEnv,
        Map<String, String> labels) {

    /** One that boots from a file and has nothing to be told later. */
    public Spec(
            String role,
            Boot boot,
            Lifecycle lifecycle,
            WarmPool warmPool,
            Restart restart,
            int replicas,
            String host,
            List<Allow> allow,
            Map<String, String> labels) {
        this(role, null, boot, lifecycle, warmPool, restart, Completion.OPEN, replicas, host, allow, Map.of(), labels);
    }
}
