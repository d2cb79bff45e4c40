package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.host.agent.AgentGreeting;
import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.security.SecureRandom;
import java.time.Duration;

/** Greets the agent at the other end of a fresh connection, again and again until it answers or hangs up. */
final class AgentGreeter {
    private static final Duration AGAIN = Duration.ofMillis(500);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String vmId;
    private final NetSocket socket;
    private final Time time;
    private final AgentGreeting greeting = new AgentGreeting(nonce());
    private final Promise<Greeted> greeted = Promise.promise();
    private Alarm again = () -> {};
    private int said;

    AgentGreeter(String vmId, NetSocket socket, Time time) {
        this.vmId = vmId;
        this.socket = socket;
        this.time = time;
    }

    /**
     * An agent that has answered, and is not listened to until somebody resumes the socket.
     *
     * @param said how often it was greeted
     * @param rest what came behind its answer
     */
    record Greeted(NetSocket socket, AgentGreeting greeting, int said, Buffer rest) {}

    /** Whoever does not want to wait any longer closes the socket. */
    Future<Greeted> greet() {
        socket.handler(this::hear);
        socket.exceptionHandler(broken -> fail("the connection broke", broken));
        socket.closeHandler(hungUp -> fail("it ended the connection", null));
        say();
        socket.resume();
        return greeted.future().onComplete(done -> again.cancel());
    }

    private void say() {
        said++;
        socket.write(greeting.hello(vmId).encoded());
        again = time.after(AGAIN, this::say);
    }

    private void hear(Buffer bytes) {
        try {
            greeting.take(bytes).ifPresent(rest -> {
                socket.pause();
                greeted.tryComplete(new Greeted(socket, greeting, said, rest));
            });
        } catch (AgentFrameException senseless) {
            fail(senseless.getMessage(), senseless);
        }
    }

    private void fail(String why, Throwable cause) {
        socket.close();
        greeted.tryFail(AgentException.unreachable("the guest's agent cannot be greeted: " + why, cause));
    }

    private static Buffer nonce() {
        var bytes = new byte[AgentGreeting.NONCE_BYTES];
        RANDOM.nextBytes(bytes);
        return Buffer.buffer(bytes);
    }
}
