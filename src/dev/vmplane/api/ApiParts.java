package dev.vmplane.api;

import dev.vmplane.model.Boot;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.function.Function;

/**
 * What one {@link ApiVerticle} is given by the start-up code, because it belongs to other folders.
 *
 * @param yaml reads a YAML text; throws {@link RefusedException}
 * @param images fails with a {@link RefusedException} unless all files that a spec boots from are there
 * @param events answers {@code GET /events}; it is used on one event loop only, so each verticle gets its own
 */
public record ApiParts(
        Function<String, Map<String, Object>> yaml,
        Wishes wishes,
        Function<Boot, Future<Void>> images,
        Uploads uploads,
        Handler<RoutingContext> events,
        PrometheusMeterRegistry metrics,
        Time time) {}
