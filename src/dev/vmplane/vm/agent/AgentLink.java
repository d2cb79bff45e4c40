package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The agent of one guest over one connection, which is opened when it is needed and closed when nothing was asked for a few
 * seconds: a quiet VM holds no descriptor. An agent that does not answer in time is taken for dead, and its connection with
 * it: the next question greets it anew. Lives on one event loop.
 */
public final class AgentLink implements Agent {
    /** A guest that has just started, or whose agent has just been started again, may take its time. */
    private static final Duration OPEN_LIMIT = Duration.ofSeconds(5);

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    /** For whoever has another way to make the guest end. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

    private static final Duration QUIET = Duration.ofSeconds(5);
    private static final long NANOS = 1_000_000_000L;

    private final String vmId;
    private final Supplier<Future<NetSocket>> way;
    private final Time time;
    /** The last there was, or null; it may be closed. */
    private AgentConnection connection;

    /** The next, while it is not there yet, or null. */
    private AgentOpening opening;

    private Future<AgentConnection> opened;

    private Alarm quiet = () -> {};

    /** @param way gives a fresh connection, on which nobody listens yet, each time it is asked */
    public AgentLink(String vmId, Supplier<Future<NetSocket>> way, Time time) {
        this.vmId = vmId;
        this.way = way;
        this.time = time;
    }

    @Override
    public Future<Integer> hook(Hooks.Hook hook, Buffer json) {
        var limit = hook.timeout().plus(OPEN_LIMIT);
        return sensible(() -> new AgentEntries()
                        .put("port", hook.port())
                        .put("path", hook.path())
                        .put("timeout_ms", hook.timeout().toMillis())
                        .put("body", json.toString()))
                .compose(payload -> ask(new Question(Kind.HOOK, payload, Kind.DONE), limit, AgentLink::status));
    }

    @Override
    public Future<Void> attach(Attachment attachment) {
        return sensible(() -> new AgentEntries()
                        .put("job_id", attachment.jobId())
                        .put("tenant", attachment.tenant())
                        .putVariables(attachment.env()))
                .compose(payload ->
                        ask(new Question(Kind.ATTACH, payload, Kind.DONE), ANSWER_LIMIT, AgentLink::nothing));
    }

    @Override
    public Future<Void> wake(Instant now, Buffer entropy) {
        var question = Buffer.buffer()
                .appendLongLE(now.getEpochSecond() * NANOS + now.getNano())
                .appendBuffer(entropy);
        return ask(new Question(Kind.CLOCK, question, Kind.DONE), ANSWER_LIMIT, AgentLink::nothing);
    }

    @Override
    public Future<Void> stop() {
        var question = new Question(Kind.STOP, Buffer.buffer(), Kind.DONE);
        return within(STOP_LIMIT, put(question, Duration.ZERO)).mapEmpty();
    }

    @Override
    public Future<GuestMetrics> metrics() {
        var question = new Question(Kind.METRICS, Buffer.buffer(), Kind.MEASURED);
        return ask(question, ANSWER_LIMIT, AgentLink::metrics);
    }

    @Override
    public Future<ExecSession> exec(ExecCommand command, ExecSession.Output output) {
        var started = sensible(() -> entries(command))
                .compose(payload -> open(OPEN_LIMIT).compose(open -> {
                    var exec = new AgentExec(open, output, time);
                    exec.numbered(begin(open, Kind.EXEC, payload, exec));
                    return exec.started();
                }));
        return within(ANSWER_LIMIT, started);
    }

    private static AgentEntries entries(ExecCommand command) {
        var entries = new AgentEntries();
        command.cmd().forEach(argument -> entries.put("arg", argument));
        entries.putVariables(command.env()).putIfThere("user", command.user()).putIfThere("workdir", command.workdir());
        return command.terminal() == null
                ? entries
                : entries.put("tty", 1)
                        .put("rows", command.terminal().rows())
                        .put("cols", command.terminal().columns());
    }

    @Override
    public void close() {
        end("the control plane lets go of it");
    }

    /** What is asked, and what a good answer is. */
    private record Question(Kind kind, Buffer payload, Kind wanted) {}

    /** What fits into no frame is the asker's mistake. */
    private static Future<Buffer> sensible(Supplier<AgentEntries> entries) {
        try {
            return fitting(entries.get().encoded());
        } catch (AgentFrameException senseless) {
            return tooMuch(senseless.getMessage());
        }
    }

