package dev.vmplane.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The part of a spec that decides what boots. Two jobs with equal {@code Boot} can take each other's warm VMs, so the
 * spec hash is taken over exactly these fields.
 *
 * @param rootfs file name in the image directory, or the digest of an {@link Image}
 * @param kernel file name in the image directory
 * @param volumes in the order of their names
 * @param port where the program listens; what the load balancer sends requests to
 * @param tenant within whose walls it boots before it has an owner, and whose alone it is then; null when it boots outside
 *     all walls and may become anybody's
 */
public record Boot(
        String rootfs,
        String kernel,
        Program program,
        Resources resources,
        List<VolumeMount> volumes,
        int port,
        Health health,
        Hooks hooks,
        String tenant) {
    private static final String DIGEST = "sha256:";

    /** One whose program needs nothing but its arguments and environment, and is told nothing. */
    public Boot(
            String rootfs,
            String kernel,
            List<String> cmd,
            Map<String, String> env,
            Resources resources,
            List<VolumeMount> volumes,
            int port,
            Health health) {
        this(rootfs, kernel, new Program(cmd, env), resources, volumes, port, health, Hooks.NONE, null);
    }

    /** The same for VMs that nobody but this tenant may have; null for anybody. */
    Boot within(String tenant) {
        return new Boot(rootfs, kernel, program, resources, volumes, port, health, hooks, tenant);
    }

    /** The digest of the image it boots from, if it boots from one. */
    public Optional<String> image() {
        return rootfs.startsWith(DIGEST) ? Optional.of(rootfs) : Optional.empty();
    }
}
