package dev.vmplane.vm.agent;

import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import dev.vmplane.vm.agent.AgentGreeter.Greeted;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/** The way to an agent that may not be there yet: tries again until one answers, or it is too late, or nobody waits. */
final class AgentOpening {
    private static final Duration AGAIN = Duration.ofMillis(100);

    private final String vmId;
    private final Supplier<Future<NetSocket>> way;
    private final Time time;
    private final Instant deadline;
    private final Promise<Greeted> greeted = Promise.promise();
    private Alarm again = () -> {};
    private NetSocket socket;

    /** @param deadline after which a try that fails is the last */
    AgentOpening(String vmId, Supplier<Future<NetSocket>> way, Time time, Instant deadline) {
        this.vmId = vmId;
        this.way = way;
        this.time = time;
        this.deadline = deadline;
    }

    Future<Greeted> greeted() {
        return greeted.future();
    }

    void begin() {
        way.get()
                .recover(cause -> Future.failedFuture(AgentException.unreachable(cause.getMessage(), cause)))
                .compose(this::greet)
                .onComplete(this::arrived, this::failed);
    }

    /** Nobody waits any longer. */
    void abandon(AgentException why) {
        again.cancel();
        if (greeted.tryFail(why) && socket != null) {
            socket.close();
        }
    }

    private Future<Greeted> greet(NetSocket connected) {
        socket = connected;
        if (greeted.future().isComplete()) {
            socket.close();
        }
        return new AgentGreeter(vmId, connected, time).greet();
    }

    private void arrived(Greeted answer) {
        if (!greeted.tryComplete(answer)) {
            answer.socket().close();
        }
    }

    private void failed(Throwable cause) {
        if (greeted.future().isComplete()) {
            return;
        }
        if (time.now().isBefore(deadline)) {
            again = time.after(AGAIN, this::begin);
        } else {
            greeted.tryFail(cause);
        }
    }
}
