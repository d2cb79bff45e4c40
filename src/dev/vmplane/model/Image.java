package dev.vmplane.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One image on this host: what a registry or an archive holds under a digest, and the root file system made of it.
 *
 * @param digest {@code sha256:} and 64 hexadecimal digits: of the manifest for this host's architecture
 * @param references the names it was asked for by, in full, such as {@code docker.io/library/nginx:1.27}; in order
 * @param config how it wants to be run
 * @param state how far it is
 * @param progress how much of it has been fetched
 * @param bytes what its root file system takes on this host's disk; 0 until it is ready
 * @param trouble why the last attempt to fetch it failed, or null
 * @param failures attempts in a row that failed
 * @param nextTry when it is fetched again, or null
 * @param node the host it lies on
 */
public record Image(
        String digest,
        List<String> references,
        ImageConfig config,
        State state,
        Progress progress,
        long bytes,
        String trouble,
        int failures,
        Instant nextTry,
        String node,
        Instant createdAt) {

    public enum State {
        /** Being fetched, or about to be. */
        PULLING,
        /** VMs can boot from it. */
        READY,
        /** The last attempt to fetch it failed; there will be another while {@code nextTry} says so. */
        FAILED,
        /** Its end was asked for: nobody gets it any more, and its files go before its row does. */
        DELETING
    }

    /** What a VM waits for whose image has no row. */
    static Reason unknown(String name) {
        return new Reason(ReasonCode.IMAGE_FAILED, name + " is not known to this host: ask for it again");
    }

    /**
     * Why a VM that is to boot from it must wait; nothing when it need not.
     *
     * @param name what the image is called by whoever waits
     */
    Optional<Reason> keepsWaiting(String name) {
        return switch (state) {
            case READY -> Optional.empty();
            case PULLING -> Optional.of(new Reason(ReasonCode.IMAGE_PULLING, name + " is being fetched: " + progress));
            case FAILED ->
                Optional.of(new Reason(
                        ReasonCode.IMAGE_FAILED, name + " cannot be fetched: " + trouble + "; next try at " + nextTry));
            case DELETING -> Optional.of(new Reason(ReasonCode.IMAGE_FAILED, name + " is being deleted"));
        };
    }

    /**
     * How far a pull is.
     *
     * @param bytes of the compressed layers, {@code of} in all
     * @param layers complete ones, {@code ofLayers} in all
     */
    public record Progress(long bytes, long of, int layers, int ofLayers) {
        private static final long MEBI = 1024 * 1024;

        /** For people: {@code 12 of 54 MiB, 2 of 5 layers}. */
        @Override
        public String toString() {
            return bytes / MEBI + " of " + (of + MEBI - 1) / MEBI + " MiB, " + layers + " of " + ofLayers + " layers";
        }
    }
}
