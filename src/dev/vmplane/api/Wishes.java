package dev.vmplane.api;

import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.RefusedException;
import java.util.Map;
import java.util.Optional;

/** Makes complete wishes of the bodies of requests. */
public interface Wishes {
    /**
     * The image that a request asks for, as it is written there or in its role; nothing when it boots from a file.
     *
     * @throws RefusedException when something is wrong in the request, whatever is in that image
     */
    Optional<String> image(Map<String, Object> request);

    /**
     * What is wished for.
     *
     * @param image what the request's {@link #image} means, or null when it asks for none
     * @throws RefusedException when it cannot be
     */
    PutJob read(Map<String, Object> request, PinnedImage image);

    /**
     * The same for requests that were made from a complete wish: what has become of the role since then adds nothing to it.
     *
     * @param role of that wish, or null
     */
    Wishes asWritten(String role);
}
