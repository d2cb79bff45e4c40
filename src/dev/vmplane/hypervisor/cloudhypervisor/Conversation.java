package dev.vmplane.hypervisor.cloudhypervisor;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** How this driver speaks with the process of a machine: what each order may take, and what an answer means. */
record Conversation(UnixHttp http) {
    /** Every call is a matter of milliseconds, but waits for the one before it: the server has one thread. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(2);

    /** Booting loads the kernel and the initramfs and opens the disks before it answers. */
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(10);

    /** The innermost cause in the answer of a process that was not told which machine to be. */
    private static final String NO_MACHINE = "VM is not created";

    Future<Void> tell(Machine machine, Order order, String verb) {
        return http.send(machine.directory().apiSocket(), call(machine, order, verb, limit(order)))
                .mapEmpty();
    }

    Future<Inspection> inspect(Machine machine) {
        var question = call(machine, Order.Question.DESCRIBE, "be inspected", CALL_LIMIT);
        return http.send(machine.directory().apiSocket(), question)
                .transform((description, failure) ->
                        failure == null ? described(machine, description) : undescribed(failure));
    }

    /** Completes when a process that was just started takes orders, unless it has {@code ended}. */
    Future<String> awaitReady(Machine machine, Duration limit, Future<?> ended) {
        var probe = call(machine, Order.Question.PING, "launch", limit);
        return http.awaitReady(machine.directory().apiSocket(), probe, ended);
    }

    /** Whether {@code failure} is the hypervisor's own no, and not that it could not be heard. */
    boolean refuses(Throwable failure) {
        return failure instanceof HypervisorException refusal
                && refusal.reason().code() != ReasonCode.HYPERVISOR_SILENT;
    }

    static HypervisorException refusal(Machine machine, String verb, String why) {
        return new HypervisorException(ReasonCode.HYPERVISOR_REFUSED, sentence(machine, verb) + ": " + why);
    }

    static String sentence(Machine machine, String verb) {
        return "vm " + machine.vmId() + " cannot " + verb;
    }

    private static Call call(Machine machine, Order order, String verb, Duration limit) {
        var fields = order.fields();
        return new Call(
                sentence(machine, verb),
                refused(order),
                order.method(),
                order.path(),
                fields == null ? null : fields.toBuffer(),
                limit);
    }

    private static ReasonCode refused(Order order) {
        if (order instanceof Order.Create) {
            return ReasonCode.CONFIGURE_FAILED;
        }
        return order == Order.Question.PING ? ReasonCode.LAUNCH_FAILED : ReasonCode.HYPERVISOR_REFUSED;
    }

    private static Duration limit(Order order) {
        return order == Order.Action.BOOT ? BOOT_LIMIT : CALL_LIMIT;
    }

    private Future<Inspection> undescribed(Throwable failure) {
        return refuses(failure) && failure.getMessage().endsWith(NO_MACHINE)
                ? Future.succeededFuture(Inspection.NOT_STARTED)
                : Future.failedFuture(failure);
    }

    /** A machine has no name of its own, but its console has: the path is told back as it was given. */
    private static Future<Inspection> described(Machine machine, String description) {
        JsonObject fields;
        try {
            fields = new JsonObject(description);
        } catch (DecodeException notJson) {
            return Future.failedFuture(refusal(machine, "be inspected", "its description is not understood"));
        }
        var console = fields.getValue("config") instanceof JsonObject config
                        && config.getValue("serial") instanceof JsonObject serial
                ? serial.getValue("file")
                : null;
        if (!new SingleBoot(machine.directory()).console().toString().equals(console)) {
            return Future.failedFuture(refusal(machine, "be inspected", "another machine answers in its place"));
        }
        return switch (String.valueOf(fields.getValue("state"))) {
            case "Created" -> Future.succeededFuture(Inspection.NOT_STARTED);
            case "Running" -> Future.succeededFuture(Inspection.RUNNING);
            case "Paused" -> Future.succeededFuture(Inspection.PAUSED);
            case "Shutdown" -> Future.succeededFuture(Inspection.ENDED);
            default -> Future.failedFuture(refusal(machine, "be inspected", "its state is not understood"));
        };
    }
}
