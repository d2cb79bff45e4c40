package dev.vmplane.vm;

import dev.vmplane.model.GuestExit;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Phase;
import dev.vmplane.vm.agent.Agent;
import dev.vmplane.vm.agent.AgentException;
import dev.vmplane.vm.agent.AgentExceptions;
import dev.vmplane.vm.agent.Attachment;
import dev.vmplane.vm.agent.ExecCommand;
import dev.vmplane.vm.agent.ExecSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * An agent without a guest: it remembers what it was asked, in words such as {@code hook /warm} or {@code wake}, and fails or
 * waits as a test says. That it can be asked to end its guest is said by {@link #obeys}; until then it is not there for that.
 */
final class FakeAgent implements Agent {
    static final GuestMetrics METRICS = new GuestMetrics(1, 2, 3, 4, 5, 6, 7, 8);

    private final Supplier<Phase> row;
    private final List<String> asked = new ArrayList<>();
    private final Map<String, Phase> rowAt = new HashMap<>();
    private final Map<String, RuntimeException> failures = new HashMap<>();
    private final Map<String, Promise<Void>> gates = new HashMap<>();
    private final Map<String, Integer> statuses = new HashMap<>();
    private final Map<String, JsonObject> bodies = new HashMap<>();
    private final BlockingQueue<Program> programs = new LinkedBlockingQueue<>();
    private Attachment attachment;
    private Instant clock;
    private Runnable stopped;

    /** @param row tells what the VM's row says at the moment of a question */
    FakeAgent(Supplier<Phase> row) {
        this.row = row;
    }

    /** From here on a guest that is asked to end does this. */
    synchronized void obeys(Runnable end) {
        stopped = end;
    }

    synchronized void fail(String question, RuntimeException cause) {
        failures.put(question, cause);
    }

    /** From here on the hook at this path answers with another status than 200. */
    synchronized void answers(String path, int status) {
        statuses.put("hook " + path, status);
    }

    /** Lets questions of this kind wait until the promise is completed. */
    synchronized Promise<Void> hold(String question) {
        return gates.computeIfAbsent(question, held -> Promise.promise());
    }

    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    synchronized Phase rowAt(String question) {
        return rowAt.get(question);
    }

    /** What the hook at this path was last told. */
    synchronized JsonObject body(String path) {
        return bodies.get("hook " + path);
    }

    synchronized Attachment attachment() {
        return attachment;
    }

    synchronized Instant clock() {
        return clock;
    }

    /** The next program that somebody has started. */
    Program program() {
        try {
            var next = programs.poll(20, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nobody started a program");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public synchronized Future<Integer> hook(Hooks.Hook hook, Buffer json) {
        var question = "hook " + hook.path();
        bodies.put(question, json.toJsonObject());
        return perform(question).map(done -> statuses.getOrDefault(question, 200));
    }

    @Override
    public synchronized Future<Void> attach(Attachment attachment) {
        this.attachment = attachment;
        return perform("attach");
    }

    @Override
    public synchronized Future<Void> wake(Instant now, Buffer entropy) {
        clock = now;
        return perform("wake");
    }

    @Override
    public synchronized Future<Void> stop() {
        if (stopped == null && !gates.containsKey("stop")) {
            return Future.failedFuture(AgentExceptions.unreachable());
        }
        return perform("stop").onSuccess(done -> stopped.run());
    }

    @Override
    public synchronized Future<GuestMetrics> metrics() {
        return perform("metrics").map(METRICS);
    }

    @Override
    public synchronized Future<ExecSession> exec(ExecCommand command, ExecSession.Output output) {
        return perform("exec " + String.join(" ", command.cmd())).map(done -> {
            var program = new Program(command, output, Vertx.currentContext());
            programs.add(program);
            return program;
        });
    }

    @Override
    public synchronized void close() {
        asked.add("close");
    }

    private Future<Void> perform(String question) {
        asked.add(question);
        rowAt.put(question, row.get());
        var gate = gates.containsKey(question) ? gates.get(question).future() : Future.<Void>succeededFuture();
        return FakeHypervisor.onTheCallersLoop(gate).map(open -> {
            var failure = failureOf(question);
            if (failure != null) {
                throw failure;
            }
            return null;
        });
    }

    private synchronized RuntimeException failureOf(String question) {
        return failures.get(question);
    }

    /** A program that says what a test says. */
    static final class Program implements ExecSession {
        private final ExecCommand command;
        private final Output output;
        private final Context context;
        private final List<String> heard = new ArrayList<>();

        private Program(ExecCommand command, Output output, Context context) {
            this.command = command;
            this.output = output;
            this.context = context;
        }

        ExecCommand command() {
            return command;
        }

        synchronized List<String> heard() {
            return List.copyOf(heard);
        }

        Future<Void> says(boolean stderr, String text) {
            var taken = Promise.<Void>promise();
            context.runOnContext(
                    here -> output.took(stderr, Buffer.buffer(text)).onComplete(taken));
            return taken.future();
        }

        void ends(GuestExit exit) {
            context.runOnContext(here -> output.ended(exit));
        }

        void isLost(AgentException why) {
            context.runOnContext(here -> output.lost(why));
        }

        @Override
        public int pid() {
            return 42;
        }

        @Override
        public synchronized Future<Void> input(Buffer bytes) {
            heard.add("input " + bytes);
            return Future.succeededFuture();
        }

        @Override
        public synchronized void endInput() {
            heard.add("end");
        }

        @Override
        public synchronized void resize(int rows, int columns) {
            heard.add("resize " + rows + " " + columns);
        }

        @Override
        public synchronized void close() {
            heard.add("close");
        }
    }
}
