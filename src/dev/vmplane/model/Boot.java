package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/**
 * The part of a spec that decides what boots. Two jobs with equal {@code Boot} can take each other's warm VMs, so the
 * spec hash is taken over exactly these fields.
 *
 * @param rootfs file name in the image directory
 * @param kernel file name in the image directory
 * @param cmd argument vector; the first is looked up in the guest's {@code PATH} unless it holds a slash
 * @param env by name, in the order of names; values are any text without NUL
 * @param volumes in the order of their names
 * @param port where the program listens; what the load balancer sends requests to
 */
public record Boot(
        String rootfs,
        String kernel,
        List<String> cmd,
        Map<String, String> env,
        Resources resources,
        List<VolumeMount> volumes,
        int port,
        Health health) {}
