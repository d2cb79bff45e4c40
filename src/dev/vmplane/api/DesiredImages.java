package dev.vmplane.api;

import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The images that the jobs of the desired file ask for, as far as they were found. A job whose image was not stays as it is:
 * that a registry is away does not mean that the job is not desired.
 *
 * @param pins by job
 * @param refused why there is none, by job
 */
record DesiredImages(Map<String, PinnedImage> pins, Map<String, Refusal> refused) {
    /** Registries are asked by a process each. */
    private static final int AT_ONCE = 8;

    static Future<DesiredImages> find(ImagePins images, Map<String, String> references) {
        var found = new DesiredImages(new HashMap<>(), new HashMap<>());
        var done = Promise.<DesiredImages>promise();
        found.findSome(images, references.entrySet().iterator(), done);
        return done.future();
    }

    private void findSome(ImagePins images, Iterator<Map.Entry<String, String>> left, Promise<DesiredImages> done) {
        var underWay = new ArrayList<Future<?>>();
        while (left.hasNext() && underWay.size() < AT_ONCE) {
            var wanted = left.next();
            underWay.add(images.pin(wanted.getKey(), wanted.getValue(), false, "spec.image")
                    .onComplete(pin -> pins.put(wanted.getKey(), pin), cause -> refuse(wanted.getKey(), cause)));
        }
        if (underWay.isEmpty()) {
            done.complete(this);
        } else {
            Future.join(underWay).onComplete(ended -> findSome(images, left, done));
        }
    }

    private void refuse(String jobId, Throwable cause) {
        var refusal = cause instanceof RefusedException known
                ? known.refusal()
                : new Refusal(Refusal.Kind.UNAVAILABLE, "internal", null, cause.toString());
        refused.put(jobId, refusal);
    }
}
