package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.VolumeKey;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;

/** Volumes: see them, and end one. They come into being with the jobs that name them. */
final class VolumeEndpoints {
    private final Bus bus;

    VolumeEndpoints(Bus bus) {
        this.bus = bus;
    }

    Future<Answer> list(RoutingContext context) {
        return bus.ask(Address.STORE_VOLUME_LIST, new Query(context.queryParams()).pageOfTenant())
                .map(page -> Answer.ok(Representation.of(page, Representation::of)));
    }

    Future<Answer> get(RoutingContext context) {
        return bus.ask(Address.STORE_VOLUME_GET, key(context)).map(view -> Answer.ok(Representation.of(view)));
    }

    /** Accepted is durable: nobody gets the volume any more, and it is not found once its file is gone. */
    Future<Answer> delete(RoutingContext context) {
        return bus.ask(Address.STORE_VOLUME_DELETE, key(context))
                .map(view -> Answer.accepted(Representation.of(view), null));
    }

    private static VolumeKey key(RoutingContext context) {
        return new VolumeKey(new Query(context.queryParams()).tenant(), context.pathParam("name"));
    }
}