    private static Future<Buffer> fitting(Buffer payload) {
        return payload.length() <= AgentFrame.MAX_PAYLOAD_BYTES
                ? Future.succeededFuture(payload)
                : tooMuch(payload.length() + " bytes are too many, " + AgentFrame.MAX_PAYLOAD_BYTES + " at most");
    }

    private static <T> Future<T> tooMuch(String why) {
        return Future.failedFuture(AgentException.refused("bad_request", "the guest's agent cannot be asked: " + why));
    }

    private static Void nothing(Buffer answer) {
        return null;
    }

    private static int status(Buffer answer) {
        return (int) Math.min(Integer.MAX_VALUE, AgentEntries.of(answer).number("status"));
    }

    private static GuestMetrics metrics(Buffer answer) {
        var told = AgentEntries.of(answer);
        return new GuestMetrics(
                told.number("mem_total_kb"),
                told.number("mem_available_kb"),
                told.fraction("load_1"),
                told.fraction("load_5"),
                told.fraction("load_15"),
                told.number("disk_total_kb"),
                told.number("disk_free_kb"),
                (int) Math.min(Integer.MAX_VALUE, told.number("processes")));
    }

    private <T> Future<T> ask(Question question, Duration limit, Function<Buffer, T> read) {
        return within(limit, put(question, OPEN_LIMIT).map(read)).recover(AgentLink::typed);
    }

    /** A connection that was kept may be to an agent that has gone since: then the question is put once more. */
    private Future<Buffer> put(Question question, Duration patience) {
        var kept = connection;
        return open(patience)
                .compose(open -> put(open, question)
                        .recover(lost -> open == kept && open.hungUp()
                                ? open(patience).compose(fresh -> put(fresh, question))
                                : Future.failedFuture(lost)));
    }

    private Future<Buffer> put(AgentConnection open, Question question) {
        var call = new AgentCall(question.wanted());
        begin(open, question.kind(), question.payload(), call);
        return call.answer();
    }

    private int begin(AgentConnection open, Kind kind, Buffer payload, AgentSession session) {
        var number = open.open(kind, payload, session);
        quiet.cancel();
        return number;
    }

    private static <T> Future<T> typed(Throwable cause) {
        return Future.failedFuture(
                cause instanceof AgentFrameException senseless
                        ? AgentException.unreachable(
                                "the guest's agent cannot be understood: " + senseless.getMessage(), senseless)
                        : cause);
    }

    /** Fails when the limit comes first; then whatever is connected is given up. */
    private <T> Future<T> within(Duration limit, Future<T> asked) {
        var result = Promise.<T>promise();
        var alarm = time.after(limit, () -> {
            var late = AgentException.unreachable(
                    "the guest's agent cannot be asked: no answer within " + limit.toMillis() + " ms", null);
            if (result.tryFail(late)) {
                end("it did not answer in time");
            }
        });
        asked.onComplete(result::tryComplete, result::tryFail);
        return result.future().onComplete(done -> alarm.cancel());
    }

    /** The connection there is, or a new one; one that cannot be had is tried for again while {@code patience} lasts. */
    private Future<AgentConnection> open(Duration patience) {
        if (connection != null && !connection.closed()) {
            return Future.succeededFuture(connection);
        }
        if (opening == null) {
            var next = new AgentOpening(vmId, way, time, time.now().plus(patience));
            opening = next;
            next.greeted().onComplete(done -> opening = opening == next ? null : opening);
            opened = next.greeted().map(this::begin);
            next.begin();
        }
        return opened;
    }

    private AgentConnection begin(AgentGreeter.Greeted greeted) {
        connection = new AgentConnection(
                greeted.socket(), greeted.greeting(), greeted.said() - 1, this::rest, () -> quiet.cancel());
        rest();
        connection.begin(greeted.rest());
        return connection;
    }

    /** Nothing is under way: after a while the connection is closed. */
    private void rest() {
        quiet.cancel();
        quiet = time.after(QUIET, () -> {
            if (connection.quiet()) {
                end("nothing was asked");
            }
        });
    }

    private void end(String why) {
        if (opening != null) {
            opening.abandon(AgentException.unreachable("the guest's agent cannot be asked: " + why, null));
        }
        if (connection != null) {
            connection.end(why, null);
        }
    }
}
