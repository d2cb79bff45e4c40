package dev.vmplane.vm;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Hooks.Hook;
import dev.vmplane.model.Time;
import dev.vmplane.vm.agent.Agent;
import dev.vmplane.vm.agent.AgentException;
import dev.vmplane.vm.agent.Attachment;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.time.Duration;

/**
 * What one guest is told at the turns of its life, and what it means when it does not take it. Nothing here remembers what
 * was said: after a restart of the control plane it is said again.
 */
final class GuestWords {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ENTROPY_BYTES = 32;
    private static final int FIRST_GOOD = 200;
    private static final int FIRST_BAD = 300;

    private final VmRow row;
    private final Agent agent;
    private final Time time;

    GuestWords(VmRow row, Agent agent, Time time) {
        this.row = row;
        this.agent = agent;
        this.time = time;
    }

    /** Its CPUs run again: what time it is now, and randomness that no copy of it has. */
    Future<Void> wake() {
        var entropy = new byte[ENTROPY_BYTES];
        RANDOM.nextBytes(entropy);
        return agent.wake(time.now(), Buffer.buffer(entropy));
    }

    /** It is to become warm. */
    Future<Void> warm() {
        var hook = row.vm().boot().hooks().warm();
        return hook == null ? Future.succeededFuture() : call("warm", hook, about("warm"));
    }

    /** Whether there is anything to tell it about its job. */
    boolean concerns(DesiredVm job) {
        return row.vm().boot().hooks().attach() != null
                || !job.spec().attachEnv().isEmpty();
    }

    /** It has a job: where its program looks for that first, then to the program itself. */
    Future<Void> attach(DesiredVm job) {
        if (!concerns(job)) {
            return Future.succeededFuture();
        }
        var env = job.spec().attachEnv();
        var hook = row.vm().boot().hooks().attach();
        var told = agent.attach(new Attachment(job.jobId(), job.tenant(), env));
        if (hook == null) {
            return told;
        }
        var variables = new JsonObject();
        env.forEach(variables::put);
        return told.compose(done -> call("attach", hook, owned("attach").put("env", variables)));
    }

    /** It gets no new requests any more, and has so long to finish. */
    Future<Void> drain(Duration left) {
        var hook = row.vm().boot().hooks().drain();
        if (hook == null || left.isZero()) {
            return Future.succeededFuture();
        }
        var limit = hook.timeout().compareTo(left) < 0 ? hook.timeout() : left;
        return call("drain", new Hook(hook.path(), hook.port(), limit), owned("drain"));
    }

    private JsonObject about(String hook) {
        return new JsonObject().put("hook", hook).put("vm_id", row.id());
    }

    private JsonObject owned(String hook) {
        var owner = row.owner();
        return about(hook)
                .put("job_id", owner.jobId())
                .put("tenant", owner.tenant())
                .put("replica", owner.replica());
    }

    private Future<Void> call(String name, Hook hook, JsonObject body) {
        return agent.hook(hook, body.toBuffer()).transform((status, cause) -> {
            if (cause instanceof AgentException refused && !refused.isUnreachable()) {
                return failed(name, "cannot be called: " + refused.getMessage());
            }
            if (cause != null) {
                return Future.failedFuture(cause);
            }
            return status >= FIRST_GOOD && status < FIRST_BAD
                    ? Future.succeededFuture()
                    : failed(name, "answered with status " + status);
        });
    }

    private static Future<Void> failed(String name, String how) {
        return Future.failedFuture(new HookException("the " + name + " hook " + how));
    }
}
