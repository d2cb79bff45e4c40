package dev.vmplane.model;

import java.time.Instant;

/**
 * A disk of a tenant that outlives the VMs that have it, one at a time. It comes into being with the first wish that
 * names it and ends only when somebody asks for its end.
 *
 * @param id {@code vol-} and letters or digits that no other volume ever has; names its file
 * @param node the host its file lies on
 * @param deleting true once its end was asked for: nobody gets it any more, and its file goes before its row does
 */
public record Volume(
        String id, String tenant, String name, int sizeMib, String node, boolean deleting, Instant createdAt) {

    public VolumeKey key() {
        return new VolumeKey(tenant, name);
    }

    public Volume asDeleting() {
        return new Volume(id, tenant, name, sizeMib, node, true, createdAt);
    }
}
