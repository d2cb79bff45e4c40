package dev.vmplane.api;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;

/** The table of paths and methods. A path that is known answers every other method by naming those it has. */
final class Endpoints {
    private final Router router;
    private final Map<String, StringJoiner> methods = new LinkedHashMap<>();

    Endpoints(Router router) {
        this.router = router;
        router.route().failureHandler(failed -> Problem.of(failed).answer(failed));
        // A path that cannot be decoded is on no route, and so has none that could fail.
        router.errorHandler(400, Problem.MALFORMED::answer);
    }

    /** Answers with what {@code endpoint} comes to, or with the problem it fails with. */
    Endpoints answer(HttpMethod method, String path, Function<RoutingContext, Future<Answer>> endpoint) {
        return handle(
                method,
                path,
                context -> endpoint.apply(context).onComplete(answer -> answer.send(context), context::fail));
    }

    Endpoints handle(HttpMethod method, String path, Handler<RoutingContext> handler) {
        methods.computeIfAbsent(path, first -> new StringJoiner(", ")).add(method.name());
        router.route(method, path).handler(handler);
        return this;
    }

    /** Ends the table: from here on every request is an error. */
    void refuseTheRest() {
        methods.forEach((path, allowed) -> router.route(path).handler(context -> {
            context.response().putHeader(HttpHeaders.ALLOW, allowed.toString());
            new Problem(405, "method_not_allowed", null, "this path answers " + allowed).answer(context);
        }));
        router.route().handler(context -> context.fail(404));
    }
}
