package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.Comparator;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Programs that people run in guests, over a WebSocket each, see {@link ExecMessage}. What this server refuses it refuses
 * before it becomes one; what the guest says of the program is told in it.
 */
final class ExecEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(ExecEndpoints.class);

    private static final int MAX_SESSIONS = 256;
    private static final int TOO_MANY = 429;

    private final Bus bus;
    private final Time time;
    private int sessions;

    ExecEndpoints(Bus bus, Time time) {
        this.bus = bus;
        this.time = time;
    }

    void inJob(RoutingContext context) {
        var jobId = context.pathParam("job_id");
        open(
                context,
                query -> bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null)).compose(view -> choose(view, query)));
    }

    void inInstance(RoutingContext context) {
        var vmId = context.pathParam("vm_id");
        open(
                context,
                query -> bus.ask(Address.STORE_INSTANCE_GET, vmId)
                        .compose(vm -> up(vm)
                                ? Future.succeededFuture(vm)
                                : notRunning("vm " + vmId + " cannot run a program: it is " + vm.phase())));
    }

    private void open(RoutingContext context, Function<ExecQuery, Future<MicroVm>> find) {
        var request = context.request();
        if (!"websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE))) {
            context.response().putHeader(HttpHeaders.UPGRADE, "websocket");
            new Problem(426, "websocket_needed", null, "a program is run over a WebSocket").answer(context);
            return;
        }
        if (!Origin.isOurs(request.getHeader(HttpHeaders.ORIGIN), request.getHeader(HttpHeaders.HOST))) {
            new Problem(403, "foreign_origin", null, "a page of another site cannot run programs here").answer(context);
            return;
        }
        var query = ExecQuery.of(context.queryParams());
        if (sessions >= MAX_SESSIONS) {
            tooMany("the program cannot be run: " + MAX_SESSIONS + " are run already")
                    .answer(context);
            return;
        }
        sessions++;
        request.pause();
        find.apply(query).onComplete(vm -> start(context, query, vm), cause -> {
            sessions--;
            context.fail(cause);
        });
    }

    private void start(RoutingContext context, ExecQuery query, MicroVm vm) {
        var session = new ExecSession(UUID.randomUUID().toString(), bus, time, () -> sessions--);
        session.start(vm.vmId(), query)
                .onComplete(
                        started -> {
                            LOG.atInfo()
                                    .addKeyValue("vm", vm.vmId())
                                    .addKeyValue("pid", started.pid())
                                    .log("somebody runs a program in a guest");
                            context.request().toWebSocket().onComplete(session::attach, gone -> session.abandon());
                        },
                        cause -> refuse(context, cause));
    }

    /** A guest that cannot run the program says so where it would have said how it ended. */
    private static void refuse(RoutingContext context, Throwable cause) {
        var refusal = cause instanceof RefusedException refused ? refused.refusal() : null;
        if (refusal != null && refusal.kind() == Refusal.Kind.INVALID) {
            context.request().toWebSocket().onSuccess(socket -> ExecSession.refuse(socket, refusal));
        } else if (refusal != null && refusal.kind() == Refusal.Kind.BUSY) {
            tooMany(refusal.message()).answer(context);
        } else {
            context.fail(cause);
        }
    }

    private static Problem tooMany(String why) {
        return new Problem(TOO_MANY, "too_many_sessions", null, why);
    }

    /** One that serves before one that does not, the first replica before the second. */
    private static Future<MicroVm> choose(JobView view, ExecQuery query) {
        var replica = query.replica();
        return view.instances().stream()
                .filter(ExecEndpoints::up)
                .filter(vm -> replica == null || vm.owner().replica() == replica)
                .min(Comparator.comparing((MicroVm vm) -> !vm.serving())
                        .thenComparing(vm -> vm.phase() == Phase.DRAINING)
                        .thenComparing(vm -> vm.owner().replica()))
                .map(Future::succeededFuture)
                .orElseGet(() -> notRunning((replica == null ? "job " : "replica " + replica + " of job ")
                        + view.job().jobId() + " cannot run a program: no VM of it is up"));
    }

    /** Whether a guest runs, as far as its row tells; the guest itself has the last word. */
    private static boolean up(MicroVm vm) {
        return switch (vm.phase()) {
            case BOOTING, WARMING, WARM, RUNNING, DRAINING -> true;
            case PENDING, STARTING, PAUSED, STOPPING, STOPPED, FAILED -> false;
        };
    }

    private static Future<MicroVm> notRunning(String why) {
        return Future.failedFuture(new Refusal(Refusal.Kind.CONFLICT, "not_running", null, why).asException());
    }
}
