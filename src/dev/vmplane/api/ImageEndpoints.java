package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.LoadImage;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Fields;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageReference;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Images: see them, have one fetched or loaded, and end those that nobody needs. And the kernels of this host. */
final class ImageEndpoints {
    private static final String PATH = "/images/";
    private static final String DIGEST = "sha256:[0-9a-f]{64}";
    private static final Fields.Form ANY =
            new Fields.Form("(?s).{1,600}", "the reference of an image such as nginx:1.27");
    private static final Duration LOAD_LIMIT = Duration.ofMinutes(10);

    private final Bus bus;
    private final ImagePins pins;
    private final ImageWaits waits;
    private final BodyReader bodies;
    private final Upload upload;

    ImageEndpoints(Bus bus, ApiParts parts, ImageWaits waits, Upload upload) {
        this.bus = bus;
        this.pins = new ImagePins(bus);
        this.waits = waits;
        this.bodies = new BodyReader(parts.yaml());
        this.upload = upload;
    }

    Future<Answer> list(RoutingContext context) {
        return bus.ask(Address.STORE_IMAGE_LIST, new Query(context.queryParams()).page())
                .map(page -> Answer.ok(Representation.of(page, Representation::of)));
    }

    Future<Answer> get(RoutingContext context) {
        return find(name(context)).map(view -> Answer.ok(Representation.of(view)));
    }

    /** Accepted is durable: the image is known from then on, and is fetched until it is there. */
    Future<Answer> pull(RoutingContext context) {
        var limit = new Query(context.queryParams()).waitForImage();
        var asked = request(bodies.read(
                context.request().getHeader(HttpHeaders.CONTENT_TYPE),
                context.body().buffer()));
        return pins.lookUp(asked.reference(), asked.fresh())
                .recover(cause -> Future.failedFuture(ImagePins.about("image", cause)))
                .compose(pinned -> answer(pinned.digest(), limit));
    }

    private record Asked(String reference, boolean fresh) {}

    private static Asked request(Map<String, Object> body) {
        var fields = Fields.strict("", body);
        var asked = new Asked(fields.text("image", ANY), fields.flag("fresh"));
        fields.end();
        return asked;
    }

    private Future<Answer> answer(String digest, Optional<Duration> limit) {
        var view = limit.isEmpty() ? bus.ask(Address.STORE_IMAGE_GET, digest) : waits.settled(digest, limit.get());
        return view.map(image -> image.image().state() == Image.State.READY
                ? Answer.ok(Representation.of(image))
                : Answer.accepted(Representation.of(image), PATH + digest));
    }

    /** The body is an archive with the image, and may be large: it goes to a file as it comes. */
    Future<Answer> load(RoutingContext context) {
        var query = new Query(context.queryParams());
        var limit = query.waitForImage();
        var name = query.imageName();
        return upload.take(context.request())
                .compose(file -> bus.ask(Address.IMAGE_LOAD, new LoadImage(name, file, query.tag()), LOAD_LIMIT)
                        .onFailure(cause -> upload.forget(file)))
                .compose(image -> answer(image.digest(), limit));
    }

    /**
     * A name is taken from its image, and the last one takes the image with it; so does the digest. What is answered is what
     * was there.
     */
    Future<Answer> delete(RoutingContext context) {
        var name = name(context);
        return find(name)
                .compose(view -> view.image().references().contains(name)
                                && view.image().references().size() > 1
                        ? bus.ask(Address.STORE_IMAGE_UNTAG, name)
                                .map(image ->
                                        Answer.ok(Representation.of(new ImageView(image, view.jobs(), view.vms()))))
                        : bus.ask(Address.STORE_IMAGE_DELETE, view.image().digest())
                                .map(left -> Answer.accepted(Representation.of(left), null)));
    }

    Future<Answer> prune(RoutingContext context) {
        return bus.ask(Address.IMAGE_PRUNE, Nothing.NOTHING)
                .map(pruned -> Answer.ok(new JsonObject()
                        .put("digests", new JsonArray(pruned.digests()))
                        .put("bytes", pruned.bytes())));
    }

    Future<Answer> kernels(RoutingContext context) {
        return bus.ask(Address.IMAGE_KERNELS, Nothing.NOTHING).map(all -> {
            var items = new JsonArray();
            all.kernels().forEach(kernel -> items.add(Representation.of(kernel)));
            return Answer.ok(new JsonObject().put("items", items).put("next", null));
        });
    }

    private Future<ImageView> find(String name) {
        return bus.ask(Address.STORE_IMAGE_GET, name).recover(cause -> byDigest(name, cause));
    }

    /** A pinned reference is found by what it is pinned to. */
    private Future<ImageView> byDigest(String name, Throwable cause) {
        var at = name.lastIndexOf('@');
        return at > 0
                        && cause instanceof RefusedException refused
                        && refused.refusal().kind() == Refusal.Kind.NOT_FOUND
                ? bus.ask(Address.STORE_IMAGE_GET, name.substring(at + 1))
                : Future.failedFuture(cause);
    }

    /** A digest, or a reference in full: what the rest of the path says, whether its slashes are encoded or not. */
    private static String name(RoutingContext context) {
        var path = context.normalizedPath();
        var written = path.startsWith(PATH) ? path.substring(PATH.length()) : "";
        String name;
        try {
            name = QueryStringDecoder.decodeComponent(written.replace("+", "%2B"));
        } catch (IllegalArgumentException malformed) {
            name = written;
        }
        return name.matches(DIGEST) ? name : ImageReference.parse(name).text();
    }
}
