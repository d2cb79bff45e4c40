package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/**
 * What somebody wants of one job, complete: roles and defaults are already filled in.
 *
 * @param role name of the template it was filled from, or null
 * @param host extra host name the ingress serves it under, or null
 * @param allow exceptions from the walls around the VM; they hold from the moment a VM is attached
 */
public record Spec(
        String role,
        Boot boot,
        Lifecycle lifecycle,
        WarmPool warmPool,
        Restart restart,
        int replicas,
        String host,
        List<Allow> allow,
        Map<String, String> labels) {}
